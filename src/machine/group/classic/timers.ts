/**
 * The timers of the classic protocol. A group has one for its join phase and one for its sync phase; each member, and each id that was given
 * and has not come back, has one for its session.
 */
import type { GroupTimer } from '../decision.ts';
import type { ClassicTimerName } from './events.ts';
import type { ClassicMember, LiveGroup } from './live.ts';

function timerKey(groupId: string, timer: 'session' | 'join' | 'sync', memberId: string): string {
  // The length keeps two pairs of names apart that read the same one after the other.
  return `classic ${timer} ${groupId.length} ${groupId} ${memberId}`;
}

function timerOf(
  key: string,
  delayMs: number,
  timer: ClassicTimerName,
  groupId: string,
  memberId: string,
  serial: number,
): GroupTimer {
  return { key, delayMs, event: { kind: 'classicTimer', groupId, timer, memberId, serial } };
}

/** Ends the timer of that name. */
export function noTimer(groupId: string, timer: 'session' | 'join' | 'sync', memberId: string): GroupTimer {
  return { key: timerKey(groupId, timer, memberId), delayMs: 0, event: null };
}

/** Sets a member's session anew. */
export function sessionTimer(group: LiveGroup, member: ClassicMember, timeoutMs: number): GroupTimer {
  member.sessionSerial++;
  return sessionTimerOf(group.groupId, member.memberId, timeoutMs, member.sessionSerial);
}

/** Of who is no live member (yet): pending, or loaded. */
export function sessionTimerOf(groupId: string, memberId: string, timeoutMs: number, serial = 0): GroupTimer {
  return timerOf(timerKey(groupId, 'session', memberId), timeoutMs, 'session', groupId, memberId, serial);
}

export function joinTimer(group: LiveGroup, delayMs: number, timer: 'initial' | 'join'): GroupTimer {
  group.joinSerial++;
  return timerOf(timerKey(group.groupId, 'join', ''), delayMs, timer, group.groupId, '', group.joinSerial);
}

/** The members of this generation have so long to fetch their assignment. */
export function syncTimer(group: LiveGroup): GroupTimer {
  group.syncSerial++;
  const key = timerKey(group.groupId, 'sync', '');
  return timerOf(key, group.rebalanceTimeoutMs, 'sync', group.groupId, '', group.syncSerial);
}
