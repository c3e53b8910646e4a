/** A member of the consumer protocol (KIP-848), as clients behave: heartbeats one after the other, what is revoked is given back at once. */
import assert from 'node:assert/strict';
import type { Uuid } from '../../../src/base/uuid.ts';
import { ERRORS } from '../../../src/protocol/errors.ts';
import type { ResponseOf } from '../../../src/protocol/schema/index.ts';
import { Member } from './member.ts';
import type { GroupWorld } from './world.ts';

export class ConsumerMember extends Member {
  epoch = 0;
  /** The next heartbeat says what is owned; or everything. */
  #tells = false;
  #isFull = true;
  #intervalMs = 5000;
  readonly #assignor: string | null;
  readonly #regex: string | null;

  constructor(world: GroupWorld, groupId: string, topics: readonly string[], instanceId: string | null) {
    super(world, 'consumer', groupId, topics, instanceId);
    this.memberId = world.uuid();
    this.#assignor = [null, 'uniform', 'range'][world.random.below(3)] ?? null;
    this.#regex = world.random.chance(0.3) ? topics.join('|') : null;
  }

  start(): void {
    this.#heartbeat();
  }

  leave(): void {
    const { world, groupId, memberId, instanceId } = this;
    const memberEpoch = instanceId === null || world.random.chance(0.5) ? -1 : -2;
    this.die();
    const request = { groupId, memberId, memberEpoch, instanceId, rackId: null, rebalanceTimeoutMs: -1 };
    const rest = { subscribedTopicNames: null, subscribedTopicRegex: null, serverAssignor: null, topicPartitions: [] };
    world.send(
      this.name,
      'ConsumerGroupHeartbeat',
      1,
      () => ({ ...request, ...rest }),
      () => {},
    );
  }

  #heartbeat(): void {
    const { world, groupId, memberId, instanceId } = this;
    const full = this.#isFull;
    const tells = full || this.#tells;
    this.#tells = false;
    const request = {
      groupId,
      memberId,
      memberEpoch: this.epoch,
      instanceId,
      rackId: null,
      rebalanceTimeoutMs: full ? 20_000 : -1,
      subscribedTopicNames: full && this.#regex === null ? [...this.topics] : full ? [] : null,
      subscribedTopicRegex: full ? (this.#regex ?? '') : null,
      serverAssignor: full ? this.#assignor : null,
      topicPartitions: this.epoch === 0 ? [] : tells ? this.#partitions(this.owned) : null,
    };
    this.#isFull = false;
    world.send(
      this.name,
      'ConsumerGroupHeartbeat',
      1,
      () => request,
      (reply) => {
        this.hear(
          reply,
          ({ response }) => response.errorCode,
          (heard) => this.#heard(heard?.response ?? null),
        );
      },
    );
  }

  #partitions(owned: ReadonlySet<string>): { topicId: Uuid; partitions: number[] }[] {
    const byTopic = new Map<string, number[]>();
    for (const one of owned) {
      const [topic = '', partition = ''] = one.split(':');
      const list = byTopic.get(topic) ?? [];
      byTopic.set(topic, list);
      list.push(Number(partition));
    }
    return [...byTopic].map(([topic, partitions]) => ({ topicId: this.world.topics.get(topic) as Uuid, partitions }));
  }

  #heard(response: ResponseOf<'ConsumerGroupHeartbeat'> | null): void {
    let delay = this.#intervalMs;
    if (response === null) {
      this.#isFull = true;
      delay = 200;
    } else if (response.errorCode === ERRORS.NONE) {
      delay = this.#accepted(response);
    } else if (
      response.errorCode === ERRORS.UNKNOWN_MEMBER_ID ||
      response.errorCode === ERRORS.FENCED_MEMBER_EPOCH ||
      response.errorCode === ERRORS.GROUP_ID_NOT_FOUND
    ) {
      this.owned.clear();
      this.epoch = 0;
      this.#isFull = true;
      delay = 0;
    } else if (response.errorCode === ERRORS.FENCED_INSTANCE_ID) {
      this.owned.clear();
      this.isFenced = true;
      this.isAlive = false;
    } else {
      assert.equal(response.errorCode, ERRORS.UNRELEASED_INSTANCE_ID, `${response.errorMessage}`);
      this.#isFull = true;
      delay = 1000;
    }
    this.after(delay + this.world.random.below(100), () => this.#heartbeat());
  }

  #accepted(response: ResponseOf<'ConsumerGroupHeartbeat'>): number {
    this.epoch = response.memberEpoch;
    this.#intervalMs = response.heartbeatIntervalMs;
    assert.equal(response.memberId, this.memberId);
    const assignment = response.assignment ?? null;
    if (assignment === null) return this.#intervalMs;
    const names = new Map([...this.world.topics].map(([name, id]) => [id, name]));
    const given = assignment.topicPartitions.flatMap(({ topicId, partitions }) =>
      partitions.map((partition) => `${names.get(topicId)}:${partition}`),
    );
    for (const one of given) assert.ok(this.topics.includes(one.split(':')[0] ?? ''), `${one} is not subscribed`);
    const before = this.owned;
    this.owned = new Set(given);
    if (before.symmetricDifference(this.owned).size === 0) return this.#intervalMs;
    this.#tells = true;
    // Revoking takes its time, and is told at once when it is done.
    return this.world.random.below(300);
  }
}
