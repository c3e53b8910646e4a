/**
 * OffsetCommit: who may commit, and the records that do it.
 *
 * A commit without generation to a group that does not exist makes the group (a simple one). v9 says GROUP_ID_NOT_FOUND where older clients
 * know ILLEGAL_GENERATION only (KIP-848).
 */
import { ZERO_UUID } from '../../../base/uuid.ts';
import { ERRORS } from '../../../protocol/errors.ts';
import type { RequestOf, ResponseOf } from '../../../protocol/schema/index.ts';
import type { GroupTimer } from '../decision.ts';
import type { PartitionCheck } from '../group.ts';
import type { DecideGroup, GroupState } from '../machine.ts';
import { type GroupRecord, record } from '../records.ts';
import { type NamedTopic, named } from './topics.ts';

type Request = RequestOf<'OffsetCommit'>;
type Response = ResponseOf<'OffsetCommit'>;
type Topic = Request['topics'][number];
type Partition = Topic['partitions'][number];

const FIRST_WITH_GROUP_ID_NOT_FOUND = 9;
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

/** A code for the whole request, or what is to be asked for each partition. */
function checkGroup(state: GroupState, request: Request, version: number, now: number): number | PartitionCheck {
  const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch } = request;
  const group = state.groups.get(groupId);
  if (group !== undefined) {
    const member = { memberId, groupInstanceId, generationIdOrMemberEpoch };
    return group.checkOffsetCommit({ ...member, isTransactional: false, version, now });
  }
  if (generationIdOrMemberEpoch < 0) return ERRORS.NONE;
  return version >= FIRST_WITH_GROUP_ID_NOT_FOUND ? ERRORS.GROUP_ID_NOT_FOUND : ERRORS.ILLEGAL_GENERATION;
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

function commitRecord(
  groupId: string,
  topic: NamedTopic<Topic>,
  partition: Partition,
  commitTimestamp: number,
  expireTimestamp: number,
): GroupRecord {
  const expires = expireTimestamp !== -1;
  return record(
    'offsetCommit',
    { group: groupId, topic: topic.name, partition: partition.partitionIndex },
    expires ? EXPIRING_VERSION : VERSION,
    {
      offset: partition.committedOffset,
      leaderEpoch: expires ? -1 : partition.committedLeaderEpoch,
      metadata: partition.committedMetadata ?? '',
      commitTimestamp,
      expireTimestamp,
      topicId: expires ? ZERO_UUID : topic.topicId,
    },
  );
}

export const commitOffsets: DecideGroup<'OffsetCommit'> = (state, { request, version }, { now, image }) => {
  const topics = named(request.topics, version, image);
  const checked = checkGroup(state, request, version, now);
  const longest = state.settings.config.values['offset.metadata.max.bytes'];
  const isTooLong = ({ committedMetadata }: Partition): boolean => (committedMetadata?.length ?? 0) > longest;
  const code = typeof checked === 'number' ? checked : checkPartitions(topics, checked, isTooLong);
  if (code !== ERRORS.NONE) return { records: [], answer: respond(topics, () => code) };

  const expireTimestamp = request.retentionTimeMs === -1 ? -1 : now + request.retentionTimeMs;
  const records: GroupRecord[] = [];
  const answer = respond(topics, (topic, partition) => {
    if (topic.errorCode !== ERRORS.NONE) return topic.errorCode;
    if (isTooLong(partition)) return ERRORS.OFFSET_METADATA_TOO_LARGE;
    records.push(commitRecord(request.groupId, topic, partition, now, expireTimestamp));
    return ERRORS.NONE;
  });
  const timers: readonly GroupTimer[] = state.groups.get(request.groupId)?.timersAfterCommit?.(request.memberId) ?? [];
  return { records, answer, timers };
};
