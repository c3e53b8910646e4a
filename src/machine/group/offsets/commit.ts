/**
 * OffsetCommit: who may commit, and the records that do it.
 *
 * A commit without generation to a group that does not exist makes the group (a simple one). v9 says GROUP_ID_NOT_FOUND where older clients
 * know ILLEGAL_GENERATION only (KIP-848).
 */
import { ERRORS } from '../../../protocol/errors.ts';
import type { DecideGroup } from '../machine.ts';
import { checkGroup, commit } from './committing.ts';
import { FIRST_WITH_TOPIC_IDS, named } from './topics.ts';

const FIRST_WITH_GROUP_ID_NOT_FOUND = 9;

export const commitOffsets: DecideGroup<'OffsetCommit'> = (state, { request, version }, { now, image }) => {
  const { groupId, memberId, retentionTimeMs } = request;
  const knows = version >= FIRST_WITH_GROUP_ID_NOT_FOUND;
  const unknown = knows ? ERRORS.GROUP_ID_NOT_FOUND : ERRORS.ILLEGAL_GENERATION;
  const { code, records, answer } = commit(state, {
    groupId,
    topics: named(request.topics, version >= FIRST_WITH_TOPIC_IDS, image),
    check: checkGroup(state, request, { isTransactional: false, version, now }, unknown),
    now,
    expireTimestamp: retentionTimeMs === -1 ? -1 : now + retentionTimeMs,
  });
  if (code !== ERRORS.NONE) return { records, answer };
  return { records, answer, timers: state.groups.get(groupId)?.timersAfterCommit?.(memberId) ?? [] };
};
