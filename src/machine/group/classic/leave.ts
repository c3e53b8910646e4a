/** LeaveGroup: members leave, or are removed by an administrator who names their instance ids (KIP-345). */
import { ERRORS } from '../../../protocol/errors.ts';
import type { RequestOf } from '../../../protocol/schema/index.ts';
import type { DecideGroup } from '../machine.ts';
import { checkMember } from './answers.ts';
import { classicGroup } from './group.ts';
import type { LiveGroup } from './live.ts';
import { joinPhaseMayEnd, rebalanceOrGoOn } from './rebalance.ts';
import { Turn } from './turn.ts';

type Leaving = RequestOf<'LeaveGroup'>['members'][number];

/** Before, a request names one member outside the list, and the answer is about it. */
const FIRST_WITH_MEMBERS = 3;

function leavingOf(request: RequestOf<'LeaveGroup'>, version: number): readonly Leaving[] {
  if (version >= FIRST_WITH_MEMBERS) return request.members;
  return [{ memberId: request.memberId, groupInstanceId: null, reason: null }];
}

export const leaveGroup: DecideGroup<'LeaveGroup'> = (state, { request, version }, context) => {
  const turn = new Turn(state, context);
  const group = classicGroup(state, request.groupId)?.live;
  const members = leavingOf(request, version).map((leaving) => ({
    memberId: leaving.memberId,
    groupInstanceId: leaving.groupInstanceId,
    errorCode: group === undefined ? ERRORS.UNKNOWN_MEMBER_ID : leave(turn, group, leaving),
  }));
  if (group !== undefined && members.some(({ errorCode }) => errorCode === ERRORS.NONE)) {
    if (group.state === 'PreparingRebalance') joinPhaseMayEnd(turn, group);
    else if (group.state !== 'Empty') rebalanceOrGoOn(turn, group);
  }
  if (version >= FIRST_WITH_MEMBERS) return turn.decision({ throttleTimeMs: 0, errorCode: ERRORS.NONE, members });
  return turn.decision({ throttleTimeMs: 0, errorCode: members[0]?.errorCode ?? ERRORS.NONE, members: [] });
};

function leave(turn: Turn, group: LiveGroup, { memberId, groupInstanceId }: Leaving): number {
  if (memberId === '') {
    const named = groupInstanceId === null ? undefined : group.staticMembers.get(groupInstanceId);
    if (named === undefined) return ERRORS.UNKNOWN_MEMBER_ID;
    return remove(turn, group, named);
  }
  if (group.pendingJoin.has(memberId)) return remove(turn, group, memberId);
  const code = checkMember(group, memberId, groupInstanceId);
  return code === ERRORS.NONE ? remove(turn, group, memberId) : code;
}

function remove(turn: Turn, group: LiveGroup, memberId: string): number {
  const member = group.members.get(memberId);
  turn.forgetSession(group, memberId);
  if (member !== undefined) turn.refuse(group, member, ERRORS.UNKNOWN_MEMBER_ID, '');
  group.remove(memberId);
  return ERRORS.NONE;
}
