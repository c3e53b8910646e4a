/**
 * Transactions under load: `npm run bench -- transactions [options]`. Producers with a transactional id each write transactions of 100
 * records to 10 partitions, one after the other, as clients of KIP-890 do: Produce, which adds the partitions, and EndTxn, whose time is that
 * of a commit. Then the same records from idempotent producers and from plain ones, in turns: what idempotence costs a GB.
 *
 *   --bootstrap H:P   the broker to measure, already running       --against H:P   a second one, in the same rounds
 *   --only NAME,…     of transactions-1, transactions-16, transactions-old-16 (AddPartitionsToTxn first, KIP-98), idempotent, plain
 *   --rounds N (3)    --seconds N of a round of transactions (5)   --megabytes N of a round of idempotent or plain (500)
 *   --entry FILE (dist/odradek.js)    --port P (19094)    --shards N (2)
 */
import { parseArgs } from 'node:util';
import { createTopic, deleteTopic, pause } from './broker/admin.ts';
import { type Batch, batchesOf, native } from './broker/batches.ts';
import { OwnBroker } from './broker/own.ts';
import { cpuSecondsOf, pidListeningOn } from './broker/process.ts';
import { tables } from './broker/report.ts';
import type { Measured } from './broker/scenarios.ts';
import { type Address, Connection } from './broker/wire.ts';
import { ATTRIBUTE, BATCH } from '../src/protocol/batch.ts';
import { ERRORS } from '../src/protocol/errors.ts';
import { memoryRecords } from '../src/protocol/records.ts';

const { values } = parseArgs({
  options: {
    bootstrap: { type: 'string' },
    against: { type: 'string' },
    only: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    megabytes: { type: 'string', default: '500' },
    entry: { type: 'string', default: 'dist/odradek.js' },
    port: { type: 'string', default: '19094' },
    shards: { type: 'string', default: '2' },
  },
});

/** Of a transaction; ten records to each. */
const PARTITIONS = 10;
const RECORD = { valueSize: 100, batchSize: 1200, codec: 'none' } as const;
const RECORDS_A_BATCH = 10;
/** Of the load whose cost a GB is compared. */
const BULK_PARTITIONS = 6;
const BULK = { valueSize: 1000, batchSize: 65_536, codec: 'none' } as const;
const BULK_PRODUCERS = 2;
/** Requests of a producer on their way, as clients have it. */
const IN_FLIGHT = 5;
const RETRY_MS = 5;
const WARMING_SECONDS = 3;

const WHAT: ReadonlyMap<string, string> = new Map([
  ['transactions-1', 'transactions of 100 records in 10 partitions, one producer; p50 and p99 of EndTxn'],
  ['transactions-16', 'the same, 16 producers'],
  ['transactions-old-16', 'the same, 16 producers that send AddPartitionsToTxn before Produce'],
  ['idempotent', '64 KiB batches of 1 KB records, idempotent producers'],
  ['plain', 'the same, plain producers'],
]);

interface Target {
  readonly name: string;
  readonly address: Address;
  readonly pid: number | null;
}

interface Producer {
  readonly connection: Connection;
  readonly transactionalId: string | null;
  producerId: number;
  producerEpoch: number;
  readonly sequences: number[];
  /** Batches of its own: they are written over while those of others wait to be sent. */
  readonly batches: readonly Batch[];
}

async function openProducer(
  address: Address,
  transactionalId: string | null,
  batches: readonly Batch[],
): Promise<Producer> {
  const connection = await Connection.open(address);
  const request = { transactionalId, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 };
  for (;;) {
    if (transactionalId !== null)
      await connection.call('FindCoordinator', 3, { key: transactionalId, keyType: 1, coordinatorKeys: [] });
    const answer = await connection.call('InitProducerId', 4, request);
    if (answer.errorCode === ERRORS.NONE) {
      const { producerId, producerEpoch } = answer;
      const own = batches.map((batch) => ({ ...batch, bytes: Buffer.from(batch.bytes) }));
      return { connection, transactionalId, producerId, producerEpoch, sequences: [], batches: own };
    }
    // Its coordinator is loading, or does away with what an earlier run has left.
    await pause(50);
  }
}

/** Anew, as a producer does it. */
function summed(bytes: Buffer): Buffer {
  bytes.writeUInt32BE(native.crc32c(bytes, BATCH.attributes, bytes.length, 0), BATCH.crc);
  return bytes;
}

/** The batch as this producer's next of a partition. */
function stamped(producer: Producer, partition: number, batch: Batch): Buffer {
  const { bytes } = batch;
  const sequence = producer.sequences[partition] ?? 0;
  producer.sequences[partition] = sequence + batch.records;
  if (producer.transactionalId !== null) bytes[BATCH.attributes + 1] = ATTRIBUTE.transactional;
  bytes.writeBigInt64BE(BigInt(producer.producerId), BATCH.producerId);
  bytes.writeInt16BE(producer.producerEpoch, BATCH.producerEpoch);
  bytes.writeInt32BE(sequence, BATCH.baseSequence);
  return summed(bytes);
}

function refused(what: string, code: number): Error {
  return new Error(`${what} was refused with ${code}`);
}

/** Asks again while the transaction before is still being ended; counts how often. */
async function patiently(load: { retries: number }, ask: () => Promise<number>, what: string): Promise<void> {
  for (;;) {
    const code = await ask();
    if (code === ERRORS.NONE) return;
    if (code !== ERRORS.CONCURRENT_TRANSACTIONS) throw refused(what, code);
    load.retries++;
    await pause(RETRY_MS);
  }
}

async function addPartitions(producer: Producer, topic: string): Promise<number> {
  const partitions = Array.from({ length: PARTITIONS }, (_, index) => index);
  const answer = await producer.connection.call('AddPartitionsToTxn', 3, {
    transactions: [],
    v3AndBelowTransactionalId: producer.transactionalId ?? '',
    v3AndBelowProducerId: producer.producerId,
    v3AndBelowProducerEpoch: producer.producerEpoch,
    v3AndBelowTopics: [{ name: topic, partitions }],
  });
  return answer.resultsByTopicV3AndBelow[0]?.resultsByPartition[0]?.partitionErrorCode ?? ERRORS.UNKNOWN_SERVER_ERROR;
}

interface TransactionLoad {
  transactions: number;
  retries: number;
  readonly commits: number[];
}

/** Transactions of one producer, one after the other, until `until`. */
async function transact(
  producer: Producer,
  topic: string,
  isOld: boolean,
  until: number,
  load: TransactionLoad,
): Promise<void> {
  const { connection, transactionalId, batches } = producer;
  while (performance.now() < until) {
    if (isOld) await patiently(load, () => addPartitions(producer, topic), 'AddPartitionsToTxn');
    let missing = Array.from({ length: PARTITIONS }, (_, index) => {
      const bytes = stamped(producer, index, batches[index % batches.length] as Batch);
      return { index, bytes: Buffer.from(bytes) };
    });
    const produce = async (): Promise<number> => {
      const partitionData = missing.map(({ index, bytes }) => ({ index, records: memoryRecords(bytes) }));
      const topicData = [{ name: topic, partitionData }];
      const request = { transactionalId, acks: -1, timeoutMs: 30_000, topicData };
      const answer = await connection.call('Produce', isOld ? 11 : 12, request);
      const answered = answer.responses[0]?.partitionResponses ?? [];
      const codes = new Map(answered.map(({ index, errorCode }) => [index, errorCode]));
      missing = missing.filter(({ index }) => codes.get(index) !== ERRORS.NONE);
      return missing.length === 0
        ? ERRORS.NONE
        : (codes.get((missing[0] as { index: number }).index) ?? ERRORS.UNKNOWN_SERVER_ERROR);
    };
    await patiently(load, produce, 'Produce');
    const { producerId, producerEpoch } = producer;
    const begin = performance.now();
    const request = { transactionalId: transactionalId ?? '', producerId, producerEpoch, committed: true };
    const ended = await connection.call('EndTxn', isOld ? 4 : 5, request);
    if (ended.errorCode !== ERRORS.NONE) throw refused('EndTxn', ended.errorCode);
    load.commits.push(performance.now() - begin);
    load.transactions++;
    if (!isOld) {
      producer.producerId = ended.producerId;
      producer.producerEpoch = ended.producerEpoch;
      producer.sequences.length = 0;
    }
  }
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

async function transactions(target: Target, topic: string, name: string, seconds: number): Promise<Measured> {
  const count = Number(name.slice(name.lastIndexOf('-') + 1));
  const isOld = name.includes('old');
  const batches = batchesOf(RECORD);
  if (batches.some(({ records }) => records !== RECORDS_A_BATCH))
    throw new Error(`batches have ${batches[0]?.records} records`);
  const open = (index: number): Promise<Producer> => openProducer(target.address, `bench-${name}-${index}`, batches);
  const producers = await Promise.all(Array.from({ length: count }, (_, index) => open(index)));
  const load: TransactionLoad = { transactions: 0, retries: 0, commits: [] };
  const cpu = target.pid === null ? Number.NaN : cpuSecondsOf(target.pid);
  const begin = performance.now();
  await Promise.all(producers.map((producer) => transact(producer, topic, isOld, begin + seconds * 1000, load)));
  const took = (performance.now() - begin) / 1000;
  const used = target.pid === null ? Number.NaN : cpuSecondsOf(target.pid) - cpu;
  for (const { connection } of producers) connection.close();
  const sorted = load.commits.toSorted((a, b) => a - b);
  return {
    transactionsPerSecond: load.transactions / took,
    cpuPerTransaction: (used / load.transactions) * 1e6,
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    retriesPerTransaction: load.retries / load.transactions,
  };
}

/** `bytes` to all partitions from a few producers, IN_FLIGHT requests of each on their way. */
async function produce(target: Target, topic: string, isIdempotent: boolean, bytes: number): Promise<Measured> {
  const batches = batchesOf(BULK);
  const open = (): Promise<Producer> => openProducer(target.address, null, batches);
  const producers = await Promise.all(Array.from({ length: BULK_PRODUCERS }, open));
  let sent = 0;
  let requests = 0;
  const lane = async (producer: Producer): Promise<void> => {
    while (sent < bytes) {
      const index = requests % BULK_PARTITIONS;
      const batch = producer.batches[requests++ % producer.batches.length] as Batch;
      sent += batch.bytes.length;
      const records = memoryRecords(isIdempotent ? stamped(producer, index, batch) : summed(batch.bytes));
      const topicData = [{ name: topic, partitionData: [{ index, records }] }];
      const answer = await producer.connection.call('Produce', 9, {
        transactionalId: null,
        acks: -1,
        timeoutMs: 30_000,
        topicData,
      });
      const code = answer.responses[0]?.partitionResponses[0]?.errorCode ?? ERRORS.UNKNOWN_SERVER_ERROR;
      if (code !== ERRORS.NONE) throw refused('Produce', code);
    }
  };
  const cpu = target.pid === null ? Number.NaN : cpuSecondsOf(target.pid);
  const begin = performance.now();
  await Promise.all(producers.flatMap((producer) => Array.from({ length: IN_FLIGHT }, () => lane(producer))));
  const seconds = (performance.now() - begin) / 1000;
  const used = target.pid === null ? Number.NaN : cpuSecondsOf(target.pid) - cpu;
  for (const { connection } of producers) connection.close();
  return { cpuPerGb: used / (sent / 1e9), gbPerSecond: sent / 1e9 / seconds };
}

let topics = 0;

async function round(target: Target, name: string, isWarming: boolean): Promise<Measured> {
  const topic = `bench-txn-${process.pid}-${topics++}`;
  const isBulk = name === 'idempotent' || name === 'plain';
  await createTopic(target.address, topic, isBulk ? BULK_PARTITIONS : PARTITIONS);
  const bytes = Number(values.megabytes) * 1e6;
  const measured = isBulk
    ? await produce(target, topic, name === 'idempotent', isWarming ? bytes / 4 : bytes)
    : await transactions(target, topic, name, isWarming ? WARMING_SECONDS : Number(values.seconds));
  await deleteTopic(target.address, topic);
  return measured;
}

function addressOf(text: string): Address {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

/** Per GB: rounds of the two are taken in turns, so each pair of them has met the same machine. */
function idempotence(results: ReadonlyMap<string, ReadonlyMap<string, readonly Measured[]>>): string {
  const lines: string[] = [];
  for (const [broker, rounds] of results.get('idempotent') ?? []) {
    const plain = results.get('plain')?.get(broker) ?? [];
    const ratios = rounds.map(
      (one, index) => (one['cpuPerGb'] ?? Number.NaN) / (plain[index]?.['cpuPerGb'] ?? Number.NaN),
    );
    const sorted = ratios.toSorted((a, b) => a - b);
    lines.push(
      `${broker}: idempotent/plain, CPU-s/GB, median of ${sorted.length} pairs ${percentile(sorted, 0.5).toFixed(3)}`,
    );
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

const own = { entry: values.entry, port: Number(values.port), shards: Number(values.shards) };
const broker = values.bootstrap === undefined ? new OwnBroker(own) : null;
try {
  await broker?.start();
  const texts = [values.bootstrap ?? `127.0.0.1:${own.port}`, values.against].filter((text) => text !== undefined);
  const targets = texts.map((text, index): Target => {
    const address = addressOf(text);
    return { name: index === 0 && broker !== null ? 'odradek' : text, address, pid: pidListeningOn(address.port) };
  });
  const names = values.only?.split(',') ?? [...WHAT.keys()];
  const results = new Map(
    names.map((name) => [name, new Map(targets.map((target) => [target.name, [] as Measured[]]))]),
  );
  for (let n = 0; n <= Number(values.rounds); n++) {
    for (const name of names) {
      // Who comes first changes, too.
      for (const target of n % 2 === 0 ? targets : targets.toReversed()) {
        const measured = await round(target, name, n === 0);
        if (n > 0) results.get(name)?.get(target.name)?.push(measured);
      }
    }
  }
  process.stdout.write(`${tables(results, WHAT)}${idempotence(results)}`);
} finally {
  await broker?.stop('SIGKILL');
  broker?.remove();
}
