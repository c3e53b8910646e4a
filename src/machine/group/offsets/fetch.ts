/**
 * OffsetFetch: what a group has committed.
 *
 * Read at what is committed; with require-stable (KIP-447) it is decided about, so that it sees and waits for everything before it, and
 * partitions that an open transaction is about to commit are UNSTABLE_OFFSET_COMMIT.
 */
import { type Uuid, ZERO_UUID } from '../../../base/uuid.ts';
import { ERRORS } from '../../../protocol/errors.ts';
import type { RequestOf, ResponseOf } from '../../../protocol/schema/index.ts';
import type { MetadataImage } from '../../image/image.ts';
import type { GroupApiEvent } from '../decision.ts';
import type { DecideGroup, GroupState, QueryGroup } from '../machine.ts';
import { type CommittedOffset, NEWEST } from './table.ts';
import { FIRST_WITH_TOPIC_IDS, named } from './topics.ts';

type Response = ResponseOf<'OffsetFetch'>;
type GroupResponse = Response['groups'][number];
type PartitionResponse = GroupResponse['topics'][number]['partitions'][number];
type GroupRequest = RequestOf<'OffsetFetch'>['groups'][number];

interface TopicResponse {
  readonly name: string;
  readonly topicId: Uuid;
  readonly partitions: readonly PartitionResponse[];
}

interface GroupAnswer {
  readonly groupId: string;
  readonly topics: readonly TopicResponse[];
  readonly errorCode: number;
}

/** The first version with several groups. */
const FIRST_WITH_GROUPS = 8;

/** The one group that the request is about, in the form of the newer versions. */
function fetchedGroup(request: RequestOf<'OffsetFetch'>, version: number): GroupRequest {
  if (version >= FIRST_WITH_GROUPS) return request.groups[0] as GroupRequest;
  const topics = request.topics?.map((topic) => ({ ...topic, topicId: ZERO_UUID })) ?? null;
  return { groupId: request.groupId, memberId: null, memberEpoch: -1, topics };
}

/** The answer about one group, in the form of the version. */
function fetchResponse(version: number, group: GroupAnswer): Response {
  const response = { throttleTimeMs: 0, topics: [], errorCode: ERRORS.NONE, groups: [] };
  if (version >= FIRST_WITH_GROUPS) return { ...response, groups: [group] };
  return { ...response, topics: group.topics, errorCode: group.errorCode };
}

function nothing(partitionIndex: number, errorCode: number = ERRORS.NONE): PartitionResponse {
  return { partitionIndex, committedOffset: -1n, committedLeaderEpoch: -1, metadata: '', errorCode };
}

function found(partitionIndex: number, { offset, leaderEpoch, metadata }: CommittedOffset): PartitionResponse {
  return {
    partitionIndex,
    committedOffset: offset,
    committedLeaderEpoch: leaderEpoch,
    metadata,
    errorCode: ERRORS.NONE,
  };
}

/** Of another topic that had the same name. */
function isOfAnother(value: CommittedOffset, topicId: Uuid): boolean {
  return topicId !== ZERO_UUID && value.topicId !== ZERO_UUID && value.topicId !== topicId;
}

class Fetch {
  readonly #state: GroupState;
  readonly #image: MetadataImage;
  readonly #request: GroupRequest;
  readonly #version: number;
  readonly #committed: number;
  readonly #requireStable: boolean;

  constructor(
    state: GroupState,
    { request, version }: GroupApiEvent<'OffsetFetch'>,
    image: MetadataImage,
    committed: number,
  ) {
    this.#state = state;
    this.#image = image;
    this.#request = fetchedGroup(request, version);
    this.#version = version;
    this.#committed = committed;
    this.#requireStable = request.requireStable;
  }

  response(): Response {
    const { groupId, memberId, memberEpoch, topics } = this.#request;
    const group = this.#state.groups.getAt(groupId, this.#committed);
    const code = group?.checkOffsetFetch(memberId, memberEpoch, this.#committed) ?? ERRORS.GROUP_ID_NOT_FOUND;
    if (code !== ERRORS.NONE && code !== ERRORS.GROUP_ID_NOT_FOUND) {
      return fetchResponse(this.#version, { groupId, topics: [], errorCode: code });
    }
    const exists = code === ERRORS.NONE;
    const answered = topics === null ? (exists ? this.#all() : []) : this.#asked(topics, exists);
    return fetchResponse(this.#version, { groupId, topics: answered, errorCode: ERRORS.NONE });
  }

  #asked(topics: NonNullable<GroupRequest['topics']>, exists: boolean): TopicResponse[] {
    const { groupId } = this.#request;
    const usesIds = this.#version >= FIRST_WITH_TOPIC_IDS;
    const resolved = named(topics, usesIds, this.#image);
    const known = resolved.filter(({ errorCode }) => errorCode === ERRORS.NONE);
    const unknown = resolved.filter(({ errorCode }) => errorCode !== ERRORS.NONE);
    const offsets = this.#state.offsets.committed;
    const answered = known.map(({ name, topicId, partitionIndexes }) => ({
      name,
      topicId,
      partitions: partitionIndexes.map((partition) => {
        if (this.#isUnstable(name, partition)) return nothing(partition, ERRORS.UNSTABLE_OFFSET_COMMIT);
        const value = exists ? offsets.getAt(groupId, name, partition, this.#committed) : undefined;
        if (value === undefined || isOfAnother(value, usesIds ? topicId : ZERO_UUID)) return nothing(partition);
        return found(partition, value);
      }),
    }));
    const failed = unknown.map(({ name, topicId, partitionIndexes, errorCode }) => ({
      name,
      topicId,
      partitions: partitionIndexes.map((partition) => nothing(partition, errorCode)),
    }));
    return [...answered, ...failed];
  }

  #all(): TopicResponse[] {
    const answered: TopicResponse[] = [];
    const topics = this.#state.offsets.committed.topicsOf(this.#request.groupId, this.#committed);
    for (const [name, partitions] of topics) {
      const topicId = this.#image.topics.byName(name)?.id ?? ZERO_UUID;
      if (this.#version >= FIRST_WITH_TOPIC_IDS && topicId === ZERO_UUID) continue;
      answered.push({
        name,
        topicId,
        partitions: [...partitions].map(([partition, value]) =>
          this.#isUnstable(name, partition)
            ? nothing(partition, ERRORS.UNSTABLE_OFFSET_COMMIT)
            : found(partition, value),
        ),
      });
    }
    return answered;
  }

  #isUnstable(topic: string, partition: number): boolean {
    return this.#requireStable && this.#state.offsets.hasPending(this.#request.groupId, topic, partition);
  }
}

export const fetchStableOffsets: DecideGroup<'OffsetFetch'> = (state, event, { image }) => ({
  records: [],
  answer: new Fetch(state, event, image, NEWEST).response(),
});

export const queryOffsets: QueryGroup<'OffsetFetch'> = (state, event, committed, { image }) =>
  event.request.requireStable ? null : new Fetch(state, event, image, committed).response();
