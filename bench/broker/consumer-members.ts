/** Members of consumer groups (KIP-848) for benchmarks: many heartbeats over few connections, revocations done at once. */
import { randomBytes } from 'node:crypto';
import { pause } from './admin.ts';
import { type Address, Connection } from './wire.ts';
import { ERRORS } from '../../src/protocol/errors.ts';
import type { ResponseOf } from '../../src/protocol/schema/index.ts';

type Owned = NonNullable<ResponseOf<'ConsumerGroupHeartbeat'>['assignment']>['topicPartitions'];

const VERSION = 1;
const REBALANCE_MS = 60_000;
const LEAVE = -1;
/** Between two heartbeats that say nothing, while the group settles. */
const PACE_MS = 500;
const RETRIABLE: readonly number[] = [
  ERRORS.COORDINATOR_LOAD_IN_PROGRESS,
  ERRORS.COORDINATOR_NOT_AVAILABLE,
  ERRORS.NOT_COORDINATOR,
];

class ConsumerMember {
  readonly #group: ConsumerMembers;
  readonly #connection: Connection;
  readonly #memberId = randomBytes(16).toString('base64url');
  epoch = 0;
  owned: Owned = [];
  /** It owns something else than it last said. */
  #isChanged = false;

  constructor(group: ConsumerMembers, connection: Connection) {
    this.#group = group;
    this.#connection = connection;
  }

  get partitionCount(): number {
    return this.owned.reduce((sum, { partitions }) => sum + partitions.length, 0);
  }

  /** Heartbeats until the group has settled: at once where there is something to say, else after a while. */
  async run(): Promise<void> {
    if (this.epoch > 0) await pause(PACE_MS * Math.random());
    while (!this.#group.isSettled) {
      await this.heartbeat();
      if (!this.#isChanged) await pause(PACE_MS * (0.5 + Math.random()));
    }
  }

  async heartbeat(): Promise<void> {
    const { groupId, topic } = this.#group;
    const isJoining = this.epoch === 0;
    const says = isJoining || this.#isChanged;
    this.#isChanged = false;
    this.#group.heartbeats++;
    const { errorCode, memberEpoch, assignment, errorMessage } = await this.#connection.call(
      'ConsumerGroupHeartbeat',
      VERSION,
      {
        groupId,
        memberId: this.#memberId,
        memberEpoch: this.epoch,
        rebalanceTimeoutMs: says ? REBALANCE_MS : -1,
        subscribedTopicNames: isJoining ? [topic] : null,
        topicPartitions: says ? this.owned : null,
      },
    );
    if (RETRIABLE.includes(errorCode)) {
      this.#isChanged = says && !isJoining;
      await pause(PACE_MS);
      return;
    }
    if (errorCode !== 0) throw new Error(`ConsumerGroupHeartbeat: ${errorCode} ${errorMessage}`);
    this.epoch = memberEpoch;
    if (assignment !== null) {
      this.owned = assignment.topicPartitions;
      this.#isChanged = true;
    }
    this.#group.answered();
  }

  async leave(): Promise<void> {
    const { groupId } = this.#group;
    const request = { groupId, memberId: this.#memberId, memberEpoch: LEAVE };
    const { errorCode } = await this.#connection.call('ConsumerGroupHeartbeat', VERSION, request);
    if (errorCode !== 0) throw new Error(`leaving: error ${errorCode}`);
  }
}

/** Connections that members share. */
export async function shared(address: Address, count: number): Promise<Connection[]> {
  return Promise.all(Array.from({ length: count }, () => Connection.open(address, 65_536)));
}

/** A consumer group and its members here, all subscribed to one topic. */
export class ConsumerMembers {
  readonly groupId: string;
  readonly topic: string;
  readonly #partitions: number;
  readonly #connections: readonly Connection[];
  readonly #members: ConsumerMember[] = [];
  #settled: () => void = () => undefined;
  isSettled = true;
  heartbeats = 0;

  constructor(groupId: string, topic: string, partitions: number, connections: readonly Connection[]) {
    this.groupId = groupId;
    this.topic = topic;
    this.#partitions = partitions;
    this.#connections = connections;
  }

  get epoch(): number {
    return this.#members[0]?.epoch ?? 0;
  }

  add(count: number): void {
    for (let n = 0; n < count; n++) {
      const connection = this.#connections[this.#members.length % this.#connections.length];
      if (connection === undefined) throw new Error('no connection');
      this.#members.push(new ConsumerMember(this, connection));
    }
  }

  /** One more joins; resolves to the milliseconds until its first answer. The others hear of it with `settle`. */
  async addOne(): Promise<number> {
    this.add(1);
    const begin = performance.now();
    await this.#members.at(-1)?.heartbeat();
    return performance.now() - begin;
  }

  /** The first one leaves. */
  async removeOne(): Promise<void> {
    await this.#members.shift()?.leave();
  }

  /** Resolves when all members are of one epoch and have all partitions, none more than one more than another. */
  async settle(): Promise<void> {
    this.isSettled = false;
    const settled = new Promise<void>((resolve) => {
      this.#settled = resolve;
    });
    const runs = Promise.all(this.#members.map((member) => member.run()));
    await Promise.race([settled, runs]);
    runs.catch(() => undefined);
  }

  /** Every member says once that it lives, all at a time. */
  async beat(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.heartbeat()));
  }

  answered(): void {
    if (this.isSettled || !this.#isSettledNow()) return;
    this.isSettled = true;
    this.#settled();
  }

  async leave(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.leave()));
    this.#members.length = 0;
  }

  #isSettledNow(): boolean {
    const { epoch } = this;
    const least = Math.floor(this.#partitions / this.#members.length);
    let all = 0;
    for (const member of this.#members) {
      const count = member.partitionCount;
      if (epoch === 0 || member.epoch !== epoch || count < least || count > least + 1) return false;
      all += count;
    }
    return all === this.#partitions;
  }
}
