/**
 * Members of both kinds that come, go, stay silent and lie, drawn by seed: a partition never has two owners, what is loaded is what was
 * there, what was not written leaves nothing behind, and a group whose members behave settles.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '../../../../../src/base/prng.ts';
import type { GroupEvent } from '../../../../../src/machine/group/decision.ts';
import { ConsumerGroup } from '../../../../../src/machine/group/consumer/group.ts';
import { contentOf, Coordinator, type Heartbeat } from './harness.ts';

const RUNS = 25;
const STEPS = 120;
const NAMES = ['a', 'b', 'c', 'd', 'e'];
const TOPICS = ['t1', 't2', 'u1'];
const PATTERNS = ['t.*', 'u.*', '.*1'];

/** What a member that tells the truth knows of itself. */
interface Client {
  epoch: number;
  owned: Heartbeat['topicPartitions'];
  instanceId: string | null;
}

class World {
  readonly random: SeededRandom;
  readonly coordinator: Coordinator;
  readonly clients = new Map<string, Client>();
  /** Nobody wants anything else any more. */
  isSteady = false;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    const interval = this.random.below(2) === 0 ? '0' : '1000';
    this.coordinator = new Coordinator({ 'group.consumer.assignment.interval.ms': interval });
    for (const name of TOPICS) this.coordinator.topic(name, 1 + this.random.below(6));
  }

  pick<T>(from: readonly T[]): T {
    return from[this.random.below(from.length)] as T;
  }

  request(memberId: string): Partial<Heartbeat> {
    const client = this.clients.get(memberId);
    if (client === undefined) {
      const instanceId = this.random.below(3) === 0 ? `i${this.random.below(2)}` : null;
      const regex = this.random.below(4) === 0 ? this.pick(PATTERNS) : null;
      return {
        memberId,
        instanceId,
        rebalanceTimeoutMs: 20_000,
        subscribedTopicNames: regex === null ? [this.pick(TOPICS), this.pick(TOPICS)] : [],
        subscribedTopicRegex: regex,
        serverAssignor: this.pick([null, 'range', 'uniform']),
        topicPartitions: [],
      };
    }
    const { epoch: memberEpoch, owned, instanceId } = client;
    const more: Partial<Heartbeat> =
      !this.isSteady && this.random.below(8) === 0 ? { subscribedTopicNames: [this.pick(TOPICS)] } : {};
    return { memberId, memberEpoch, instanceId, topicPartitions: owned, ...more };
  }

  /** A heartbeat, and what an honest client makes of the answer. */
  beat(memberId: string): void {
    const request = this.request(memberId);
    const answer = this.coordinator.beat(request);
    if (answer.errorCode !== 0) {
      this.clients.delete(memberId);
      return;
    }
    const known = this.clients.get(memberId);
    const owned = answer.assignment ? answer.assignment.topicPartitions : (known?.owned ?? []);
    this.clients.set(memberId, {
      epoch: answer.memberEpoch,
      owned: owned.map(({ topicId, partitions }) => ({ topicId, partitions: [...partitions] })),
      instanceId: request.instanceId ?? known?.instanceId ?? null,
    });
  }

  leave(memberId: string): void {
    const client = this.clients.get(memberId);
    if (client === undefined) return;
    const memberEpoch = client.instanceId !== null && this.random.below(2) === 0 ? -2 : -1;
    this.coordinator.beat({ memberId, memberEpoch, instanceId: client.instanceId });
    this.clients.delete(memberId);
  }

  step(): void {
    const memberId = this.pick(NAMES);
    switch (this.random.below(10)) {
      case 0:
        this.leave(memberId);
        break;
      case 1:
        this.coordinator.pass(this.random.below(20_000));
        break;
      case 2:
        this.clients.delete(memberId);
        break;
      case 3:
        this.inVain(memberId);
        break;
      default:
        this.beat(memberId);
    }
    this.check();
  }

  inVain(memberId: string): void {
    const before = this.content();
    const event = this.coordinator.heartbeatEvent(this.request(memberId)) satisfies GroupEvent;
    this.coordinator.submitInVain(event);
    assert.deepEqual(this.content(), before);
  }

  content(): unknown {
    const group = this.coordinator.machine.groups.get('g');
    return group instanceof ConsumerGroup ? contentOf(group) : null;
  }

  check(): void {
    const group = this.coordinator.machine.groups.get('g');
    if (!(group instanceof ConsumerGroup)) return;
    const owners = new Map<string, string>();
    for (const member of group.members.values()) {
      for (const owned of [member.assigned, member.revoking]) {
        for (const [topicId, partitions] of owned) {
          for (const partition of partitions.keys()) {
            const key = `${topicId} ${partition}`;
            assert.equal(owners.get(key), undefined, `${key} has two owners`);
            owners.set(key, member.memberId);
          }
        }
      }
    }
  }
}

test('nothing has two owners, what is loaded is what there was, and who behaves settles', () => {
  for (let seed = 1; seed <= RUNS; seed++) {
    const world = new World(seed);
    for (let step = 0; step < STEPS; step++) world.step();
    const reloaded = world.coordinator.reload().groups.get('g');
    assert.deepEqual(reloaded instanceof ConsumerGroup ? contentOf(reloaded) : null, world.content(), `seed ${seed}`);
    world.isSteady = true;
    // Everybody that the broker knows and who is alive goes on; the others time out.
    for (let round = 0; round < 60; round++) {
      world.coordinator.pass(2000);
      for (const memberId of world.clients.keys()) world.beat(memberId);
      world.check();
    }
    const group = world.coordinator.machine.groups.get('g');
    if (!(group instanceof ConsumerGroup)) continue;
    assert.equal(group.state, world.clients.size === 0 ? 'Empty' : 'Stable', `seed ${seed}`);
    for (const member of group.members.values()) {
      const target: string[] = [...(group.targets.get(member.memberId) ?? [])].flatMap(([id, all]) =>
        all.map((each) => `${id} ${each}`),
      );
      const owned: string[] = [...member.assigned].flatMap(([id, all]) =>
        [...all.keys()].map((each) => `${id} ${each}`),
      );
      assert.deepEqual(owned.sort(), target.sort(), `seed ${seed}`);
    }
  }
});
