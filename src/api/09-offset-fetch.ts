/**
 * OffsetFetch: reads the offsets that groups have committed.
 *
 * v2 all topics of a group, and a code of the group      v5 leader epochs      v7 only stable offsets (KIP-447)      v8 several groups
 * (KIP-709)      v9 member id and epoch (KIP-848)      v10 topic ids (KIP-848)
 */
import { ERRORS } from '../protocol/errors.ts';
import type { OffsetFetchRequest, OffsetFetchResponseInput } from '../protocol/schema/09-offset-fetch.ts';
import type { ResponseOf } from '../protocol/schema/index.ts';
import type { Api } from './handler.ts';
import type { Context, Services } from './services.ts';

type Response = ResponseOf<'OffsetFetch'>;
type GroupRequest = OffsetFetchRequest['groups'][number];
type GroupResponse = Response['groups'][number];

const FIRST_WITH_GROUPS = 8;
/** Before it, a failure of the group is told by each partition. */
const FIRST_WITH_CODE = 2;

const EMPTY = { throttleTimeMs: 0, topics: [], errorCode: ERRORS.NONE, groups: [] };

/** A group that cannot be asked, up to version 7. */
function failedOne(request: OffsetFetchRequest, version: number, errorCode: number): OffsetFetchResponseInput {
  if (version >= FIRST_WITH_CODE) return { ...EMPTY, errorCode };
  const nothing = { committedOffset: -1n, committedLeaderEpoch: -1, metadata: '', errorCode };
  const topics = (request.topics ?? []).map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, ...nothing })),
  }));
  return { ...EMPTY, topics };
}

function failedGroup({ groupId }: GroupRequest, errorCode: number): GroupResponse {
  return { groupId, topics: [], errorCode };
}

/** Clients of before 3.9 do not know what to do about COORDINATOR_NOT_AVAILABLE here; NOT_COORDINATOR has them look for another. */
function toldCode(errorCode: number): number {
  return errorCode === ERRORS.COORDINATOR_NOT_AVAILABLE ? ERRORS.NOT_COORDINATOR : errorCode;
}

async function askGroup(group: GroupRequest, request: OffsetFetchRequest, context: Context): Promise<GroupResponse> {
  const outcome = await context.services.group('OffsetFetch', group.groupId, { ...request, groups: [group] }, context);
  if (!outcome.ok) return failedGroup(group, toldCode(outcome.errorCode));
  return outcome.response.groups[0] as GroupResponse;
}

export const offsetFetch: Api<OffsetFetchRequest, OffsetFetchResponseInput, Services> = {
  async handle(request, context) {
    if (context.version >= FIRST_WITH_GROUPS) {
      const groups = await Promise.all(request.groups.map((group) => askGroup(group, request, context)));
      return { ...EMPTY, groups };
    }
    const outcome = await context.services.group('OffsetFetch', request.groupId, request, context);
    return outcome.ok ? outcome.response : failedOne(request, context.version, toldCode(outcome.errorCode));
  },

  failed(request, { version }, errorCode) {
    if (version < FIRST_WITH_GROUPS) return failedOne(request, version, errorCode);
    return { ...EMPTY, groups: request.groups.map((group) => failedGroup(group, errorCode)) };
  },
};
