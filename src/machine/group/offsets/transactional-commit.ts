/**
 * TxnOffsetCommit: offsets that count when the producer's transaction commits (KIP-98, KIP-447). That the transaction has this partition of the
 * log was asked before (KIP-890); that the producer is not fenced, the log itself knows.
 *
 * v6 says GROUP_ID_NOT_FOUND and STALE_MEMBER_EPOCH where older producers know ILLEGAL_GENERATION only (KIP-1319).
 */
import { ERRORS } from '../../../protocol/errors.ts';
import type { RequestOf } from '../../../protocol/schema/index.ts';
import type { PartitionCheck } from '../group.ts';
import type { DecideGroup, GroupState } from '../machine.ts';
import { commit } from './committing.ts';
import { named } from './topics.ts';

/** The first version with topic ids, GROUP_ID_NOT_FOUND and STALE_MEMBER_EPOCH. */
const FIRST_OF_KIP_1319 = 6;

function checkGroup(
  state: GroupState,
  request: RequestOf<'TxnOffsetCommit'>,
  version: number,
  now: number,
): number | PartitionCheck {
  const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch } = request;
  const group = state.groups.get(groupId);
  if (group !== undefined) {
    const member = { memberId, groupInstanceId, generationIdOrMemberEpoch };
    return group.checkOffsetCommit({ ...member, isTransactional: true, version, now });
  }
  return generationIdOrMemberEpoch < 0 ? ERRORS.NONE : ERRORS.GROUP_ID_NOT_FOUND;
}

function toldCode(code: number, version: number): number {
  const isUnknown = code === ERRORS.GROUP_ID_NOT_FOUND || code === ERRORS.STALE_MEMBER_EPOCH;
  return isUnknown && version < FIRST_OF_KIP_1319 ? ERRORS.ILLEGAL_GENERATION : code;
}

export const commitTransactionalOffsets: DecideGroup<'TxnOffsetCommit'> = (state, event, { now, image }) => {
  const { request, version } = event;
  const { groupId, producerId, producerEpoch } = request;
  const check = checkGroup(state, request, version, now);
  const { records, answer } = commit(state, {
    groupId,
    topics: named(request.topics, version >= FIRST_OF_KIP_1319, image),
    check:
      typeof check === 'number'
        ? toldCode(check, version)
        : (topicId, partition) => toldCode(check(topicId, partition), version),
    now,
    expireTimestamp: -1,
  });
  return { records, answer, producer: { producerId, producerEpoch } };
};
