/** What the classic protocol tells itself, later. */
import type { NewMember } from './live.ts';

/**
 * session: nobody was heard of a member (or of an id that was given) for too long. initial: the delay of a group's first rebalance is
 * over. join: members had enough time to rejoin. sync: members had enough time to fetch their assignment.
 */
export type ClassicTimerName = 'session' | 'initial' | 'join' | 'sync';

export interface ClassicTimerEvent {
  readonly kind: 'classicTimer';
  readonly groupId: string;
  readonly timer: ClassicTimerName;
  /** Of 'session'; '' else. */
  readonly memberId: string;
  /** One that was set anew meanwhile has another: an event that still comes is out of date. */
  readonly serial: number;
}

/** Whose answer was to leave with records that could not be written. */
export interface Refused {
  readonly to: number;
  readonly api: 'JoinGroup' | 'SyncGroup';
  readonly memberId: string;
}

/** Records that could not be written: what the live group did ahead of them is taken back. */
export interface ClassicFailedEvent {
  readonly kind: 'classicFailed';
  readonly groupId: string;
  readonly generation: number;
  /** created: the first record of a group. synced: an assignment. replaced: a static member's new id. emptied: no members any more. */
  readonly change: 'created' | 'synced' | 'replaced' | 'emptied';
  /** Of 'replaced'. */
  readonly replaced: { readonly newMemberId: string; readonly old: NewMember } | null;
  readonly refused: readonly Refused[];
}
