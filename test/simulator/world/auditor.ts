/** Reads every partition from its start to its end over one connection that nothing disturbs. */
import { ERRORS, errorName } from '../../../src/protocol/errors.ts';
import { Rpc } from './client.ts';
import { bytesOf } from './consumer.ts';
import { type History, type PartitionHistory, type TopicHistory, Violation } from './history.ts';
import type { ClientEnd, Connection } from './net.ts';

export interface Extent {
  readonly topic: TopicHistory;
  readonly partition: PartitionHistory;
  readonly start: number;
  readonly end: number;
}

const EARLIEST = -2n;
const LATEST = -1n;

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

  #listOffset(
    topic: TopicHistory,
    index: number,
    timestamp: bigint,
  ): Promise<{ readonly offset: number; readonly timestamp: bigint }> {
    const topics = [{ name: topic.name, partitions: [{ partitionIndex: index, timestamp }] }];
    return new Promise((resolve, reject) => {
      this.#rpc.ask('ListOffsets', 7, { replicaId: -1, isolationLevel: 0, topics }, (response) => {
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
  async read({ topic, partition, start, end }: Extent): Promise<number> {
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
          partition.bounds(asOf, part.highWatermark, part.logStartOffset);
          const next = partition.read(bytesOf(part.records), from, part.highWatermark);
          if (next > from) resolve(next);
          else reject(new Violation(`${partition.key}: nothing is read at ${from}, and it ends at ${end}`));
        });
      });
      if (offset < 0) offset = first = await this.#offset(topic, index, EARLIEST);
    }
    return first;
  }
}
