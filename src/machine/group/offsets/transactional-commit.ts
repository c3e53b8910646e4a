/**
 * TxnOffsetCommit: offsets that count when the producer's transaction commits (KIP-98, KIP-447). That the transaction has this partition of the
 * log was asked before (KIP-890); that the producer is not fenced, the log itself knows.
 *
 * v6 says GROUP_ID_NOT_FOUND and STALE_MEMBER_EPOCH where older producers know ILLEGAL_GENERATION only (KIP-1319).
 */
import { ERRORS } from '../../../protocol/errors.ts';
import type { DecideGroup } from '../machine.ts';
import { checkGroup, commit } from './committing.ts';
import { named } from './topics.ts';

/** The first version with topic ids, GROUP_ID_NOT_FOUND and STALE_MEMBER_EPOCH. */
const FIRST_OF_KIP_1319 = 6;

function toldCode(code: number, version: number): number {
  const isUnknown = code === ERRORS.GROUP_ID_NOT_FOUND || code === ERRORS.STALE_MEMBER_EPOCH;
  return isUnknown && version < FIRST_OF_KIP_1319 ? ERRORS.ILLEGAL_GENERATION : code;
}

export const commitTransactionalOffsets: DecideGroup<'TxnOffsetCommit'> = (state, event, { now, image }) => {
  const { request, version } = event;
  const { groupId, producerId, producerEpoch } = request;
  const by = { isTransactional: true, version, now };
  const check = checkGroup(state, request, by, ERRORS.GROUP_ID_NOT_FOUND);
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
