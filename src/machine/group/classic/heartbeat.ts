/** Heartbeat: a member is alive, and is told whether it has to join again. */
import { ERRORS } from '../../../protocol/errors.ts';
import type { DecideGroup } from '../machine.ts';
import { checkMember } from './answers.ts';
import { classicGroup } from './group.ts';
import { Turn } from './turn.ts';

export const heartbeat: DecideGroup<'Heartbeat'> = (state, { request }, context) => {
  const turn = new Turn(state, context);
  const { groupId, memberId, groupInstanceId, generationId } = request;
  const group = classicGroup(state, groupId)?.live;
  const member = group?.members.get(memberId);
  let errorCode: number =
    group === undefined ? ERRORS.UNKNOWN_MEMBER_ID : checkMember(group, memberId, groupInstanceId);
  if (errorCode === ERRORS.NONE && group !== undefined && member !== undefined) {
    if (generationId !== group.generation) {
      errorCode = ERRORS.ILLEGAL_GENERATION;
    } else {
      turn.heard(group, member);
      if (group.state === 'PreparingRebalance') errorCode = ERRORS.REBALANCE_IN_PROGRESS;
    }
  }
  return turn.decision({ throttleTimeMs: 0, errorCode });
};
