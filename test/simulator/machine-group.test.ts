/**
 * Groups with members that join, leave, die, pause and lose messages, around a coordinator that is killed and reloads, over a log that is
 * slow, refuses and is lost. In any moment no partition has two owners, no committed offset goes back, and a reload says what the live one
 * says; when members are steady, every group settles. What producers commit in transactions is seen after their end, or never.
 *
 *   ODRADEK_SIM_SEED=7 [ODRADEK_SIM_GROUPS=mixed] node --test test/simulator/machine-group.test.ts
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check, checkEnded, checkReload, checkSettled } from './groups/checks.ts';
import { ClassicMember } from './groups/classic-member.ts';
import { ConsumerMember } from './groups/consumer-member.ts';
import type { Member } from './groups/member.ts';
import { Producer } from './groups/producer.ts';
import { GroupWorld } from './groups/world.ts';

const GROUPS = (process.env['ODRADEK_SIM_GROUPS'] ?? 'consumers,classics,mixed').split(',');
const TOPICS = ['t1', 't2', 't3'] as const;
const MAX_MEMBERS = 6;
const PHASES = 3;
/** Longer than sessions, rebalances and patterns together take. */
const SETTLE_MS = 240_000;

class Simulation {
  readonly world: GroupWorld;
  readonly members: Member[] = [];
  readonly producers: readonly Producer[];

  constructor(seed: number, longestDelayMs: number, producers: number) {
    this.world = new GroupWorld(seed, longestDelayMs);
    this.producers = Array.from({ length: producers }, (_, producerId) => new Producer(this.world, producerId));
    for (const topic of TOPICS) this.world.addTopic(topic, 1 + this.world.random.below(5));
  }

  alive(groupId: string): Member[] {
    return this.members.filter((member) => member.groupId === groupId && member.isAlive);
  }

  join(groupId: string): void {
    const { random } = this.world;
    const topics = random.chance(0.6) ? [...TOPICS] : TOPICS.filter(() => random.chance(0.5));
    if (topics.length === 0) topics.push(TOPICS[0]);
    const taken = new Set(this.alive(groupId).map(({ instanceId }) => instanceId));
    const instance = `i${random.below(3)}`;
    // Two with one instance id: the first is fenced. That is no steady state, so it is rare.
    const instanceId = random.chance(0.3) && (!taken.has(instance) || random.chance(0.1)) ? instance : null;
    const isClassic = groupId === 'classics' || (groupId === 'mixed' && random.chance(0.5));
    const member = new (isClassic ? ClassicMember : ConsumerMember)(this.world, groupId, topics, instanceId);
    this.members.push(member);
    member.start();
  }

  /** Something happens. */
  happen(): void {
    const { world } = this;
    const { random } = world;
    const groupId = GROUPS[random.below(GROUPS.length)] ?? 'mixed';
    // Without producers nothing is drawn for them: histories of seeds stay what they are.
    if (this.producers.length > 0 && random.chance(0.4)) {
      this.transact(groupId);
      return;
    }
    const alive = this.alive(groupId);
    const member = alive[random.below(Math.max(1, alive.length))];
    const what = random.below(20);
    if (what < 4 && alive.length < MAX_MEMBERS) this.join(groupId);
    else if (what < 5) member?.leave();
    else if (what < 6) member?.die();
    else if (what < 8 && member !== undefined) member.pausedUntil = world.clock.monotonic() + random.below(60_000);
    else if (what < 9 && random.chance(0.3)) world.addPartitions(TOPICS[random.below(TOPICS.length)] ?? 't1', 1);
    else if (what < 10 && world.coordinator?.state === 'active' && random.chance(0.4)) this.restart();
    else member?.commit();
  }

  transact(groupId: string): void {
    const { random, image } = this.world;
    const producer = this.producers[random.below(this.producers.length)];
    const topic = TOPICS[random.below(TOPICS.length)] ?? 't1';
    const partition = random.below(image.topics.byName(topic)?.partitionCount ?? 1);
    if (producer?.isOpen === true && random.chance(0.3)) producer.end(random.chance(0.6));
    else producer?.commit(groupId, topic, partition);
  }

  restart(): void {
    const { world } = this;
    world.note('-- restart');
    world.end();
    world.clock.after(world.random.below(2000), () => world.start());
  }

  async phase(): Promise<void> {
    const { world } = this;
    const { random } = world;
    const isIdeal = world.longestDelayMs === 0;
    world.loss = isIdeal || random.chance(0.5) ? 0 : random.fraction() * 0.1;
    world.faults = isIdeal || random.chance(0.5) ? 0 : random.fraction() * 0.1;
    world.partition.faults = world.faults;
    for (let steps = 60; steps > 0; steps--) {
      this.happen();
      await world.run(random.chance(0.2) ? random.below(20_000) : random.below(800));
      check(world, this.members, GROUPS);
      if (random.chance(0.1)) await checkReload(world, GROUPS);
    }
    await this.settle();
  }

  async settle(): Promise<void> {
    const { world } = this;
    world.note('-- steady');
    world.loss = 0;
    world.faults = 0;
    world.partition.faults = 0;
    // Of two members with one instance id only one can be there in the end.
    for (const groupId of GROUPS) {
      const seen = new Set<string>();
      for (const member of this.alive(groupId).toReversed()) {
        if (member.instanceId !== null && seen.has(member.instanceId)) member.die();
        if (member.instanceId !== null) seen.add(member.instanceId);
        member.pausedUntil = 0;
      }
    }
    for (const producer of this.producers) producer.end(world.random.chance(0.5));
    for (let part = 0; part < 8; part++) {
      await world.run(SETTLE_MS / 8);
      check(world, this.members, GROUPS);
    }
    for (const groupId of GROUPS) checkSettled(world, this.members, groupId);
    assert.ok(
      this.producers.every(({ ending }) => ending === 0),
      'every transaction ends',
    );
    checkEnded(world, GROUPS);
    await checkReload(world, GROUPS);
  }

  async run(): Promise<void> {
    this.world.start();
    for (let phase = 0; phase < PHASES; phase++) await this.phase();
  }
}

const given = process.env['ODRADEK_SIM_SEED'];
/** Seeds that once failed, and for what: a rebalance that began with the way to the classic protocol was forgotten by a restart. */
const KEPT = [453];
const FRESH = Math.floor(Date.now() / 1000) % 1_000_000_000;
const seeds =
  given === undefined
    ? [...Array.from({ length: 10 }, (_, seed) => seed + 1), ...KEPT, FRESH]
    : given.split(',').map(Number);

/** The same histories must hold in a network that takes its time and in one that takes none. */
for (const [longestDelayMs, producers] of [
  [20, 0],
  [0, 0],
  [20, 3],
] as const) {
  const network = longestDelayMs === 0 ? 'without delays' : 'with random delays, losses and faults';
  test(`groups settle, partitions have one owner, offsets stay, and a reload is what was live: ${network}, ${producers} producers`, async () => {
    const sums = { requests: 0, answers: 0, restarts: 0, checks: 0, reloads: 0, transactions: 0 };
    for (const seed of seeds) {
      const simulation = new Simulation(seed, longestDelayMs, producers);
      const { world } = simulation;
      try {
        await simulation.run();
      } catch (error) {
        if (given !== undefined) console.log(world.trace.join('\n'));
        throw new Error(`seed ${seed} at ${world.clock.monotonic()} ms`, { cause: error });
      }
      for (const key of Object.keys(sums) as (keyof typeof sums)[]) sums[key] += world.counts[key];
    }
    assert.ok(sums.answers > 500 * seeds.length, JSON.stringify(sums));
    assert.ok(sums.restarts >= seeds.length, JSON.stringify(sums));
    assert.ok(sums.transactions >= 3 * producers * seeds.length, JSON.stringify(sums));
  });
}
