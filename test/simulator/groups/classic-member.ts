/** A member of the classic protocol with eager rebalances: join, sync, heartbeat; the leader deals the partitions out. */
import assert from 'node:assert/strict';
import { ERRORS } from '../../../src/protocol/errors.ts';
import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
} from '../../../src/protocol/record/group/consumer-protocol.ts';
import type { ResponseOf } from '../../../src/protocol/schema/index.ts';
import { Member } from './member.ts';
import type { GroupWorld } from './world.ts';

const SESSION_MS = 10_000;
const REBALANCE_MS = 20_000;
const VERSION = Buffer.from([0, 1]);

export class ClassicMember extends Member {
  epoch = -1;
  /** Of the leader: how many partitions there were. When there are more it joins again. */
  #dealt: string | null = null;

  constructor(world: GroupWorld, groupId: string, topics: readonly string[], instanceId: string | null) {
    super(world, 'classic', groupId, topics, instanceId);
  }

  start(): void {
    this.#join();
  }

  leave(): void {
    const { world, groupId, memberId, instanceId } = this;
    this.die();
    const members = [{ memberId, groupInstanceId: instanceId, reason: null }];
    world.send(
      this.name,
      'LeaveGroup',
      5,
      () => ({ groupId, memberId, members }),
      () => {},
    );
  }

  #rejoin(delayMs = 0): void {
    this.owned.clear();
    this.epoch = -1;
    this.after(delayMs + this.world.random.below(50), () => this.#join());
  }

  #join(): void {
    const { world, groupId, memberId, instanceId } = this;
    this.owned.clear();
    const subscription = {
      topics: [...this.topics],
      userData: null,
      ownedPartitions: [],
      generationId: -1,
      rackId: null,
    };
    const metadata = Buffer.concat([VERSION, consumerProtocolSubscription.encode(1, subscription)]);
    const request = {
      groupId,
      sessionTimeoutMs: SESSION_MS,
      rebalanceTimeoutMs: REBALANCE_MS,
      memberId,
      groupInstanceId: instanceId,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata }],
      reason: null,
    };
    const done = (response: ResponseOf<'JoinGroup'> | null): void => this.#joined(response);
    world.send(
      this.name,
      'JoinGroup',
      9,
      () => request,
      (reply) => {
        this.hear(
          reply,
          ({ response }) => response.errorCode ?? 0,
          (heard) => done(heard?.response ?? null),
        );
      },
      REBALANCE_MS + 5000,
    );
  }

  #joined(response: ResponseOf<'JoinGroup'> | null): void {
    if (response === null) return this.#rejoin(200);
    const { errorCode } = response;
    if (errorCode === ERRORS.MEMBER_ID_REQUIRED) {
      this.memberId = response.memberId;
      return this.#rejoin();
    }
    if (errorCode !== ERRORS.NONE) return this.#refused(errorCode ?? 0);
    this.memberId = response.memberId;
    // A leader that takes over from another one of its instance id does not know what that one knew (KIP-814).
    this.#dealt = response.leader === response.memberId ? 'unknown' : null;
    const isLeader = this.#dealt !== null && !response.skipAssignment;
    this.#sync(response.generationId ?? -1, isLeader ? this.#deal(response) : []);
  }

  #counts(): string {
    return [...this.world.topics.keys()].map((name) => this.world.image.topics.byName(name)?.partitionCount).join();
  }

  /** To each member its turn of every partition that it subscribes to. */
  #deal({ members }: ResponseOf<'JoinGroup'>): { memberId: string; assignment: Buffer }[] {
    this.#dealt = this.#counts();
    const given = new Map(members.map(({ memberId }) => [memberId, new Map<string, number[]>()]));
    for (const topic of this.world.topics.keys()) {
      const subscribers = members.filter(({ metadata }) =>
        consumerProtocolSubscription.decode(1, metadata, 2, metadata.length).topics.includes(topic),
      );
      const count = this.world.image.topics.byName(topic)?.partitionCount ?? 0;
      for (let partition = 0; partition < count && subscribers.length > 0; partition++) {
        const topics = given.get(subscribers[partition % subscribers.length]?.memberId ?? '');
        topics?.set(topic, [...(topics.get(topic) ?? []), partition]);
      }
    }
    return [...given].map(([memberId, topics]) => {
      const assignedPartitions = [...topics].map(([topic, partitions]) => ({ topic, partitions }));
      const assignment = consumerProtocolAssignment.encode(1, { assignedPartitions, userData: null });
      return { memberId, assignment: Buffer.concat([VERSION, assignment]) };
    });
  }

  #sync(generationId: number, assignments: { memberId: string; assignment: Buffer }[]): void {
    const { world, groupId, memberId, instanceId } = this;
    const request = { groupId, generationId, memberId, groupInstanceId: instanceId, assignments };
    const protocol = { protocolType: 'consumer', protocolName: 'range' };
    world.send(
      this.name,
      'SyncGroup',
      5,
      () => ({ ...request, ...protocol }),
      (reply) => {
        this.hear(
          reply,
          ({ response }) => response.errorCode ?? 0,
          (heard) => {
            if (heard === null) return this.#rejoin(200);
            if (heard.response.errorCode !== ERRORS.NONE) return this.#refused(heard.response.errorCode);
            this.epoch = generationId;
            this.#assigned(heard.response.assignment);
            this.after(1000, () => this.#heartbeat());
          },
        );
      },
      REBALANCE_MS + 5000,
    );
  }

  #assigned(assignment: Buffer): void {
    this.owned.clear();
    if (assignment.length === 0) return;
    const { assignedPartitions } = consumerProtocolAssignment.decode(1, assignment, 2, assignment.length);
    for (const { topic, partitions } of assignedPartitions) {
      for (const partition of partitions) this.owned.add(`${topic}:${partition}`);
    }
  }

  #heartbeat(): void {
    const { world, groupId, memberId, instanceId, epoch: generationId } = this;
    const request = { groupId, generationId, memberId, groupInstanceId: instanceId };
    world.send(
      this.name,
      'Heartbeat',
      4,
      () => request,
      (reply) => {
        this.hear(
          reply,
          ({ response }) => response.errorCode ?? 0,
          (heard) => {
            const code = heard?.response.errorCode ?? ERRORS.NONE;
            if (code === ERRORS.NONE && this.#dealt !== null && this.#dealt !== this.#counts()) this.#rejoin();
            else if (code === ERRORS.NONE) this.after(heard === null ? 200 : 3000, () => this.#heartbeat());
            else this.#refused(code);
          },
        );
      },
    );
  }

  #refused(errorCode: number): void {
    switch (errorCode) {
      case ERRORS.REBALANCE_IN_PROGRESS:
      case ERRORS.ILLEGAL_GENERATION:
        return this.#rejoin();
      case ERRORS.UNKNOWN_MEMBER_ID:
        this.memberId = '';
        return this.#rejoin();
      case ERRORS.UNRELEASED_INSTANCE_ID:
        return this.#rejoin(1000);
      case ERRORS.FENCED_INSTANCE_ID:
        this.isFenced = true;
        return this.die();
      default:
        assert.fail(`code ${errorCode} for ${this.name}`);
    }
  }
}
