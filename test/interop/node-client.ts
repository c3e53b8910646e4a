// The Node clients of the interop suite, kafkajs and @platformatic/kafka: create, produce, consume, shapes-write, shapes-read.
// Reads jobs as JSON and answers one line of JSON a job; see workload.py for the records.
//   node-client.ts COMMAND LIBRARY BOOTSTRAP JOBS
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { CompressionTypes, Kafka, logLevel } from 'kafkajs';
import type { Message } from 'kafkajs';
import { Consumer, Producer } from '@platformatic/kafka';
import type { SendOptions } from '@platformatic/kafka';

interface Shape {
  timestamp: number;
  key: string | null;
  value: string | null;
  headers: [string, string | null][];
}

interface Cell {
  topic: string;
  partitions: number;
  count: number;
  codec: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  acks: '0' | '1' | 'all';
  idempotence: boolean;
  timeout?: number;
  config?: Record<string, string>;
  shapes?: Shape[];
}

interface Read {
  partition: number;
  offset: number;
  timestamp: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: readonly (readonly [Buffer | null, Buffer | null])[];
}

type Answer = Record<string, unknown>;
type Platformatic = SendOptions<Buffer, Buffer, Buffer, Buffer>;

const PATTERN = 'the spool winds its thread; ';
const CHUNK = 1000;
const [command = '', library = '', bootstrap = '', jobs = ''] = process.argv.slice(2);

function ackNumber(cell: Cell): number {
  return cell.acks === 'all' ? -1 : Number(cell.acks);
}

function recordAt(cell: Cell, partition: number, index: number): { key: Buffer; value: Buffer; partition: number } {
  const value = `${cell.topic}:${partition}:${index}:${PATTERN.repeat(index % 8)}`;
  return { key: Buffer.from(`${partition}-${index}`), value: Buffer.from(value), partition };
}

function* chunksOf(cell: Cell): Generator<{ key: Buffer; value: Buffer; partition: number }[]> {
  for (let start = 0; start < cell.count; start += CHUNK) {
    const chunk = [];
    for (let index = start; index < Math.min(start + CHUNK, cell.count); index++) {
      for (let partition = 0; partition < cell.partitions; partition++) chunk.push(recordAt(cell, partition, index));
    }
    yield chunk;
  }
}

function decode(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text, 'base64');
}

function kafkajs(): Kafka {
  process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1';
  return new Kafka({ clientId: 'interop', brokers: [bootstrap], logLevel: logLevel.NOTHING });
}

async function create(cell: Cell): Promise<Answer> {
  const admin = kafkajs().admin();
  await admin.connect();
  const configEntries = Object.entries(cell.config ?? {}).map(([name, value]) => ({ name, value }));
  await admin.createTopics({ topics: [{ topic: cell.topic, numPartitions: cell.partitions, configEntries }] });
  await admin.disconnect();
  return {};
}

async function remove(cell: Cell): Promise<Answer> {
  const admin = kafkajs().admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [cell.topic] });
  await admin.disconnect();
  return {};
}

async function kafkajsSend(cell: Cell, chunks: Iterable<Message[]>): Promise<Answer> {
  const producer = kafkajs().producer({ idempotent: cell.idempotence, allowAutoTopicCreation: false });
  await producer.connect();
  // The other codecs are packages of their own.
  const compression = cell.codec === 'gzip' ? CompressionTypes.GZIP : CompressionTypes.None;
  for (const messages of chunks)
    await producer.send({ topic: cell.topic, acks: ackNumber(cell), compression, messages });
  // Nothing answers with acks=0, and a socket that is destroyed at once may lose what it has not sent.
  if (cell.acks === '0') await sleep(300);
  await producer.disconnect();
  return {};
}

async function platformaticSend(cell: Cell, chunks: Iterable<Platformatic['messages']>): Promise<Answer> {
  const producer = new Producer({
    clientId: 'interop',
    bootstrapBrokers: [bootstrap],
    idempotent: cell.idempotence,
    acks: ackNumber(cell),
    compression: cell.codec,
    autocreateTopics: false,
  });
  for (const messages of chunks) await producer.send({ messages });
  if (cell.acks === '0') await sleep(300);
  await producer.close();
  return {};
}

function* withTopic(cell: Cell): Generator<Platformatic['messages']> {
  for (const chunk of chunksOf(cell)) yield chunk.map((record) => ({ ...record, topic: cell.topic }));
}

function produce(cell: Cell): Promise<Answer> {
  return library === 'kafkajs' ? kafkajsSend(cell, chunksOf(cell)) : platformaticSend(cell, withTopic(cell));
}

/** Fetches by topic id and partition, outside any group, up to the high watermarks. */
async function readToEnd(cell: Cell, handle: (record: Read) => void): Promise<void> {
  const consumer = new Consumer({ clientId: 'interop', groupId: 'interop', bootstrapBrokers: [bootstrap] });
  const metadata = await consumer.metadata({ topics: [cell.topic] });
  const topic = metadata.topics.get(cell.topic);
  if (topic === undefined) throw new Error('the topic is not in the metadata');
  consumer.topics.trackAll(cell.topic);
  const next = new Map<number, bigint>();
  for (let partition = 0; partition < cell.partitions; partition++) next.set(partition, 0n);
  const node = topic.partitions[0]?.leader ?? 0;
  const deadline = Date.now() + (cell.timeout ?? 120) * 1000;
  while (next.size > 0) {
    if (Date.now() > deadline) throw new Error(`the end of partitions ${[...next.keys()].join()} was not reached`);
    const partitions = [...next].map(([partition, fetchOffset]) => ({
      partition,
      currentLeaderEpoch: -1,
      fetchOffset,
      lastFetchedEpoch: -1,
      partitionMaxBytes: 1 << 20,
    }));
    const wanted = [{ topicId: topic.id, partitions }];
    const response = await consumer.fetch({ node, maxWaitTime: 200, minBytes: 1, maxBytes: 10 << 20, topics: wanted });
    for (const part of response.responses.flatMap((answer) => answer.partitions)) {
      let position = next.get(part.partitionIndex);
      if (position === undefined) continue;
      for (const batch of part.records ?? []) {
        for (const record of (batch.attributes & 32) === 0 ? batch.records : []) {
          const offset = batch.firstOffset + BigInt(record.offsetDelta);
          if (offset < position) continue;
          handle({
            partition: part.partitionIndex,
            offset: Number(offset),
            timestamp: Number(
              (batch.attributes & 8) === 0 ? batch.firstTimestamp + record.timestampDelta : batch.maxTimestamp,
            ),
            key: record.key,
            value: record.value,
            headers: record.headers,
          });
        }
        position = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
      }
      if (position >= part.highWatermark) next.delete(part.partitionIndex);
      else next.set(part.partitionIndex, position);
    }
  }
  await consumer.close();
}

async function consume(cell: Cell): Promise<Answer> {
  const digests = Array.from({ length: cell.partitions }, () => ({
    sha: createHash('sha256'),
    count: 0,
    first: -1,
    last: -1,
    gaps: 0,
  }));
  const length = Buffer.alloc(4);
  await readToEnd(cell, ({ partition, offset, key, value }) => {
    const digest = digests[partition];
    if (digest === undefined || key === null || value === null) throw new Error('not a record of the workload');
    if (digest.count++ === 0) digest.first = offset;
    else if (offset !== digest.last + 1) digest.gaps++;
    digest.last = offset;
    for (const part of [key, value]) {
      length.writeInt32BE(part.length);
      digest.sha.update(length);
      digest.sha.update(part);
    }
  });
  const partitions: Answer = {};
  for (const [partition, { sha, ...rest }] of digests.entries())
    partitions[partition] = { ...rest, sha: sha.digest('hex') };
  return { partitions };
}

function writeShapes(cell: Cell): Promise<Answer> {
  const shapes = cell.shapes ?? [];
  if (library === 'kafkajs') {
    const messages = shapes.map(
      (shape): Message => ({
        partition: 0,
        timestamp: String(shape.timestamp),
        key: decode(shape.key),
        value: decode(shape.value),
        headers: Object.fromEntries(shape.headers.map(([name, value]) => [name, decode(value) ?? Buffer.alloc(0)])),
      }),
    );
    return kafkajsSend(cell, [messages]);
  }
  const messages = shapes.map((shape): Platformatic['messages'][number] => {
    const key = decode(shape.key);
    const value = decode(shape.value);
    return {
      topic: cell.topic,
      partition: 0,
      timestamp: BigInt(shape.timestamp),
      ...(key === null ? {} : { key }),
      ...(value === null ? {} : { value }),
      headers: new Map(shape.headers.map(([name, data]) => [Buffer.from(name), decode(data) ?? Buffer.alloc(0)])),
    };
  });
  return platformaticSend(cell, [messages]);
}

async function readShapes(cell: Cell): Promise<Answer> {
  const shapes: Answer[] = [];
  await readToEnd(cell, ({ timestamp, key, value, headers }) => {
    shapes.push({
      timestamp,
      key: key?.toString('base64') ?? null,
      value: value?.toString('base64') ?? null,
      headers: headers.map(([name, data]) => [name?.toString() ?? '', data?.toString('base64') ?? null]),
    });
  });
  return { shapes };
}

const commands: Record<string, (cell: Cell) => Promise<Answer>> = {
  create,
  remove,
  produce,
  consume,
  'shapes-write': writeShapes,
  'shapes-read': readShapes,
};

const run = commands[command];
if (run === undefined) throw new Error(`no command ${command}`);
const cells: Cell[] = JSON.parse(readFileSync(jobs, 'utf8'));
for (const cell of cells) {
  const began = performance.now();
  let answer: Answer;
  try {
    answer = await run(cell);
  } catch (error) {
    answer = { error: inspect(error, { depth: 3, breakLength: Infinity }).slice(0, 2000) };
  }
  const line = JSON.stringify({ topic: cell.topic, seconds: (performance.now() - began) / 1000, ...answer });
  // A line may be longer than the pipe holds, and the exit below does not wait for it.
  await new Promise((resolve) => {
    process.stdout.write(`${line}\n`, resolve);
  });
}
process.exit(0);
