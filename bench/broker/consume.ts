/**
 * Consume runs: raw Fetch requests for all partitions of a topic, whose answers are walked as they come, without looking at records;
 * and `verify`, which reads everything once and checks every batch.
 */
import { BATCH } from '../../src/protocol/batch.ts';
import { encodeRequest } from '../../src/protocol/frame.ts';
import { type Batch, CORRELATION_ID, native } from './batches.ts';
import { type Address, CLIENT_ID, Connection } from './wire.ts';

export interface ConsumeRun {
  readonly topic: string;
  readonly partitions: number;
  readonly connections: number;
  /** All batches of the topic are of this size and have so many records. */
  readonly batch: Batch;
  /** The end of each partition. */
  readonly endOffsets: readonly number[];
  readonly partitionMaxBytes: number;
  /** The run ends when so many bytes of records have come. Partitions are read again and again. */
  readonly bytes: number;
}

export interface Consumed {
  readonly requests: number;
  readonly bytes: number;
  readonly seconds: number;
}

/** The last version whose fields all have fixed places. */
const VERSION = 11;
const PARTITION_IN_REQUEST = 28;
const AFTER_PARTITIONS = 6;
const FETCH_OFFSET = 8;
const PARTITION_IN_ANSWER = 42;

function fetchRequest(topic: string, partitions: number, partitionMaxBytes: number): Buffer {
  return encodeRequest('Fetch', VERSION, 0, CLIENT_ID, {
    maxWaitMs: 500,
    minBytes: 1,
    maxBytes: 52_428_800,
    topics: [
      {
        topic,
        partitions: Array.from({ length: partitions }, (_, partition) => ({
          partition,
          fetchOffset: 0,
          partitionMaxBytes,
        })),
      },
    ],
    forgottenTopicsData: [],
  });
}

type TakeRecords = (partition: number, size: number) => void;

/** Walks the bytes of answers: a head, then for each partition 42 bytes and its records. */
class Walk {
  #head = Buffer.alloc(256);
  #have = 0;
  #want: number;
  #left = 0;
  #partition = 0;
  #isHead = true;
  readonly #headSize: number;
  readonly #partitions: number;
  readonly #records: TakeRecords;
  readonly #done: () => void;

  constructor(topic: string, partitions: number, records: TakeRecords, done: () => void) {
    this.#headSize = 4 + 4 + 4 + 2 + 4 + 4 + 2 + topic.length + 4;
    this.#want = this.#headSize;
    this.#partitions = partitions;
    this.#records = records;
    this.#done = done;
  }

  take(bytes: Buffer, size: number): void {
    for (let at = 0; at < size; ) {
      if (this.#left > 0) {
        const used = Math.min(this.#left, size - at);
        this.#left -= used;
        at += used;
        if (this.#left === 0) this.#next();
        continue;
      }
      const used = Math.min(this.#want - this.#have, size - at);
      bytes.copy(this.#head, this.#have, at, at + used);
      this.#have += used;
      at += used;
      if (this.#have === this.#want) this.#read();
    }
  }

  #read(): void {
    const head = this.#head;
    this.#have = 0;
    if (this.#isHead) {
      const error = head.readInt16BE(12);
      const count = head.readInt32BE(this.#headSize - 4);
      if (error !== 0 || count !== this.#partitions) throw new Error(`a Fetch was answered with error ${error}`);
      this.#isHead = false;
      this.#want = PARTITION_IN_ANSWER;
      this.#partition = 0;
      return;
    }
    const error = head.readInt16BE(4);
    if (error !== 0) throw new Error(`a Fetch was answered with error ${error} for partition ${head.readInt32BE(0)}`);
    if (head.readInt32BE(30) > 0) throw new Error('aborted transactions in the answer to a Fetch');
    const size = head.readInt32BE(38);
    this.#records(head.readInt32BE(0), size);
    this.#left = Math.max(0, size);
    if (this.#left === 0) this.#next();
  }

  #next(): void {
    if (++this.#partition < this.#partitions) return;
    this.#isHead = true;
    this.#want = this.#headSize;
    this.#done();
  }
}

export async function consume(address: Address, run: ConsumeRun): Promise<Consumed> {
  let bytes = 0;
  let requests = 0;
  let open = run.connections;
  const { promise: finished, resolve, reject } = Promise.withResolvers<void>();
  const connections = await Promise.all(Array.from({ length: run.connections }, () => Connection.open(address)));
  const start = performance.now();
  for (const connection of connections) {
    connection.onFailure = reject;
    const request = fetchRequest(run.topic, run.partitions, run.partitionMaxBytes);
    const offsets = new Array<number>(run.partitions).fill(0);
    let id = 0;
    const send = (): void => {
      request.writeInt32BE(id++, CORRELATION_ID);
      offsets.forEach((offset, partition) => {
        const block = request.length - AFTER_PARTITIONS - PARTITION_IN_REQUEST * (run.partitions - partition);
        request.writeBigInt64BE(BigInt(offset), block + FETCH_OFFSET);
      });
      connection.socket.write(request);
    };
    const records = (partition: number, size: number): void => {
      bytes += Math.max(0, size);
      const next = (offsets[partition] as number) + Math.floor(size / run.batch.bytes.length) * run.batch.records;
      offsets[partition] = next >= (run.endOffsets[partition] as number) ? 0 : next;
    };
    const walk = new Walk(run.topic, run.partitions, records, () => {
      requests++;
      if (bytes < run.bytes) send();
      else if (--open === 0) resolve();
    });
    connection.stream((chunk, size) => walk.take(chunk, size));
    send();
  }
  try {
    await finished;
  } finally {
    for (const connection of connections) connection.close();
  }
  return { requests, bytes, seconds: (performance.now() - start) / 1000 };
}

/** The end of each partition. */
export async function endOffsetsOf(address: Address, topic: string, partitions: number): Promise<number[]> {
  const connection = await Connection.open(address);
  const indexes = Array.from({ length: partitions }, (_, index) => index);
  const { topics } = await connection.call('ListOffsets', 5, {
    replicaId: -1,
    isolationLevel: 0,
    topics: [{ name: topic, partitions: indexes.map((partitionIndex) => ({ partitionIndex, timestamp: -1n })) }],
  });
  connection.close();
  const ends = new Array<number>(partitions).fill(0);
  for (const { partitionIndex, offset } of topics[0]?.partitions ?? []) ends[partitionIndex] = offset ?? 0;
  return ends;
}

/**
 * Reads the topic from its beginning and checks that it holds exactly what was acknowledged: every batch's CRC32C computed anew, offsets
 * without gaps, each of the prepared batches as often as the broker said that it had written it. Throws what is wrong.
 */
export async function verify(
  address: Address,
  topic: string,
  partitions: number,
  acknowledged: ReadonlyMap<number, number>,
): Promise<number> {
  const ends = await endOffsetsOf(address, topic, partitions);
  const connection = await Connection.open(address);
  const found = new Map<number, number>();
  let total = 0;
  for (let partition = 0; partition < partitions; partition++) {
    let offset = 0;
    while (offset < (ends[partition] as number)) {
      const answer = await connection.call('Fetch', VERSION, {
        maxWaitMs: 500,
        minBytes: 1,
        maxBytes: 8_388_608,
        topics: [{ topic, partitions: [{ partition, fetchOffset: offset, partitionMaxBytes: 8_388_608 }] }],
        forgottenTopicsData: [],
      });
      const part = answer.responses[0]?.partitions[0];
      if (part === undefined || part.errorCode !== 0) throw new Error(`Fetch failed with ${part?.errorCode}`);
      const bytes = part.records?.kind === 'memory' ? part.records.bytes : Buffer.alloc(0);
      const before = offset;
      for (let at = 0; at + 61 <= bytes.length; ) {
        const size = 12 + bytes.readInt32BE(at + BATCH.batchLength);
        if (at + size > bytes.length) break;
        const base = Number(bytes.readBigInt64BE(at));
        const crc = bytes.readUInt32BE(at + BATCH.crc);
        if (base !== offset) throw new Error(`${topic}-${partition}: offset ${base} where ${offset} was due`);
        if (native.crc32c(bytes, at + BATCH.attributes, at + size, 0) !== crc)
          throw new Error(`${topic}-${partition}: the batch at ${base} is damaged`);
        found.set(crc, (found.get(crc) ?? 0) + 1);
        offset = base + bytes.readInt32BE(at + BATCH.lastOffsetDelta) + 1;
        at += size;
        total += size;
      }
      if (offset === before) throw new Error(`${topic}-${partition}: nothing at ${offset}, which is before the end`);
    }
  }
  connection.close();
  for (const [crc, count] of acknowledged) {
    if (found.get(crc) !== count) throw new Error(`batch ${crc}: ${count} acknowledged, ${found.get(crc) ?? 0} there`);
  }
  if (found.size > acknowledged.size) throw new Error('there are batches that nobody sent');
  return total;
}
