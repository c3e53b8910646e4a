/**
 * Writes transactions.gz: a partition that seven producers of a broker of Kafka 4.4 have written to, and what that broker answered about it.
 *
 *     node test/golden/transactions/record.ts 127.0.0.1:9092 FOLDER-OF-ITS-LOGS 'command that stops it'
 *
 * The file is names, sizes and bytes as in test/unit/storage/kafka-4.4-partition.gz; `answers.json` among them holds the answers.
 */
import { execSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { SeededRandom } from '../../../src/base/prng.ts';
import { memoryRecords, sizeInBytesOf } from '../../../src/protocol/records.ts';
import { batchOf } from '../../harness/batches.ts';
import { RawClient } from '../../harness/client.ts';

const TOPIC = 'transactions';
/** Not over yet: the coordinator, or the transaction before. */
const IN_BETWEEN = new Set([14, 15, 16, 19, 51]);
const STEPS = 330;

const [bootstrap = '', folder = '', stop = ''] = process.argv.slice(2);
const client = await RawClient.open(Number(bootstrap.split(':')[1]));
const random = new SeededRandom(61);

async function patiently<T extends { errorCode: number }>(what: string, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer.errorCode === 0) return answer;
    if (!IN_BETWEEN.has(answer.errorCode)) throw new Error(`${what}: error ${answer.errorCode}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}

/** One client of transaction version 1 or 2, or (version 0) an idempotent one. */
class Producer {
  readonly #name: string;
  readonly #version: number;
  #id = -1;
  #epoch = -1;
  #sequence = 0;
  isOpen = false;

  constructor(name: string, version: number) {
    this.#name = name;
    this.#version = version;
  }

  async begin(): Promise<void> {
    const transactionalId = this.#version === 0 ? null : this.#name;
    if (transactionalId !== null) {
      await patiently('FindCoordinator', async () => {
        const found = await client.ask('FindCoordinator', 4, { keyType: 1, key: '', coordinatorKeys: [this.#name] });
        return { errorCode: found.coordinators[0]?.errorCode ?? -1 };
      });
    }
    const answer = await patiently('InitProducerId', () =>
      client.ask('InitProducerId', 4, { transactionalId, transactionTimeoutMs: 600_000 }),
    );
    this.#id = answer.producerId;
    this.#epoch = answer.producerEpoch;
  }

  async send(count: number, size: number): Promise<void> {
    if (this.#version === 1 && !this.isOpen) await this.#addPartition();
    const value = Buffer.alloc(size, this.#id);
    const records = batchOf(
      Array.from({ length: count }, () => ({ key: null, value })),
      {
        producerId: this.#id,
        producerEpoch: this.#epoch,
        baseSequence: this.#sequence,
        isTransactional: this.#version > 0,
      },
    );
    await patiently('Produce', async () => {
      const { responses } = await client.ask('Produce', this.#version === 1 ? 11 : 12, {
        transactionalId: this.#version === 0 ? null : this.#name,
        acks: -1,
        timeoutMs: 10_000,
        topicData: [{ name: TOPIC, partitionData: [{ index: 0, records: memoryRecords(records) }] }],
      });
      return { errorCode: responses[0]?.partitionResponses[0]?.errorCode ?? -1 };
    });
    this.#sequence += count;
    this.isOpen = this.#version > 0;
  }

  #addPartition(): Promise<unknown> {
    return patiently('AddPartitionsToTxn', async () => {
      const { resultsByTopicV3AndBelow } = await client.ask('AddPartitionsToTxn', 3, {
        transactions: [],
        v3AndBelowTransactionalId: this.#name,
        v3AndBelowProducerId: this.#id,
        v3AndBelowProducerEpoch: this.#epoch,
        v3AndBelowTopics: [{ name: TOPIC, partitions: [0] }],
      });
      return { errorCode: resultsByTopicV3AndBelow[0]?.resultsByPartition[0]?.partitionErrorCode ?? -1 };
    });
  }

  async end(committed: boolean): Promise<void> {
    const answer = await patiently('EndTxn', () =>
      client.ask('EndTxn', this.#version === 2 ? 5 : 4, {
        transactionalId: this.#name,
        producerId: this.#id,
        producerEpoch: this.#epoch,
        committed,
      }),
    );
    this.isOpen = false;
    if (this.#version < 2) return;
    this.#id = answer.producerId;
    this.#epoch = answer.producerEpoch;
    this.#sequence = 0;
  }
}

function onlyPart<T>(topics: readonly { readonly partitions: readonly T[] }[]): T {
  const part = topics[0]?.partitions[0];
  if (part === undefined) throw new Error('no answer about the partition');
  return part;
}

async function fetch(offset: number, maxBytes: number): Promise<readonly unknown[]> {
  const { responses } = await client.ask('Fetch', 12, {
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 50 << 20,
    isolationLevel: 1,
    topics: [{ topic: TOPIC, partitions: [{ partition: 0, fetchOffset: offset, partitionMaxBytes: maxBytes }] }],
    forgottenTopicsData: [],
  });
  const part = onlyPart(responses);
  const aborted = part.abortedTransactions?.map(({ producerId, firstOffset }) => [producerId, firstOffset]) ?? null;
  const size = part.records === null ? -1 : sizeInBytesOf(part.records);
  return [offset, maxBytes, part.errorCode, part.highWatermark, part.lastStableOffset, size, aborted];
}

async function listOffset(isolationLevel: number, timestamp: bigint): Promise<number> {
  const { topics } = await client.ask('ListOffsets', 7, {
    replicaId: -1,
    isolationLevel,
    topics: [{ name: TOPIC, partitions: [{ partitionIndex: 0, timestamp }] }],
  });
  return onlyPart(topics).offset;
}

async function write(): Promise<void> {
  const configs = { 'segment.bytes': '1048576', 'index.interval.bytes': '600' };
  await client.ask('CreateTopics', 7, {
    topics: [
      {
        name: TOPIC,
        numPartitions: 1,
        replicationFactor: 1,
        assignments: [],
        configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
      },
    ],
    timeoutMs: 30_000,
  });
  const producers = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name, index) => new Producer(name, index % 3));
  for (const producer of producers) await producer.begin();
  // Their first batches are not in the order of their ids.
  for (const producer of producers.toReversed()) await producer.send(1, 100);
  for (let step = 0; step < STEPS; step++) {
    const producer = producers[random.below(producers.length)];
    if (producer?.isOpen && random.below(5) === 0) await producer.end(random.below(2) === 0);
    else await producer?.send(1 + random.below(3), random.below(5) === 0 ? 40_000 : random.below(900));
  }
  // One stays open, and began late enough for much to be stable.
  for (const producer of producers) if (producer.isOpen) await producer.end(random.below(2) === 0);
  for (const producer of producers.slice(2, 4)) await producer.send(2, 50);
  await producers[4]?.send(1, 10);
  await producers[4]?.end(false);
}

async function answers(): Promise<unknown> {
  const end = await listOffset(0, -1n);
  const fetches: (readonly unknown[])[] = [];
  for (let offset = 0; offset <= end + 1; offset++) {
    for (const maxBytes of [1, 3000, 200_000, 50 << 20]) fetches.push(await fetch(offset, maxBytes));
  }
  const offsets: Record<string, number> = {};
  for (const level of [0, 1]) {
    for (const timestamp of [-1n, -2n, -3n]) offsets[`${level} ${timestamp}`] = await listOffset(level, timestamp);
  }
  const { topics } = await client.ask('DescribeProducers', 0, { topics: [{ name: TOPIC, partitionIndexes: [0] }] });
  const producers = onlyPart(topics).activeProducers.map((each) => ({
    ...each,
    lastTimestamp: String(each.lastTimestamp),
  }));
  return { end, offsets, producers, fetches };
}

await write();
// Markers are written behind the answer.
await new Promise((resolve) => {
  setTimeout(resolve, 1000);
});
const told = Buffer.from(JSON.stringify(await answers()));
client.close();
execSync(stop, { stdio: 'inherit' });
const directory = join(folder, `${TOPIC}-0`);
const files = readdirSync(directory)
  .toSorted()
  .map((name) => [name, readFileSync(join(directory, name))] as const);
const pieces = [...files, ['answers.json', told] as const].flatMap(([name, bytes]) => [
  Buffer.from(`${name} ${bytes.length}\n`, 'latin1'),
  bytes,
]);
writeFileSync(join(import.meta.dirname, 'transactions.gz'), gzipSync(Buffer.concat(pieces), { level: 9 }));
