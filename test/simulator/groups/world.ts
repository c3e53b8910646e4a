/**
 * One coordinator of groups with its log, a network between it and the members that loses, delays and repeats, and time that is a
 * number. Everything of one run comes from its seed.
 */
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { required } from '../../../src/base/assert.ts';
import { SeededRandom } from '../../../src/base/prng.ts';
import { type Uuid, uuidFromBytes, uuidFromRandom, uuidToText } from '../../../src/base/uuid.ts';
import { GroupCoordinator, type GroupResult } from '../../../src/coordinator/groups.ts';
import { Timers } from '../../../src/coordinator/timers.ts';
import { loadNative } from '../../../src/host/addon.ts';
import type { GroupEvent } from '../../../src/machine/group/decision.ts';
import type { GroupApi } from '../../../src/protocol/coordinator-key.ts';
import { MetadataImage } from '../../../src/machine/image/image.ts';
import type { Logger } from '../../../src/port/log.ts';
import { record } from '../../../src/protocol/record/metadata-records.ts';
import type { RequestOf, ResponseOf } from '../../../src/protocol/schema/index.ts';
import { brokerConfig } from '../../unit/machine/controller/fixture.ts';
import { VirtualClock } from '../virtual-clock.ts';
import { MemoryPartition } from './log.ts';

const { native } = loadNative();
const QUIET: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => QUIET };
const REQUEST_TIMEOUT_MS = 5000;

export type Reply<N extends GroupApi> =
  | { readonly kind: 'answer'; readonly response: ResponseOf<N> }
  | { readonly kind: 'error'; readonly errorCode: number }
  | { readonly kind: 'silence' };

export interface Commits {
  /** Values rise in the order in which the coordinator was given them. */
  next: bigint;
  readonly submitted: Set<bigint>;
  acked: bigint;
  fetched: bigint;
}

export class GroupWorld {
  readonly seed: number;
  readonly random: SeededRandom;
  readonly clock = new VirtualClock();
  readonly image = new MetadataImage();
  readonly topics = new Map<string, Uuid>();
  readonly config = brokerConfig({
    'group.consumer.migration.policy': 'bidirectional',
    'group.initial.rebalance.delay.ms': '500',
    'offsets.topic.num.partitions': '1',
  });
  partition: MemoryPartition;
  coordinator: GroupCoordinator | null = null;
  #isLoading = false;
  /** Chance that a request or an answer is lost, and that a request comes twice. */
  loss = 0;
  faults = 0;
  /** Members that were made. */
  names = 0;
  readonly commits = new Map<string, Commits>();
  readonly problems: unknown[] = [];
  counts = { requests: 0, answers: 0, restarts: 0, checks: 0, reloads: 0, transactions: 0 };
  /** Of the last requests, when a run is looked at. */
  readonly trace: string[] = [];

  /** Of one way between a member and the coordinator; 0: everything arrives at once. */
  readonly longestDelayMs: number;

  constructor(seed: number, longestDelayMs: number) {
    this.seed = seed;
    this.longestDelayMs = longestDelayMs;
    this.random = new SeededRandom(seed);
    this.partition = new MemoryPartition(this.clock, this.random);
  }

  uuid(): string {
    for (;;) {
      const uuid = uuidFromRandom(this.random.bytes(16));
      if (uuid !== null) return uuidToText(uuid);
    }
  }

  note(text: string): void {
    this.trace.push(`${this.clock.monotonic()} ${text}`);
    if (this.trace.length > 2000) this.trace.shift();
  }

  // ---- topics

  addTopic(name: string, partitions: number): void {
    const topicId = uuidFromBytes(this.random.bytes(16));
    this.topics.set(name, topicId);
    this.image.replay(record('topic', { name, topicId }));
    this.addPartitions(name, partitions);
  }

  addPartitions(name: string, count: number): void {
    const topicId = required(this.topics.get(name), name);
    const from = this.image.topics.byId(topicId)?.partitionCount ?? 0;
    for (let partitionId = from; partitionId < from + count; partitionId++) {
      const fields = { partitionId, topicId, replicas: [1], isr: [1], removingReplicas: [], addingReplicas: [] };
      const leader = { leader: 1, leaderRecoveryState: 0, leaderEpoch: 0, partitionEpoch: 0, directories: [] };
      this.image.replay(
        record('partition', { ...fields, ...leader, eligibleLeaderReplicas: null, lastKnownElr: null }),
      );
    }
    this.coordinator?.submit({ kind: 'topicsChanged', topics: [name] }, () => {});
  }

  // ---- the coordinator's life

  start(): void {
    const coordinator = this.#coordinatorOf(this.partition, new Timers(this.clock));
    this.coordinator = coordinator;
    this.partition.faults = this.faults;
    this.#isLoading = true;
    coordinator.load().then(
      () => (this.#isLoading = false),
      (error: unknown) => this.problems.push(error),
    );
  }

  #coordinatorOf(partition: MemoryPartition, timers: Timers): GroupCoordinator {
    const { clock, config, image, random } = this;
    const onFault = (error: unknown): void => void this.problems.push(error);
    return new GroupCoordinator({ clock, config, image, random, timers, native, log: QUIET, onFault }, partition);
  }

  /** Killed, or resigned: those who wait hear nothing, or NOT_COORDINATOR. */
  end(): void {
    const { coordinator } = this;
    this.coordinator = null;
    this.partition = this.partition.next();
    this.counts.restarts++;
    if (this.random.chance(0.5)) this.#deaf.add(coordinator);
    coordinator?.stop();
  }

  /** Coordinators whose answers nobody hears any more. */
  readonly #deaf = new Set<GroupCoordinator | null>();

  /** Lets time pass. A coordinator that has lost its log is replaced. */
  async run(ms: number, each?: () => void): Promise<void> {
    const until = this.clock.monotonic() + ms;
    while (this.clock.monotonic() < until) {
      if (this.#isLoading) await setImmediate();
      this.clock.runSoon();
      if (this.problems.length > 0) throw this.problems[0];
      if (this.clock.pendingSoon > 0 || this.#isLoading) continue;
      if (this.coordinator?.state === 'stopped') {
        this.end();
        this.clock.after(100, () => this.start());
      }
      each?.();
      this.clock.advanceTo(Math.min(until, this.clock.next));
    }
  }

  // ---- requests

  /** `done` is called once. The request is made when it arrives; null: it is refused before the coordinator hears of it. */
  send<N extends GroupApi>(
    who: string,
    kind: N,
    version: number,
    make: () => RequestOf<N> | null,
    done: (reply: Reply<N>) => void,
    timeoutMs = REQUEST_TIMEOUT_MS,
  ): void {
    this.counts.requests++;
    let isOver = false;
    const finish = (reply: Reply<N>): void => {
      if (isOver) return;
      isOver = true;
      timer.cancel();
      if (reply.kind === 'answer') this.counts.answers++;
      this.note(
        `${who} ${kind} -> ${JSON.stringify(reply, (_, v: unknown) => (typeof v === 'bigint' ? `${v}` : v)).slice(0, 300)}`,
      );
      done(reply);
    };
    const timer = this.clock.after(timeoutMs, () => finish({ kind: 'silence' }));
    if (this.random.chance(this.loss)) return;
    const client = { clientId: who, clientHost: '/127.0.0.1' };
    const deliver = (): void => {
      const { coordinator } = this;
      if (isOver || coordinator === null) return;
      const request = make();
      if (request === null) return;
      this.note(
        `${who} ${kind} ${JSON.stringify(request, (_, v: unknown) => (typeof v === 'bigint' ? `${v}` : v)).slice(0, 300)}`,
      );
      const event = { kind, version, request, client } as unknown as GroupEvent;
      const answered = (result: GroupResult): void => {
        if (!this.isHeard(coordinator)) return;
        const reply = result.ok
          ? { kind: 'answer' as const, response: result.answer as ResponseOf<N> }
          : { kind: 'error' as const, errorCode: result.errorCode };
        this.clock.after(this.#delay(), () => finish(reply));
      };
      coordinator.submit(event, answered);
      // Nobody hears the answer to the second: what it does not tell any more, the first has told.
      if (this.random.chance(this.loss)) coordinator.submit(event, () => {});
    };
    this.clock.after(this.#delay(), deliver);
  }

  /** Whether an answer arrives. */
  isHeard(coordinator: GroupCoordinator): boolean {
    return !this.#deaf.has(coordinator) && !this.random.chance(this.loss);
  }

  #delay(): number {
    return this.longestDelayMs === 0 ? 0 : 1 + this.random.below(this.longestDelayMs);
  }

  /** Asks without a network; null where nobody answers now. */
  ask<N extends GroupApi>(
    kind: N,
    version: number,
    request: RequestOf<N>,
    coordinator = this.coordinator,
  ): ResponseOf<N> | null {
    let result: GroupResult | null = null;
    const client = { clientId: 'checker', clientHost: '/127.0.0.1' };
    const event = { kind, version, request, client } as unknown as GroupEvent;
    coordinator?.submit(event, (answered) => (result = answered));
    const answered = result as GroupResult | null;
    return answered?.ok === true ? (answered.answer as ResponseOf<N>) : null;
  }

  // ---- commits

  commitsOf(groupId: string, topic: string, partition: number): Commits {
    const key = `${groupId} ${topic} ${partition}`;
    const known = this.commits.get(key) ?? { next: 0n, submitted: new Set<bigint>(), acked: -1n, fetched: -1n };
    this.commits.set(key, known);
    return known;
  }

  /** What a reload of the committed log says. */
  async reload(): Promise<GroupCoordinator> {
    this.counts.reloads++;
    const coordinator = this.#coordinatorOf(this.partition.copy(), new Timers(new VirtualClock(this.clock.now())));
    const loaded = coordinator.load();
    let isDone = false;
    const ended = (): void => void (isDone = true);
    loaded.then(ended, ended);
    for (let turns = 0; !isDone; turns++) {
      assert.ok(turns < 10_000, 'a load that does not end');
      await setImmediate();
      // Others may have set what runs soon: it is theirs, and due.
      this.clock.runSoon();
    }
    await loaded;
    return coordinator;
  }
}
