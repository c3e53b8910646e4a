/** What OffsetCommit and TxnOffsetCommit have in common: codes of partitions, records, and the answer. */
import { ZERO_UUID } from '../../../base/uuid.ts';
import { ERRORS } from '../../../protocol/errors.ts';
import type { RequestOf, ResponseOf } from '../../../protocol/schema/index.ts';
import type { PartitionCheck } from '../group.ts';
import type { GroupState } from '../machine.ts';
import { type GroupRecord, record } from '../records.ts';
import type { NamedTopic } from './topics.ts';

type Topic = RequestOf<'OffsetCommit' | 'TxnOffsetCommit'>['topics'][number];
type Partition = Topic['partitions'][number];
/** The same in both APIs. */
type Response = ResponseOf<'OffsetCommit'> & ResponseOf<'TxnOffsetCommit'>;

export interface Committing {
  readonly groupId: string;
  readonly topics: readonly NamedTopic<Topic>[];
  /** A code for the whole request, or what is to be asked for each partition. */
  readonly check: number | PartitionCheck;
  readonly now: number;
  /** -1: as the broker's settings say. */
  readonly expireTimestamp: number;
}

/**
 * A code for the whole request, or what is to be asked for each partition.
 *
 * @param unknown the code for a member of a group that does not exist; who commits without membership makes the group
 */
export function checkGroup(
  state: GroupState,
  request: RequestOf<'OffsetCommit' | 'TxnOffsetCommit'>,
  by: { readonly isTransactional: boolean; readonly version: number; readonly now: number },
  unknown: number,
): number | PartitionCheck {
  const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch } = request;
  const group = state.groups.get(groupId);
  if (group !== undefined) {
    return group.checkOffsetCommit({ memberId, groupInstanceId, generationIdOrMemberEpoch, ...by });
  }
  return generationIdOrMemberEpoch < 0 ? ERRORS.NONE : unknown;
}

/** Versions of the record: with a time to expire at, and without. */
const EXPIRING_VERSION = 1;
const VERSION = 4;

function respond(
  topics: readonly NamedTopic<Topic>[],
  codeOf: (topic: NamedTopic<Topic>, partition: Partition) => number,
): Response {
  return {
    throttleTimeMs: 0,
    topics: topics.map((topic) => ({
      name: topic.name,
      topicId: topic.topicId,
      partitions: topic.partitions.map((partition) => ({
        partitionIndex: partition.partitionIndex,
        errorCode: codeOf(topic, partition),
      })),
    })),
  };
}

/** The first code other than none; such a partition fails the whole request. */
function checkPartitions(
  topics: readonly NamedTopic<Topic>[],
  check: PartitionCheck,
  isTooLong: (partition: Partition) => boolean,
): number {
  for (const topic of topics) {
    for (const partition of topic.partitions) {
      if (topic.errorCode !== ERRORS.NONE || isTooLong(partition)) continue;
      const code = check(topic.topicId, partition.partitionIndex);
      if (code !== ERRORS.NONE) return code;
    }
  }
  return ERRORS.NONE;
}

function commitRecord(topic: NamedTopic<Topic>, partition: Partition, committing: Committing): GroupRecord {
  const { groupId, now, expireTimestamp } = committing;
  const expires = expireTimestamp !== -1;
  return record(
    'offsetCommit',
    { group: groupId, topic: topic.name, partition: partition.partitionIndex },
    expires ? EXPIRING_VERSION : VERSION,
    {
      offset: partition.committedOffset,
      leaderEpoch: expires ? -1 : partition.committedLeaderEpoch,
      metadata: partition.committedMetadata ?? '',
      commitTimestamp: now,
      expireTimestamp,
      topicId: expires ? ZERO_UUID : topic.topicId,
    },
  );
}

export function commit(
  state: GroupState,
  committing: Committing,
): { code: number; records: GroupRecord[]; answer: Response } {
  const { topics, check } = committing;
  const longest = state.settings.config.values['offset.metadata.max.bytes'];
  const isTooLong = ({ committedMetadata }: Partition): boolean => (committedMetadata?.length ?? 0) > longest;
  const code = typeof check === 'number' ? check : checkPartitions(topics, check, isTooLong);
  if (code !== ERRORS.NONE) return { code, records: [], answer: respond(topics, () => code) };
  const records: GroupRecord[] = [];
  const answer = respond(topics, (topic, partition) => {
    if (topic.errorCode !== ERRORS.NONE) return topic.errorCode;
    if (isTooLong(partition)) return ERRORS.OFFSET_METADATA_TOO_LARGE;
    records.push(commitRecord(topic, partition, committing));
    return ERRORS.NONE;
  });
  return { code, records, answer };
}
