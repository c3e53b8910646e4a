// Transactional producers of kafkajs and @platformatic/kafka that do what they are told: transactor.ts LIBRARY BOOTSTRAP. The requests are in
// transactor.py; as in java/Transactor.java those of one name run one after the other.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createInterface } from 'node:readline';
import { Consumer, Producer } from '@platformatic/kafka';
import { Kafka, logLevel } from 'kafkajs';

interface Request {
  readonly n: number;
  readonly do: string;
  readonly name?: string;
  readonly id?: string;
  readonly timeout?: number;
  readonly records?: readonly (readonly [string, number, string])[];
  readonly group?: string;
  readonly topic?: string;
  readonly partition?: number;
  readonly partitions?: number;
  readonly offset?: number;
  readonly isolation?: string;
}

type Answer = Record<string, unknown>;

/** One transactional producer, whatever the library. */
interface Transactional {
  begin(): Promise<void>;
  send(records: readonly (readonly [string, number, string])[]): Promise<unknown>;
  offsets?(group: string, topic: string, partition: number, offset: number): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
  close(): Promise<void>;
}

const QUIET_MS = 700;
const NOTHING_MS = 15_000;
const [library = '', bootstrap = ''] = process.argv.slice(2);
process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1';
const kafka = new Kafka({ clientId: 'interop', brokers: [bootstrap], logLevel: logLevel.NOTHING });

async function openKafkajs(transactionalId: string, transactionTimeout: number): Promise<Transactional> {
  const settings = { idempotent: true, maxInFlightRequests: 1, transactionalId, transactionTimeout };
  const producer = kafka.producer({ ...settings, allowAutoTopicCreation: false });
  await producer.connect();
  // Its producer id comes with the first transaction.
  await (await producer.transaction()).abort();
  let transaction: Awaited<ReturnType<typeof producer.transaction>>;
  return {
    begin: async () => {
      transaction = await producer.transaction();
    },
    send: (records) => {
      const topics = new Set(records.map(([topic]) => topic));
      const messages = (topic: string): { partition: number; value: string }[] =>
        records.filter(([one]) => one === topic).map(([, partition, value]) => ({ partition, value }));
      return transaction.sendBatch({
        topicMessages: [...topics].map((topic) => ({ topic, messages: messages(topic) })),
      });
    },
    offsets: (consumerGroupId, topic, partition, offset) =>
      transaction.sendOffsets({
        consumerGroupId,
        topics: [{ topic, partitions: [{ partition, offset: `${offset}` }] }],
      }),
    commit: () => transaction.commit(),
    abort: () => transaction.abort(),
    close: () => producer.disconnect(),
  };
}

async function openPlatformatic(transactionalId: string): Promise<Transactional> {
  const producer = new Producer({
    clientId: 'interop',
    bootstrapBrokers: [bootstrap],
    transactionalId,
    idempotent: true,
    autocreateTopics: false,
  });
  let transaction = await producer.beginTransaction();
  await transaction.cancel();
  return {
    begin: async () => {
      transaction = await producer.beginTransaction();
    },
    send: (records) =>
      transaction.send({
        messages: records.map(([topic, partition, value]) => ({ topic, partition, value: Buffer.from(value) })),
      }),
    commit: () => transaction.commit(),
    abort: () => transaction.abort(),
    close: () => producer.close(true),
  };
}

type Values = Record<string, string[]>;

/** What a reader has seen when nothing more comes for a while; neither library says where read_committed ends. */
async function untilQuiet(values: Values): Promise<Values> {
  const count = (): number => Object.values(values).reduce((sum, some) => sum + some.length, 0);
  const until = performance.now() + NOTHING_MS;
  for (let seen = -1; seen !== count() || (seen === 0 && performance.now() < until); await sleep(QUIET_MS)) {
    seen = count();
  }
  return values;
}

async function readKafkajs(topic: string, isCommitted: boolean): Promise<Values> {
  const values: Values = {};
  const groupId = `interop-${randomUUID()}`;
  const consumer = kafka.consumer({ groupId, readUncommitted: !isCommitted, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: ({ partition, message }) => {
      (values[partition] ??= []).push(message.value?.toString() ?? '');
      return Promise.resolve();
    },
  });
  await untilQuiet(values);
  await consumer.disconnect();
  return values;
}

async function readPlatformatic(topic: string, isCommitted: boolean): Promise<Values> {
  const values: Values = {};
  const consumer = new Consumer({
    clientId: 'interop',
    groupId: `interop-${randomUUID()}`,
    bootstrapBrokers: [bootstrap],
  });
  const stream = await consumer.consume({
    topics: [topic],
    mode: 'earliest',
    maxWaitTime: 50,
    autocommit: false,
    isolationLevel: isCommitted ? 1 : 0,
  });
  stream.on('data', (message) => (values[message.partition] ??= []).push(message.value.toString()));
  await untilQuiet(values);
  await stream.close();
  await consumer.close(true);
  return values;
}

const producers = new Map<string, Transactional>();

async function run(request: Request): Promise<Answer> {
  const { name = '', id = '', timeout = 60_000, records = [], group = '', topic = '' } = request;
  if (request.do === 'open') {
    producers.set(name, await (library === 'kafkajs' ? openKafkajs(id, timeout) : openPlatformatic(id)));
    return {};
  }
  if (request.do === 'read') {
    const isCommitted = request.isolation === 'read_committed';
    return library === 'kafkajs' ? readKafkajs(topic, isCommitted) : readPlatformatic(topic, isCommitted);
  }
  const producer = producers.get(name);
  if (producer === undefined) throw new Error(`there is no producer ${name}`);
  if (request.do === 'begin') await producer.begin();
  else if (request.do === 'send') await producer.send(records);
  else if (request.do === 'offsets')
    await producer.offsets?.(group, topic, request.partition ?? 0, request.offset ?? 0);
  else if (request.do === 'commit') await producer.commit();
  else if (request.do === 'abort') await producer.abort();
  else if (request.do === 'close') await producer.close();
  else throw new Error(`there is no request ${request.do}`);
  return {};
}

/** What the library calls it: kafkajs has a type, @platformatic/kafka the errors of the response beneath its own. */
function nameOf(error: unknown): string {
  const names: string[] = [];
  for (let one = error; one instanceof Error && names.length < 10; ) {
    const known = one as Error & { type?: unknown; apiId?: unknown; code?: unknown };
    names.push(String(known.type ?? known.apiId ?? known.code ?? one.name));
    one = one instanceof AggregateError ? one.errors[0] : one.cause;
  }
  return names.join(' ');
}

const last = new Map<string, Promise<void>>();

async function answer(request: Request, before: Promise<void> | undefined): Promise<void> {
  await before;
  let result: Answer;
  try {
    result = await run(request);
  } catch (error) {
    result = { error: nameOf(error), message: error instanceof Error ? error.message : String(error) };
  }
  process.stdout.write(`${JSON.stringify({ n: request.n, ...result })}\n`);
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as Request;
  const name = request.name ?? `${request.n}`;
  last.set(name, answer(request, last.get(name)));
}
process.exit(0);
