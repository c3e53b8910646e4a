/** One group machine with its log, its timers and a clock that stands until it is told to go. */
import assert from 'node:assert/strict';
import { type Uuid, uuidFromText } from '../../../../../src/base/uuid.ts';
import type { BrokerConfig } from '../../../../../src/config/broker-config.ts';
import type { GroupAnswer, GroupContext, GroupEvent, GroupTimer } from '../../../../../src/machine/group/decision.ts';
import { GroupMachine } from '../../../../../src/machine/group/machine.ts';
import { ConsumerGroup } from '../../../../../src/machine/group/consumer/group.ts';
import type { GroupRecord } from '../../../../../src/machine/group/records.ts';
import { MetadataImage } from '../../../../../src/machine/image/image.ts';
import type { RequestOf, ResponseOf } from '../../../../../src/protocol/schema/index.ts';
import { configOf, stored } from '../fixture.ts';

export type Heartbeat = RequestOf<'ConsumerGroupHeartbeat'>;
export type Beat = ResponseOf<'ConsumerGroupHeartbeat'>;

export function topicId(name: string): Uuid {
  const id = uuidFromText(Buffer.from(name.padEnd(16, '.')).toString('base64url'));
  assert.ok(id !== null);
  return id;
}

export class Coordinator {
  readonly config: BrokerConfig;
  machine: GroupMachine;
  image = new MetadataImage();
  now = 1_000_000;
  readonly log: GroupRecord[] = [];
  readonly timers = new Map<string, { at: number; event: GroupEvent }>();
  readonly answers = new Map<number, GroupAnswer>();
  #ticket = 0;
  #asked = 0;
  #uuid = 0;

  constructor(settings: Record<string, string> = {}) {
    this.config = configOf(settings);
    this.machine = new GroupMachine({ config: this.config, partition: 0 });
  }

  topic(name: string, partitions: number, from = 0): Uuid {
    const id = topicId(name);
    if (from === 0) this.image.replay({ type: 'topic', version: 0, message: { name, topicId: id } } as never);
    for (let partitionId = from; partitionId < partitions; partitionId++) {
      this.image.topics.byId(id)?.put(partitionId, {
        leader: 1,
        leaderEpoch: 0,
        partitionEpoch: 0,
        leaderRecoveryState: 0,
        replicas: [1],
        isr: [1],
        elr: [],
        lastKnownElr: [],
        addingReplicas: [],
        removingReplicas: [],
        directories: [],
      });
    }
    this.image.reached(this.image.offset + 1, 1);
    this.submit({ kind: 'topicsChanged', topics: [name] });
    return id;
  }

  #context(ticket: number): GroupContext {
    return {
      now: this.now,
      nextOffset: this.log.length,
      ticket,
      image: this.image,
      errorCode: 0,
      uuid: () => `uuid-${++this.#uuid}`,
    };
  }

  /** Decides, writes, replays, commits. The answer, or null where it waits. */
  submit(event: GroupEvent): GroupAnswer | null {
    const ticket = ++this.#ticket;
    if ('request' in event) this.#asked = ticket;
    const decision = this.machine.decide(event, this.#context(ticket));
    this.#time(decision.timers ?? []);
    for (const record of decision.records) this.write(record);
    this.machine.commit(this.log.length);
    for (const { to, answer } of decision.replies ?? []) this.answers.set(to, answer);
    if (decision.answer !== undefined) this.answers.set(ticket, decision.answer);
    return this.answers.get(ticket) ?? null;
  }

  /** Of the last request. */
  lastAnswer(): GroupAnswer | null {
    return this.answers.get(this.#asked) ?? null;
  }

  /** Decides and writes, and then the append fails. */
  submitInVain(event: GroupEvent): void {
    const decision = this.machine.decide(event, this.#context(++this.#ticket));
    decision.records.forEach((record, at) => this.machine.replay(stored(record), this.log.length + at, 0));
    this.machine.revert(this.log.length);
  }

  write(record: GroupRecord): void {
    this.machine.replay(stored(record), this.log.length, 0);
    this.log.push(record);
  }

  #time(timers: readonly GroupTimer[]): void {
    for (const { key, delayMs, event } of timers) {
      if (event === null) this.timers.delete(key);
      else this.timers.set(key, { at: this.now + delayMs, event });
    }
  }

  /** Time passes; what is due fires in its order. */
  pass(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const due = [...this.timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (due === undefined) break;
      this.timers.delete(due[0]);
      this.now = Math.max(this.now, due[1].at);
      this.submit(due[1].event);
    }
    this.now = end;
  }

  /** Another machine that loads the log. */
  reload(): GroupMachine {
    const machine = new GroupMachine({ config: this.config, partition: 0 });
    this.log.forEach((record, offset) => machine.replay(stored(record), offset, 0));
    machine.commit(this.log.length);
    return machine;
  }

  heartbeatEvent(fields: Partial<Heartbeat>, version = 1): GroupEvent<'ConsumerGroupHeartbeat'> {
    const request: Heartbeat = {
      groupId: 'g',
      memberId: 'm',
      memberEpoch: 0,
      instanceId: null,
      rackId: null,
      rebalanceTimeoutMs: -1,
      subscribedTopicNames: null,
      subscribedTopicRegex: null,
      serverAssignor: null,
      topicPartitions: null,
      ...fields,
    };
    const client = { clientId: 'c', clientHost: '/127.0.0.1' };
    return { kind: 'ConsumerGroupHeartbeat', version, request, client };
  }

  beat(fields: Partial<Heartbeat>, version = 1): Beat {
    return this.submit(this.heartbeatEvent(fields, version)) as Beat;
  }

  join(memberId: string, topics: string[], fields: Partial<Heartbeat> = {}): Beat {
    const joining = { rebalanceTimeoutMs: 60_000, topicPartitions: [], subscribedTopicNames: topics };
    return this.beat({ memberId, memberEpoch: 0, ...joining, ...fields });
  }

  group(groupId = 'g', machine = this.machine): ConsumerGroup {
    const group = machine.groups.get(groupId);
    assert.ok(group instanceof ConsumerGroup);
    return group;
  }

  state(groupId = 'g'): string {
    return this.group(groupId).stateAt(this.log.length);
  }

  /** Types of the records since. */
  types(since: number): string[] {
    return this.log.slice(since).map(({ type, value }) => (value === null ? `-${type}` : type));
  }
}

/** Everything hard of a group. */
export function contentOf(group: ConsumerGroup): unknown {
  const { index } = group;
  const sorted = <V>(entries: Iterable<[string | number, V]>): [string | number, V][] =>
    [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    header: group.header,
    members: sorted(group.members),
    targets: sorted(group.targets),
    regexes: sorted(group.regexes),
    topics: sorted(index.topics),
    byName: sorted(index.byName),
    patterns: sorted(index.regexes),
    assignors: sorted(index.assignors),
    stableAt: sorted(index.stableAt),
    staticMembers: sorted(index.staticMembers),
    classicProtocols: sorted(index.classicProtocols),
    classicMembers: index.classicMembers,
  };
}
