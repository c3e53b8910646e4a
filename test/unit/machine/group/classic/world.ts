/** A machine with a clock, a log that answers at once or refuses, and clients that are asked what they were told. */
import { GroupMachine } from '../../../../../src/machine/group/machine.ts';
import type {
  GroupAnswer,
  GroupContext,
  GroupDecision,
  GroupEvent,
  GroupTimer,
} from '../../../../../src/machine/group/decision.ts';
import type { GroupRecord } from '../../../../../src/machine/group/records.ts';
import { ERRORS } from '../../../../../src/protocol/errors.ts';
import type { RequestOf, ResponseOf } from '../../../../../src/protocol/schema/index.ts';
import { MetadataImage } from '../../../../../src/machine/image/image.ts';
import { UndoJournal } from '../../../../../src/base/undo-map.ts';
import { configOf, stored } from '../fixture.ts';

export type Ask = 'JoinGroup' | 'SyncGroup' | 'Heartbeat' | 'LeaveGroup';

/** One request and its answer, when there is one. */
export class Asked<N extends Ask> {
  readonly ticket: number;
  answer: ResponseOf<N> | null = null;
  /** Refused by the runtime. */
  refused = 0;

  constructor(ticket: number) {
    this.ticket = ticket;
  }

  /** The answer that there must be. */
  get given(): ResponseOf<N> {
    if (this.answer === null) throw new Error(`request ${this.ticket} waits`);
    return this.answer;
  }
}

interface Set {
  readonly at: number;
  readonly event: GroupEvent;
}

export class World {
  now = 1_000_000;
  machine: GroupMachine;
  readonly log: GroupRecord[] = [];
  /** A code: the log refuses what is written. */
  refusing = 0;
  readonly #settings: Record<string, string>;
  readonly #timers = new Map<string, Set>();
  readonly #asked = new Map<number, Asked<Ask>>();
  #ticket = 0;
  #uuids = 0;

  constructor(settings: Record<string, string> = {}) {
    this.#settings = { 'group.min.session.timeout.ms': '1', ...settings };
    this.machine = this.#machine();
    this.decide({ kind: 'began' });
  }

  #machine(): GroupMachine {
    return new GroupMachine({ config: configOf(this.#settings), partition: 0 });
  }

  /** Soft state is lost; the log is replayed. */
  reload(settings?: Record<string, string>): void {
    Object.assign(this.#settings, settings);
    this.machine = this.#machine();
    this.#timers.clear();
    for (const [offset, record] of this.log.entries()) this.machine.replay(stored(record), offset, 0);
    this.machine.commit(this.log.length);
    this.decide({ kind: 'began' });
  }

  ask<N extends Ask>(api: N, version: number, request: RequestOf<N>, clientId = 'c'): Asked<N> {
    const event = {
      kind: api,
      version,
      request,
      client: { clientId, clientHost: '/127.0.0.1' },
    } as unknown as GroupEvent;
    const asked = new Asked<N>(this.#ticket + 1);
    this.#asked.set(asked.ticket, asked);
    this.decide(event);
    return asked;
  }

  decide(event: GroupEvent, errorCode = 0): GroupDecision {
    const ticket = ++this.#ticket;
    const uuid = (): string => Buffer.from(`${++this.#uuids}`.padStart(16, '0')).toString('base64url');
    const image = new MetadataImage(new UndoJournal());
    const context: GroupContext = { now: this.now, nextOffset: this.log.length, ticket, image, errorCode, uuid };
    const decision = this.machine.decide(event, context);
    for (const timer of decision.timers ?? []) this.#set(timer);
    if (decision.records.length > 0 && this.refusing !== 0) {
      for (const [index, record] of decision.records.entries()) {
        this.machine.replay(stored(record), this.log.length + index, 0);
      }
      this.machine.revert(this.log.length);
      const own = this.#asked.get(ticket);
      if (own !== undefined && decision.answer !== undefined) own.refused = this.refusing;
      if (decision.onFailed !== undefined) this.decide(decision.onFailed, this.refusing);
      else for (const { to } of decision.replies ?? []) (this.#asked.get(to) as Asked<Ask>).refused = this.refusing;
      return decision;
    }
    for (const record of decision.records) {
      this.machine.replay(stored(record), this.log.length, 0);
      this.log.push(record);
    }
    this.machine.commit(this.log.length);
    if (decision.answer !== undefined) this.#tell(ticket, decision.answer);
    for (const { to, answer } of decision.replies ?? []) this.#tell(to, answer);
    return decision;
  }

  #tell(ticket: number, answer: GroupAnswer): void {
    const asked = this.#asked.get(ticket);
    if (asked === undefined) return;
    if (asked.answer !== null) throw new Error(`ticket ${ticket} is answered twice`);
    asked.answer = answer as ResponseOf<Ask>;
  }

  #set({ key, delayMs, event }: GroupTimer): void {
    if (event === null) this.#timers.delete(key);
    else this.#timers.set(key, { at: this.now + delayMs, event });
  }

  /** Lets time pass; timers fire in their order. */
  pass(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      let next: [string, Set] | null = null;
      for (const entry of this.#timers) if (next === null || entry[1].at < next[1].at) next = entry;
      if (next === null || next[1].at > end) break;
      this.now = next[1].at;
      this.#timers.delete(next[0]);
      this.decide(next[1].event);
    }
    this.now = end;
  }

  /** What JoinGroup and SyncGroup requests still wait for. */
  get waiting(): number {
    return [...this.#asked.values()].filter(({ answer, refused }) => answer === null && refused === 0).length;
  }

  // ---- requests, short

  join(groupId: string, fields: Partial<RequestOf<'JoinGroup'>> = {}, version = 9): Asked<'JoinGroup'> {
    return this.ask('JoinGroup', version, {
      groupId,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 60_000,
      memberId: '',
      groupInstanceId: null,
      protocolType: 'consumer',
      protocols: [protocol('range')],
      reason: null,
      ...fields,
    });
  }

  sync(
    groupId: string,
    memberId: string,
    generationId: number,
    given: Record<string, string> = {},
  ): Asked<'SyncGroup'> {
    return this.ask('SyncGroup', 5, {
      groupId,
      generationId,
      memberId,
      groupInstanceId: null,
      protocolType: 'consumer',
      protocolName: null,
      assignments: Object.entries(given).map(([id, text]) => ({ memberId: id, assignment: Buffer.from(text) })),
    });
  }

  heartbeat(groupId: string, memberId: string, generationId: number, groupInstanceId: string | null = null): number {
    const { answer } = this.ask('Heartbeat', 4, { groupId, generationId, memberId, groupInstanceId });
    return answer?.errorCode ?? -99;
  }

  leave(groupId: string, ...members: { memberId: string; groupInstanceId?: string }[]): number[] {
    const list = members.map((member) => ({ groupInstanceId: null, reason: null, ...member }));
    const { answer } = this.ask('LeaveGroup', 5, { groupId, memberId: '', members: list });
    return answer?.members.map(({ errorCode }) => errorCode) ?? [];
  }

  /** A dynamic member with the id that it was given; its JoinGroup waits. */
  joinDynamic(
    groupId: string,
    fields: Partial<RequestOf<'JoinGroup'>> = {},
  ): { id: string; joining: Asked<'JoinGroup'> } {
    const first = this.join(groupId, fields).answer;
    if (first?.errorCode !== ERRORS.MEMBER_ID_REQUIRED) throw new Error(`${first?.errorCode}`);
    return { id: first.memberId, joining: this.join(groupId, { ...fields, memberId: first.memberId }) };
  }

  /** A stable group of so many members; the first one leads. */
  stable(groupId: string, size: number, fields: Partial<RequestOf<'JoinGroup'>> = {}): string[] {
    const members = Array.from({ length: size }, () => this.joinDynamic(groupId, fields).id);
    while (this.state(groupId) === 'PreparingRebalance') this.pass(1000);
    const { generation } = this.live(groupId);
    for (const id of members.slice(1)) this.sync(groupId, id, generation);
    this.sync(groupId, members[0] as string, generation, Object.fromEntries(members.map((id) => [id, `to ${id}`])));
    return members;
  }

  live(groupId: string): NonNullable<ReturnType<GroupMachine['live']['get']>> {
    const live = this.machine.live.get(groupId);
    if (live === undefined) throw new Error(`no live group ${groupId}`);
    return live;
  }

  state(groupId: string): string {
    return this.machine.groups.get(groupId)?.stateAt(this.log.length) ?? 'Dead';
  }
}

/** An offer of an assignor, with a subscription to these topics. */
export function protocol(name: string, ...topics: string[]): { name: string; metadata: Buffer } {
  const parts = [Buffer.from([0, 0])];
  const count = Buffer.alloc(4);
  count.writeInt32BE(topics.length);
  parts.push(count);
  for (const topic of topics) parts.push(Buffer.from([0, topic.length]), Buffer.from(topic));
  parts.push(Buffer.from([255, 255, 255, 255]));
  return { name, metadata: Buffer.concat(parts) };
}
