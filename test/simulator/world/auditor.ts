/** Reads every partition from its start to its end over one connection that nothing disturbs, and asks what became of transactions. */
import { ERRORS, errorName } from '../../../src/protocol/errors.ts';
import { bytesOf, Rpc } from './client.ts';
import { type CommittedPart, READ_COMMITTED, readCommitted } from './committed-reader.ts';
import { type Bounds, type History, type PartitionHistory, type TopicHistory, Violation } from './history.ts';
import type { GroupHistory, ProducerOfId } from './ledger.ts';
import type { ClientEnd, Connection } from './net.ts';

export interface Extent {
  readonly topic: TopicHistory;
  readonly partition: PartitionHistory;
  readonly start: number;
  readonly end: number;
}

const EARLIEST = -2n;
const LATEST = -1n;
const UNSTABLE: ReadonlySet<number> = new Set([
  ERRORS.UNSTABLE_OFFSET_COMMIT,
  ERRORS.COORDINATOR_LOAD_IN_PROGRESS,
  ERRORS.COORDINATOR_NOT_AVAILABLE,
  ERRORS.NOT_COORDINATOR,
]);

export class Auditor {
  readonly #rpc: Rpc;
  readonly #history: History;

  constructor(connect: (client: ClientEnd) => Connection | null, history: History) {
    this.#history = history;
    this.#rpc = new Rpc(() => {});
    const connection = connect(this.#rpc);
    if (connection === null) throw new Violation('nobody listens to the auditor');
    this.#rpc.attach(connection);
  }

  close(): void {
    this.#rpc.connection.reset();
  }

  /** Where each partition starts and ends. */
  async extents(): Promise<Extent[]> {
    const extents: Extent[] = [];
    for (const topic of this.#history.there) {
      for (const [index, partition] of topic.partitions.entries()) {
        const start = await this.#offset(topic, index, EARLIEST);
        extents.push({ topic, partition, start, end: await this.#offset(topic, index, LATEST) });
      }
    }
    return extents;
  }

  async #offset(topic: TopicHistory, index: number, timestamp: bigint): Promise<number> {
    return (await this.#listOffset(topic, index, timestamp)).offset;
  }

  /** How far committed records may be read. */
  async lastStableOffset({ topic, partition }: Extent): Promise<number> {
    return (await this.#listOffset(topic, topic.partitions.indexOf(partition), LATEST, READ_COMMITTED)).offset;
  }

  #listOffset(
    topic: TopicHistory,
    index: number,
    timestamp: bigint,
    isolationLevel = 0,
  ): Promise<{ readonly offset: number; readonly timestamp: bigint }> {
    const topics = [{ name: topic.name, partitions: [{ partitionIndex: index, timestamp }] }];
    return new Promise((resolve, reject) => {
      this.#rpc.ask('ListOffsets', 7, { replicaId: -1, isolationLevel, topics }, (response) => {
        const part = response?.topics[0]?.partitions[0];
        if (part?.errorCode === ERRORS.NONE) resolve(part);
        else reject(new Violation(`${topic.name}-${index}: ListOffsets says ${errorName(part?.errorCode ?? -1)}`));
      });
    });
  }

  /** Looks some times up in a partition that has been read from `start` on. */
  async lookUp({ topic, partition, start, end }: Extent): Promise<void> {
    const index = topic.partitions.indexOf(partition);
    const known = [...new Set([...partition.times].filter(([o]) => o >= start && o < end).map(([, t]) => t))].sort();
    const [first, middle, last] = [known[0], known[known.length >> 1], known.at(-1)];
    if (first === undefined || middle === undefined || last === undefined) return;
    for (const time of [0n, first, middle, middle + 1n, last, last + 1n]) {
      const part = await this.#listOffset(topic, index, time);
      partition.lookedUp(time, part.offset, part.timestamp, start, end);
    }
  }

  /** Reads all of a partition, and checks it. Resolves to where it begins by then: retention goes on. */
  read(extent: Extent): Promise<number> {
    const { partition, end } = extent;
    return this.#read(extent, end, 0, (asOf, from, part) => {
      partition.bounds(asOf, part.highWatermark, part.logStartOffset);
      return partition.read(bytesOf(part.records), from, part.highWatermark);
    });
  }

  /** As a consumer with read_committed does, up to the last stable offset `end`. */
  readCommitted(extent: Extent, end: number): Promise<number> {
    return this.#read(extent, end, READ_COMMITTED, (asOf, from, part) =>
      readCommitted(extent.partition, this.#history.ledger, asOf, from, part),
    );
  }

  async #read(
    { topic, partition, start }: Extent,
    end: number,
    isolationLevel: number,
    check: (asOf: Bounds, from: number, part: CommittedPart) => number,
  ): Promise<number> {
    const asOf = partition.now;
    const index = topic.partitions.indexOf(partition);
    let first = start;
    for (let offset = start; offset < end; ) {
      const from = offset;
      offset = await new Promise<number>((resolve, reject) => {
        const partitions = [{ partition: index, fetchOffset: from, partitionMaxBytes: 200_000 }];
        const request = {
          maxWaitMs: 0,
          minBytes: 0,
          isolationLevel,
          sessionEpoch: -1,
          topics: [{ topicId: topic.id, partitions }],
          forgottenTopicsData: [],
        };
        this.#rpc.ask('Fetch', 13, request, (response) => {
          const part = response?.responses[0]?.partitions[0];
          if (part?.errorCode === ERRORS.OFFSET_OUT_OF_RANGE && partition.deletes) {
            resolve(-1);
            return;
          }
          if (part === undefined || part.errorCode !== ERRORS.NONE) {
            reject(new Violation(`${partition.key}: Fetch at ${from} says ${errorName(part?.errorCode ?? -1)}`));
            return;
          }
          const next = check(asOf, from, part);
          if (next > from) resolve(next);
          else reject(new Violation(`${partition.key}: nothing is read at ${from}, and it ends at ${end}`));
        });
      });
      if (offset < 0) offset = first = await this.#offset(topic, index, EARLIEST);
    }
    return first;
  }

  // ---- transactions

  /** Those that have begun and not ended, as their coordinators know them. */
  openTransactions(): Promise<readonly string[]> {
    const stateFilters = ['Ongoing', 'PrepareCommit', 'PrepareAbort'];
    return new Promise((resolve, reject) => {
      this.#rpc.ask('ListTransactions', 0, { stateFilters, producerIdFilters: [] }, (response) => {
        if (response === null) reject(new Violation('ListTransactions is not answered'));
        // Coordinators that load say so.
        else if (response.errorCode !== ERRORS.NONE) resolve([errorName(response.errorCode)]);
        else resolve(response.transactionStates.map((one) => `${one.transactionalId} ${one.transactionState}`));
      });
    });
  }

  /** Aborts what is open in a partition and known to no coordinator, as `kafka-transactions abort` does. */
  abort({ topic, partition }: Extent, { producerId, producerEpoch }: ProducerOfId): Promise<void> {
    const topics = [{ name: topic.name, partitionIndexes: [topic.partitions.indexOf(partition)] }];
    const coordinatorEpoch = 1_000_000;
    const markers = [{ producerId, producerEpoch, transactionResult: false, coordinatorEpoch, topics }];
    return new Promise((resolve, reject) => {
      this.#rpc.ask('WriteTxnMarkers', 1, { markers }, (response) => {
        const code = response?.markers[0]?.topics[0]?.partitions[0]?.errorCode ?? -1;
        // Of an epoch that is over.
        if (code === ERRORS.NONE || code === ERRORS.INVALID_PRODUCER_EPOCH) resolve();
        else reject(new Violation(`${partition.key}: WriteTxnMarkers says ${errorName(code)}`));
      });
    });
  }

  /** With the first question the topic of the offsets comes to be. */
  findCoordinator({ id }: GroupHistory): Promise<void> {
    const request = { key: '', keyType: 0, coordinatorKeys: [id] };
    return new Promise((resolve) => this.#rpc.ask('FindCoordinator', 4, request, () => resolve()));
  }

  /** The offset that a group has, where it is stable; null while it is not, or while the group's coordinator loads. */
  stableOffset(group: GroupHistory): Promise<number | null> {
    const groups = [{ groupId: group.id, topics: null }];
    return new Promise((resolve, reject) => {
      const request = { groupId: '', topics: [], groups, requireStable: true };
      this.#rpc.ask('OffsetFetch', 8, request, (response) => {
        const [found] = response?.groups ?? [];
        const part = found?.topics[0]?.partitions[0];
        const code = found === undefined || found.errorCode !== ERRORS.NONE ? found?.errorCode : part?.errorCode;
        if (found === undefined) reject(new Violation(`${group.id}: OffsetFetch is not answered`));
        else if (code !== undefined && UNSTABLE.has(code)) resolve(null);
        else if (code !== undefined && code !== ERRORS.NONE) {
          reject(new Violation(`${group.id}: OffsetFetch says ${errorName(code)}`));
        } else resolve(part === undefined ? 0 : Number(part.committedOffset));
      });
    });
  }
}
