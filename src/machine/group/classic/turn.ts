/**
 * One decision in the making: the rules of the classic protocol add to it what is to be written, answered and timed, in the order in
 * which they apply.
 */
import type { GroupAnswer, GroupContext, GroupDecision, GroupTimer, Reply } from '../decision.ts';
import type { GroupState } from '../machine.ts';
import type { GroupRecord } from '../records.ts';
import { type JoinAnswer, joinRefused, type SyncAnswer, syncRefused } from './answers.ts';
import type { ClassicFailedEvent, Refused } from './events.ts';
import type { ClassicMember, LiveGroup } from './live.ts';
import { groupRecord } from './record.ts';
import { joinTimer, noTimer, sessionTimer, syncTimer } from './timers.ts';

export class Turn {
  readonly state: GroupState;
  readonly context: GroupContext;
  readonly #records: GroupRecord[] = [];
  readonly #replies: Reply[] = [];
  readonly #refused: Refused[] = [];
  readonly #timers: GroupTimer[] = [];
  #onFailed: ClassicFailedEvent | null = null;

  constructor(state: GroupState, context: GroupContext) {
    this.state = state;
    this.context = context;
  }

  get now(): number {
    return this.context.now;
  }

  // ---- answers

  /** Answers a JoinGroup. */
  join(to: number | null, answer: JoinAnswer): void {
    if (to === null) return;
    this.#replies.push({ to, answer });
    this.#refused.push({ to, api: 'JoinGroup', memberId: answer.memberId });
  }

  /** Answers a SyncGroup. */
  sync(to: number | null, answer: SyncAnswer): void {
    if (to === null) return;
    this.#replies.push({ to, answer });
    this.#refused.push({ to, api: 'SyncGroup', memberId: '' });
  }

  /** Answers the member's JoinGroup, where it waits for one. */
  completeJoin(group: LiveGroup, member: ClassicMember, answer: JoinAnswer): void {
    this.join(group.awaitJoin(member, null), answer);
  }

  /** Answers the member's SyncGroup. Whether it waited for one. */
  completeSync(member: ClassicMember, answer: SyncAnswer): boolean {
    const ticket = member.syncTicket;
    member.syncTicket = null;
    this.sync(ticket, answer);
    return ticket !== null;
  }

  /** Answers whatever the member waits for with an error. */
  refuse(group: LiveGroup, member: ClassicMember, errorCode: number, memberId: string): void {
    this.completeJoin(group, member, joinRefused(errorCode, memberId));
    this.completeSync(member, syncRefused(errorCode));
  }

  // ---- records

  /** Writes the group as it is. `change`: what is taken back where it cannot be written. */
  write(group: LiveGroup, change: ClassicFailedEvent['change'], replaced: ClassicFailedEvent['replaced'] = null): void {
    this.#records.push(groupRecord(group));
    this.failing(group, change, replaced);
  }

  failing(
    group: LiveGroup,
    change: ClassicFailedEvent['change'],
    replaced: ClassicFailedEvent['replaced'] = null,
  ): void {
    const { groupId, generation } = group;
    this.#onFailed = { kind: 'classicFailed', groupId, generation, change, replaced, refused: [] };
  }

  records(records: readonly GroupRecord[]): void {
    this.#records.push(...records);
  }

  // ---- timers

  /** The member was heard of. */
  heard(group: LiveGroup, member: ClassicMember, timeoutMs: number = member.sessionTimeoutMs): void {
    this.#timers.push(sessionTimer(group, member, timeoutMs));
  }

  time(timer: GroupTimer): void {
    this.#timers.push(timer);
  }

  forgetSession(group: LiveGroup, memberId: string): void {
    this.#timers.push(noTimer(group.groupId, 'session', memberId));
  }

  startJoin(group: LiveGroup, delayMs: number, timer: 'initial' | 'join' = 'join'): void {
    this.#timers.push(joinTimer(group, delayMs, timer));
  }

  stopJoin(group: LiveGroup): void {
    group.joinSerial++;
    this.#timers.push(noTimer(group.groupId, 'join', ''));
  }

  startSync(group: LiveGroup): void {
    this.#timers.push(syncTimer(group));
  }

  stopSync(group: LiveGroup): void {
    group.syncSerial++;
    this.#timers.push(noTimer(group.groupId, 'sync', ''));
  }

  /** What came of it. Whoever submitted gets `answer`, or its own part of the replies, or waits. */
  decision<Answer extends GroupAnswer>(answer?: Answer): GroupDecision<Answer> {
    const { ticket } = this.context;
    const own = this.#replies.find(({ to }) => to === ticket)?.answer;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a ticket is answered by what its API answers
    const given = answer ?? (own as Answer | undefined);
    const onFailed = this.#records.length === 0 ? null : this.#onFailed;
    // Whoever submitted this is refused by the runtime.
    const refused = this.#refused.filter(({ to }) => to !== ticket);
    return {
      records: this.#records,
      ...(given === undefined ? {} : { answer: given }),
      replies: this.#replies.filter(({ to }) => to !== ticket),
      timers: this.#timers,
      ...(onFailed === null ? {} : { onFailed: { ...onFailed, refused } }),
    };
  }
}
