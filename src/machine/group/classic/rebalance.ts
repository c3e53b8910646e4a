/**
 * The rebalance: everybody joins, a leader is named, the leader assigns, everybody fetches its part. Each function is one rule; what it
 * decides goes to the turn.
 */
import { ERRORS } from '../../../protocol/errors.ts';
import { joined, syncRefused, synced } from './answers.ts';
import { type ClassicMember, type LiveGroup, NO_BYTES } from './live.ts';
import type { Turn } from './turn.ts';

/** Somebody came, left or changed: begins a rebalance, or goes on with the one under way. */
export function rebalanceOrGoOn(turn: Turn, group: LiveGroup): void {
  if (group.canRebalance) prepareRebalance(turn, group);
  else joinPhaseMayEnd(turn, group);
}

/** Everybody has to join (anew). A group that was empty waits a while for more members (group.initial.rebalance.delay.ms). */
export function prepareRebalance(turn: Turn, group: LiveGroup): void {
  if (group.state === 'CompletingRebalance') dropAssignments(turn, group, ERRORS.REBALANCE_IN_PROGRESS);
  group.pendingSync.clear();
  turn.stopSync(group);
  const isInitial = group.state === 'Empty';
  if (isInitial) startInitialDelay(turn, group);
  group.moveTo('PreparingRebalance', turn.now);
  if (isInitial) return;
  if (group.hasAllJoined) endJoinPhase(turn, group);
  else turn.startJoin(group, group.rebalanceTimeoutMs);
}

function initialDelay(turn: Turn): number {
  return turn.state.settings.config.values['group.initial.rebalance.delay.ms'];
}

function startInitialDelay(turn: Turn, group: LiveGroup): void {
  const delayMs = initialDelay(turn);
  group.initialDelayMs = delayMs;
  group.initialRemainingMs = Math.max(group.rebalanceTimeoutMs - delayMs, 0);
  turn.startJoin(group, delayMs, 'initial');
}

/** The initial delay is over: it is extended where somebody came meanwhile, up to the rebalance timeout. */
export function endInitialDelay(turn: Turn, group: LiveGroup): void {
  const { newMemberAdded, initialDelayMs, initialRemainingMs } = group;
  if (!newMemberAdded || initialRemainingMs === 0) {
    endJoinPhase(turn, group);
    return;
  }
  group.newMemberAdded = false;
  group.initialDelayMs = Math.min(initialDelay(turn), initialRemainingMs);
  group.initialRemainingMs = Math.max(initialRemainingMs - initialDelayMs, 0);
  turn.startJoin(group, group.initialDelayMs, 'initial');
}

/** Ends the join phase where everybody has joined; the initial one lasts until its time is up. */
export function joinPhaseMayEnd(turn: Turn, group: LiveGroup): void {
  if (group.state !== 'PreparingRebalance' || group.previousState === 'Empty') return;
  if (group.hasAllJoined) endJoinPhase(turn, group);
}

/** Who has joined is the next generation. Static members that have not joined stay until their session ends (KIP-345). */
export function endJoinPhase(turn: Turn, group: LiveGroup): void {
  turn.stopJoin(group);
  for (const { memberId, groupInstanceId, joinTicket } of group.members.values()) {
    if (joinTicket !== null || groupInstanceId !== null) continue;
    group.remove(memberId);
    turn.forgetSession(group, memberId);
  }
  if (!group.electJoinedLeader() && group.members.size > 0) {
    // Only static members that are away: they may come back, or their sessions end.
    turn.startJoin(group, group.rebalanceTimeoutMs);
    return;
  }
  group.beginGeneration(turn.now);
  if (group.members.size === 0) {
    turn.write(group, 'emptied');
    return;
  }
  for (const member of group.members.values()) {
    turn.completeJoin(group, member, joined(group, member.memberId));
    turn.heard(group, member);
    member.isNew = false;
    group.pendingSync.add(member.memberId);
  }
  turn.startSync(group);
}

/** The sync phase has taken too long: who has not fetched its assignment is no member any more. */
export function endSyncPhase(turn: Turn, group: LiveGroup): void {
  if (group.state !== 'CompletingRebalance' && group.state !== 'Stable') return;
  if (group.pendingSync.size === 0) return;
  for (const memberId of group.pendingSync) {
    group.remove(memberId);
    turn.forgetSession(group, memberId);
  }
  prepareRebalance(turn, group);
}

/** Nobody has an assignment any more; who waits for one is told why. */
export function dropAssignments(turn: Turn, group: LiveGroup, errorCode: number): void {
  for (const member of group.members.values()) {
    member.assignment = NO_BYTES;
    if (turn.completeSync(member, syncRefused(errorCode))) turn.heard(group, member);
  }
}

/** The leader has assigned: it is written, and everybody who waits is given its part. */
export function assign(turn: Turn, group: LiveGroup, assignments: ReadonlyMap<string, Buffer>): void {
  for (const member of group.members.values()) member.assignment = assignments.get(member.memberId) ?? NO_BYTES;
  turn.write(group, 'synced');
  group.moveTo('Stable', turn.now);
  for (const member of group.members.values()) {
    // The session of who has waited for the leader begins here.
    if (turn.completeSync(member, synced(group, member))) turn.heard(group, member);
  }
}

/** A member is gone that was not asked: it died. */
export function dropMember(turn: Turn, group: LiveGroup, member: ClassicMember): void {
  turn.refuse(group, member, ERRORS.UNKNOWN_MEMBER_ID, '');
  group.remove(member.memberId);
  if (group.state === 'PreparingRebalance') {
    if (group.hasAllJoined) endJoinPhase(turn, group);
  } else if (group.state !== 'Empty') {
    rebalanceOrGoOn(turn, group);
  }
}

/** An id that was given has not come back. */
export function dropPending(turn: Turn, group: LiveGroup, memberId: string): void {
  group.remove(memberId);
  if (group.state === 'PreparingRebalance' && group.hasAllJoined) endJoinPhase(turn, group);
}
