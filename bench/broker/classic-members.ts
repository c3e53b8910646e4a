/** Members of a classic group for benchmarks: each has a connection of its own, joins, syncs, hears of rebalances by heartbeats. */
import { pause } from './admin.ts';
import { type Address, Connection } from './wire.ts';
import { ERRORS } from '../../src/protocol/errors.ts';

const SESSION_MS = 60_000;
/** Between two heartbeats while the group settles: how soon a rebalance is heard of. */
const HEARTBEAT_MS = 100;
const LANDING_SIZE = 16_384;
const PROTOCOL = 'range';
const PROTOCOL_TYPE = 'consumer';
const RETRIABLE: readonly number[] = [
  ERRORS.COORDINATOR_LOAD_IN_PROGRESS,
  ERRORS.COORDINATOR_NOT_AVAILABLE,
  ERRORS.NOT_COORDINATOR,
];

interface Part {
  readonly topic: string;
  readonly partitions: readonly number[];
}

/** ConsumerProtocolSubscription v1 of one topic, nothing owned. */
function subscriptionTo(topic: string): Buffer {
  const bytes = Buffer.alloc(2 + 4 + 2 + topic.length + 4 + 4);
  bytes.writeInt16BE(1, 0);
  bytes.writeInt32BE(1, 2);
  bytes.writeInt16BE(topic.length, 6);
  bytes.write(topic, 8);
  bytes.writeInt32BE(-1, 8 + topic.length);
  return bytes;
}

/** ConsumerProtocolAssignment v0. */
function assignmentOf({ topic, partitions }: Part): Buffer {
  const bytes = Buffer.alloc(2 + 4 + 2 + topic.length + 4 + 4 * partitions.length + 4);
  bytes.writeInt32BE(1, 2);
  bytes.writeInt16BE(topic.length, 6);
  bytes.write(topic, 8);
  let at = bytes.writeInt32BE(partitions.length, 8 + topic.length);
  for (const partition of partitions) at = bytes.writeInt32BE(partition, at);
  bytes.writeInt32BE(-1, at);
  return bytes;
}

class ClassicMember {
  readonly #group: ClassicMembers;
  readonly #connection: Connection;
  memberId = '';
  /** Of which it has its assignment; -1 before the first, and while it knows of a newer one. */
  generation = -1;

  constructor(group: ClassicMembers, connection: Connection) {
    this.#group = group;
    this.#connection = connection;
  }

  /** Does what a consumer does until the group has settled. */
  async run(): Promise<void> {
    while (!this.#group.isSettled) {
      if (this.generation < 0) {
        await this.#join();
        continue;
      }
      await pause(HEARTBEAT_MS * (0.5 + Math.random()));
      if (!this.#group.isSettled) await this.#heartbeat();
    }
  }

  close(): void {
    this.#connection.close();
  }

  async #join(): Promise<void> {
    const group = this.#group;
    const answer = await this.#connection.call('JoinGroup', 9, {
      groupId: group.groupId,
      sessionTimeoutMs: SESSION_MS,
      rebalanceTimeoutMs: SESSION_MS,
      memberId: this.memberId,
      groupInstanceId: null,
      protocolType: PROTOCOL_TYPE,
      protocols: [{ name: PROTOCOL, metadata: group.subscription }],
      reason: null,
    });
    const { errorCode, memberId, generationId, members, leader } = answer;
    if (errorCode === ERRORS.MEMBER_ID_REQUIRED) {
      this.memberId = memberId;
      return;
    }
    if (errorCode !== 0) {
      await this.#refused('JoinGroup', errorCode);
      return;
    }
    group.joins++;
    const ids = leader === memberId ? members.map((member) => member.memberId) : [];
    const synced = await this.#connection.call('SyncGroup', 5, {
      groupId: group.groupId,
      generationId,
      memberId,
      protocolType: PROTOCOL_TYPE,
      protocolName: PROTOCOL,
      assignments: group.assignmentsOf(ids),
    });
    if (synced.errorCode !== 0) {
      await this.#refused('SyncGroup', synced.errorCode);
      return;
    }
    this.generation = generationId;
    group.synced();
  }

  async #heartbeat(): Promise<void> {
    const { groupId } = this.#group;
    const { memberId, generation: generationId } = this;
    this.#group.heartbeats++;
    const { errorCode } = await this.#connection.call('Heartbeat', 4, { groupId, generationId, memberId });
    if (errorCode !== 0) await this.#refused('Heartbeat', errorCode);
  }

  async #refused(api: string, errorCode: number): Promise<void> {
    this.generation = -1;
    if (errorCode === ERRORS.UNKNOWN_MEMBER_ID) this.memberId = '';
    else if (RETRIABLE.includes(errorCode)) await pause(HEARTBEAT_MS);
    else if (errorCode !== ERRORS.REBALANCE_IN_PROGRESS && errorCode !== ERRORS.ILLEGAL_GENERATION) {
      throw new Error(`${api}: error ${errorCode}`);
    }
  }
}

/** A classic group and its members here. */
export class ClassicMembers {
  readonly groupId: string;
  readonly subscription: Buffer;
  readonly #address: Address;
  readonly #topic: string;
  readonly #partitions: number;
  readonly #members: ClassicMember[] = [];
  #settled: () => void = () => undefined;
  isSettled = true;
  joins = 0;
  heartbeats = 0;

  constructor(address: Address, groupId: string, topic: string, partitions: number) {
    this.#address = address;
    this.groupId = groupId;
    this.#topic = topic;
    this.#partitions = partitions;
    this.subscription = subscriptionTo(topic);
  }

  get generation(): number {
    return this.#members[0]?.generation ?? -1;
  }

  /** Connects members that join with the next `settle`. */
  async connect(count: number): Promise<void> {
    for (let n = 0; n < count; n++) {
      this.#members.push(new ClassicMember(this, await Connection.open(this.#address, LANDING_SIZE)));
    }
  }

  /** Resolves when every member has its assignment of one generation. */
  async settle(): Promise<void> {
    this.isSettled = false;
    this.joins = 0;
    this.heartbeats = 0;
    const settled = new Promise<void>((resolve) => {
      this.#settled = resolve;
    });
    const runs = Promise.all(this.#members.map((member) => member.run()));
    await Promise.race([settled, runs]);
    // Who still waits between two heartbeats ends by itself; nothing goes to the broker any more.
    runs.catch(() => undefined);
  }

  synced(): void {
    const { generation } = this;
    if (generation < 0 || !this.#members.every((member) => member.generation === generation)) return;
    this.isSettled = true;
    this.#settled();
  }

  /** Partitions in turns, as the leader deals them out. */
  assignmentsOf(ids: readonly string[]): { memberId: string; assignment: Buffer }[] {
    return ids.map((memberId, index) => {
      const partitions: number[] = [];
      for (let partition = index; partition < this.#partitions; partition += ids.length) partitions.push(partition);
      return { memberId, assignment: assignmentOf({ topic: this.#topic, partitions }) };
    });
  }

  /** All leave in one request. */
  async leave(): Promise<void> {
    const connection = await Connection.open(this.#address);
    const members = this.#members.map(({ memberId }) => ({ memberId, groupInstanceId: null, reason: null }));
    await connection.call('LeaveGroup', 5, { groupId: this.groupId, memberId: '', members });
    connection.close();
    for (const member of this.#members) member.close();
  }
}
