/**
 * Timers of members: keys, and what fires.
 *
 *   session    nobody has heard of the member                 rebalance  it has not given up what it has to
 *   join       of the classic protocol: it has not rejoined   sync       … it has not asked for its assignment
 */
import type { GroupTimer } from '../decision.ts';

export type ConsumerTimerName = 'session' | 'rebalance' | 'join' | 'sync' | 'regex';

export interface ConsumerTimerEvent {
  readonly kind: 'consumerTimer';
  readonly groupId: string;
  readonly timer: ConsumerTimerName;
  /** '' of timers of the group. */
  readonly memberId: string;
  /** Of 'rebalance': the member epoch in which it began. */
  readonly memberEpoch: number;
}

// The length keeps two pairs of names apart that read the same one after the other.
const keyOf = (groupId: string, timer: ConsumerTimerName, memberId: string): string =>
  `consumer ${timer} ${groupId.length} ${groupId} ${memberId}`;

export function memberTimer(
  groupId: string,
  timer: ConsumerTimerName,
  memberId: string,
  delayMs: number,
  memberEpoch = -1,
): GroupTimer {
  const event: ConsumerTimerEvent = { kind: 'consumerTimer', groupId, timer, memberId, memberEpoch };
  return { key: keyOf(groupId, timer, memberId), delayMs, event };
}

export function noTimer(groupId: string, timer: ConsumerTimerName, memberId: string): GroupTimer {
  return { key: keyOf(groupId, timer, memberId), delayMs: 0, event: null };
}

/** None of these timers of a member. */
export function noTimers(groupId: string, memberId: string, timers: readonly ConsumerTimerName[]): GroupTimer[] {
  return timers.map((timer) => noTimer(groupId, timer, memberId));
}
