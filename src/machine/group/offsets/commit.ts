/**
 * OffsetCommit: who may commit, and the records that do it.
 *
 * A commit without generation to a group that does not exist makes the group (a simple one). v9 says GROUP_ID_NOT_FOUND where older clients
 * know ILLEGAL_GENERATION only (KIP-848).
 */
import { ERRORS } from '../../../protocol/errors.ts';
import type { RequestOf } from '../../../protocol/schema/index.ts';
import type { PartitionCheck } from '../group.ts';
import type { DecideGroup, GroupState } from '../machine.ts';
import { commit } from './committing.ts';
import { FIRST_WITH_TOPIC_IDS, named } from './topics.ts';

const FIRST_WITH_GROUP_ID_NOT_FOUND = 9;

function checkGroup(
  state: GroupState,
  request: RequestOf<'OffsetCommit'>,
  version: number,
  now: number,
): number | PartitionCheck {
  const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch } = request;
  const group = state.groups.get(groupId);
  if (group !== undefined) {
    const member = { memberId, groupInstanceId, generationIdOrMemberEpoch };
    return group.checkOffsetCommit({ ...member, isTransactional: false, version, now });
  }
  if (generationIdOrMemberEpoch < 0) return ERRORS.NONE;
  return version >= FIRST_WITH_GROUP_ID_NOT_FOUND ? ERRORS.GROUP_ID_NOT_FOUND : ERRORS.ILLEGAL_GENERATION;
}

export const commitOffsets: DecideGroup<'OffsetCommit'> = (state, { request, version }, { now, image }) => {
  const { groupId, memberId, retentionTimeMs } = request;
  const { code, records, answer } = commit(state, {
    groupId,
    topics: named(request.topics, version >= FIRST_WITH_TOPIC_IDS, image),
    check: checkGroup(state, request, version, now),
    now,
    expireTimestamp: retentionTimeMs === -1 ? -1 : now + retentionTimeMs,
  });
  if (code !== ERRORS.NONE) return { records, answer };
  return { records, answer, timers: state.groups.get(groupId)?.timersAfterCommit?.(memberId) ?? [] };
};
