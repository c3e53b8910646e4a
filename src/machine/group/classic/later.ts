/** What a classic group does when nobody asks: timers fire, records could not be written, the coordinator begins. */
import { ERRORS } from '../../../protocol/errors.ts';
import type { GroupContext, GroupDecision, GroupTimer } from '../decision.ts';
import type { DecideGroup, GroupState } from '../machine.ts';
import { joinRefused, syncRefused } from './answers.ts';
import { ClassicGroup, classicGroup } from './group.ts';
import type { LiveGroup } from './live.ts';
import {
  dropAssignments,
  dropMember,
  dropPending,
  endInitialDelay,
  endJoinPhase,
  endSyncPhase,
  prepareRebalance,
  rebalanceOrGoOn,
} from './rebalance.ts';
import { takeBack } from './static.ts';
import { sessionTimerOf } from './timers.ts';
import { Turn } from './turn.ts';

export const classicTimer: DecideGroup<'classicTimer'> = (state, { groupId, timer, memberId, serial }, context) => {
  const turn = new Turn(state, context);
  const group = classicGroup(state, groupId)?.live;
  if (group === undefined) return turn.decision(null);
  switch (timer) {
    case 'session':
      endSession(turn, group, memberId, serial);
      break;
    case 'initial':
      if (serial === group.joinSerial) endInitialDelay(turn, group);
      break;
    case 'join':
      if (serial === group.joinSerial) endJoinPhase(turn, group);
      break;
    case 'sync':
      if (serial === group.syncSerial) endSyncPhase(turn, group);
  }
  return turn.decision(null);
};

function endSession(turn: Turn, group: LiveGroup, memberId: string, serial: number): void {
  if (group.pendingJoin.has(memberId)) {
    dropPending(turn, group, memberId);
    return;
  }
  const member = group.members.get(memberId);
  if (member === undefined || member.sessionSerial !== serial) return;
  // Who waits for us cannot send heartbeats; who has waited for its first answer too long is gone.
  const isWaiting = member.joinTicket !== null || member.syncTicket !== null;
  if (isWaiting && !member.isNew) return;
  dropMember(turn, group, member);
}

export const classicFailed: DecideGroup<'classicFailed'> = (state, event, context) => {
  const turn = new Turn(state, context);
  const errorCode = context.errorCode === ERRORS.NONE ? ERRORS.NOT_COORDINATOR : context.errorCode;
  for (const { to, api, memberId } of event.refused) {
    if (api === 'JoinGroup') turn.join(to, joinRefused(errorCode, memberId));
    else turn.sync(to, syncRefused(errorCode));
  }
  const group = state.live.get(event.groupId);
  if (group === undefined) return turn.decision(null);
  if (classicGroup(state, event.groupId) === undefined) {
    // It never was: whoever waits in it is told to begin anew.
    for (const member of group.members.values()) {
      turn.forgetSession(group, member.memberId);
      turn.refuse(group, member, errorCode, '');
    }
    turn.stopJoin(group);
    turn.stopSync(group);
    state.live.delete(event.groupId);
  } else if (group.generation === event.generation && group.state === 'Stable') {
    if (event.change === 'replaced' && event.replaced !== null) {
      takeBack(turn, group, event.replaced.newMemberId, event.replaced.old);
    } else if (event.change === 'synced') {
      dropAssignments(turn, group, errorCode);
      rebalanceOrGoOn(turn, group);
    }
  }
  return turn.decision(null);
};

/** Members that were loaded have one session to say that they are alive. */
export function beginClassic(state: GroupState, context: GroupContext): GroupDecision<null> {
  const turn = new Turn(state, context);
  const most = state.settings.config.values['group.max.size'];
  const timers: GroupTimer[] = [];
  for (const group of state.groups.values()) {
    if (!(group instanceof ClassicGroup)) continue;
    const { members, leader } = group.written;
    for (const { memberId, sessionTimeout } of members) {
      timers.push(sessionTimerOf(group.groupId, memberId, sessionTimeout));
    }
    // The limit was lowered: who joins last is turned away. Nobody leads: the group was written at the beginning of a rebalance.
    const isUnsettled = members.length > 0 && leader === null;
    if (isUnsettled || members.length > most) prepareRebalance(turn, group.live);
  }
  const decision = turn.decision(null);
  return { ...decision, timers: [...timers, ...(decision.timers ?? [])] };
}
