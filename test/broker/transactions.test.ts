/**
 * Transactions in a broker process, with a client library: what is committed is there once whatever happens to the broker, what is not never
 * shows; clusters of each transaction version.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Admin, Kafka, logLevel, type Producer, type Transaction } from 'kafkajs';
import { brokerCommand, TestBroker } from '../harness/broker.ts';
import { targetAt } from '../harness/replay.ts';
import { Session } from '../harness/session.ts';

const A_TRANSACTION = 10;
const KILLS = 3;
const GROUP = 'copier';
const AT_ONCE = { 'shard.count': 2, 'group.initial.rebalance.delay.ms': 0 };

function kafkaOf(broker: TestBroker): Kafka {
  const retry = { initialRetryTime: 50, maxRetryTime: 500, retries: 60 };
  return new Kafka({ clientId: 'test', brokers: [`127.0.0.1:${broker.port}`], logLevel: logLevel.NOTHING, retry });
}

async function createTopics(admin: Admin, names: readonly string[], numPartitions: number): Promise<void> {
  await admin.createTopics({ topics: names.map((topic) => ({ topic, numPartitions })), waitForLeaders: true });
}

/** Values of a topic as a consumer of that isolation level sees them, up to the end that there is now. */
async function readAll(kafka: Kafka, admin: Admin, topic: string, readUncommitted: boolean): Promise<string[]> {
  const ends = new Map<number, number>();
  for (const { partition, offset } of await admin.fetchTopicOffsets(topic)) ends.set(partition, Number(offset));
  const values: string[] = [];
  const consumer = kafka.consumer({ groupId: `reader-${Math.random()}`, readUncommitted, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const { promise, resolve } = Promise.withResolvers<void>();
  await consumer.run({
    // Batches without a record that shows tell how far it has come.
    eachBatchAutoResolve: true,
    eachBatch: ({ batch }) => {
      for (const { value } of batch.messages) values.push(String(value));
      if (Number(batch.lastOffset()) + 1 >= (ends.get(batch.partition) ?? 0)) ends.delete(batch.partition);
      if (ends.size === 0) resolve();
      return Promise.resolve();
    },
  });
  for (const [partition, end] of ends) if (end === 0) ends.delete(partition);
  if (ends.size > 0) await promise;
  await consumer.disconnect();
  return values;
}

/** Reads ten inputs from where the group stands, writes them out, and commits both together; again and again. */
class Copier {
  readonly #kafka: Kafka;
  readonly #admin: Admin;
  /** The next input; what the inputs are is known, and they do not end. */
  next = 0;
  failures = 0;
  /** Nothing more is begun. */
  isStopped = false;
  /** The last transaction may have been committed or not. */
  #isUnsettled = false;

  constructor(kafka: Kafka, admin: Admin) {
    this.#kafka = kafka;
    this.#admin = admin;
  }

  async run(): Promise<void> {
    while (!this.isStopped || this.#isUnsettled) {
      const producer = this.#kafka.producer({
        transactionalId: 'copier',
        maxInFlightRequests: 1,
        idempotent: true,
        transactionTimeout: 20_000,
        retry: { retries: 5, initialRetryTime: 30, maxRetryTime: 200 },
      });
      try {
        await producer.connect();
        await this.#copy(producer);
        this.#isUnsettled = false;
      } catch {
        this.failures++;
        this.#isUnsettled = true;
      }
      await producer.disconnect().catch(() => undefined);
    }
  }

  async #copy(producer: Producer): Promise<void> {
    // Whoever was here before is fenced, and its transaction is over, when this returns: the offsets are stable.
    let transaction = await producer.transaction();
    const [offsets] = await this.#admin.fetchOffsets({ groupId: GROUP, topics: ['in'] });
    this.next = Math.max(0, Number(offsets?.partitions[0]?.offset ?? -1));
    for (let round = 0; !this.isStopped; round++) {
      await this.#one(transaction, round % 5 === 4);
      transaction = await producer.transaction();
    }
    await transaction.abort();
  }

  async #one(transaction: Transaction, aborts: boolean): Promise<void> {
    const values = Array.from({ length: A_TRANSACTION }, (_, i) => `${this.next + i}`);
    const what = aborts ? 'aborted ' : '';
    const messages = values.map((value) => ({ value: `${what}${value}`, partition: Number(value) % 3 }));
    await transaction.send({ topic: 'out', messages });
    const offset = String(this.next + A_TRANSACTION);
    await transaction.sendOffsets({
      consumerGroupId: GROUP,
      topics: [{ topic: 'in', partitions: [{ partition: 0, offset }] }],
    });
    if (aborts) await transaction.abort();
    else {
      await transaction.commit();
      this.next += A_TRANSACTION;
    }
  }
}

test('read, process, write in transactions while the broker is killed again and again: each input is copied once', async () => {
  const overrides = { ...AT_ONCE, 'transaction.state.log.num.partitions': 4, 'offsets.topic.num.partitions': 4 };
  const broker = await TestBroker.start({ overrides });
  try {
    const kafka = kafkaOf(broker);
    const admin = kafka.admin();
    await admin.connect();
    await createTopics(admin, ['in', 'out'], 3);
    const copier = new Copier(kafka, admin);
    const copying = copier.run();
    for (let kill = 0; kill < KILLS; kill++) {
      await new Promise((resolve) => setTimeout(resolve, 300 + Math.random() * 400));
      await broker.kill();
      await broker.startAgain();
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    copier.isStopped = true;
    await copying;
    const copied = await readAll(kafka, admin, 'out', false);
    const expected = Array.from({ length: copier.next }, (_, n) => String(n));
    assert.deepEqual(
      copied.toSorted((a, b) => Number(a) - Number(b)),
      expected,
    );
    const all = await readAll(kafka, admin, 'out', true);
    assert.ok(all.some((value) => value.startsWith('aborted')));
    assert.ok(copier.next > 0);
    assert.ok(copier.failures > 0, 'the copier has met a kill');
    await admin.disconnect();
  } finally {
    await broker.close();
  }
});

for (const level of [0, 1, 2]) {
  test(`a cluster of transaction version ${level}`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'odradek-test-'));
    const [command, ...first] = brokerCommand();
    const data = join(directory, 'data');
    execFileSync(command, [...first, 'format', '-o', `log.dirs=${data}`, '-f', `transaction.version=${level}`]);
    const broker = await TestBroker.start({ overrides: { ...AT_ONCE, 'log.dirs': data } });
    try {
      const kafka = kafkaOf(broker);
      const admin = kafka.admin();
      await admin.connect();
      await createTopics(admin, ['t'], 2);
      const producer = kafka.producer({ transactionalId: 'id', maxInFlightRequests: 1, idempotent: true });
      await producer.connect();
      for (const [value, aborts] of [
        ['first', false],
        ['second', true],
        ['third', false],
      ] as const) {
        const transaction = await producer.transaction();
        await transaction.send({ topic: 't', messages: [0, 1].map((partition) => ({ value, partition })) });
        await (aborts ? transaction.abort() : transaction.commit());
      }
      await producer.disconnect();
      assert.deepEqual((await readAll(kafka, admin, 't', false)).toSorted(), ['first', 'first', 'third', 'third']);
      await admin.disconnect();
    } finally {
      await broker.close();
      rmSync(directory, { recursive: true, force: true });
    }
  });
}

test('a transaction over ten thousand partitions ends in all of them', async () => {
  const count = 10_000;
  const broker = await TestBroker.start({ overrides: { ...AT_ONCE, 'transaction.state.log.num.partitions': 2 } });
  try {
    const session = new Session(await targetAt(broker.port), 0);
    const topic = { numPartitions: count / 2, replicationFactor: 1, assignments: [], configs: [] };
    await session.quietly('CreateTopics', 7, {
      topics: [{ name: 'wide', ...topic }],
      timeoutMs: 60_000,
      validateOnly: false,
    });
    // One request makes no more than ten thousand records of the metadata.
    await session.quietly('CreatePartitions', 3, {
      topics: [{ name: 'wide', count, assignments: null }],
      timeoutMs: 60_000,
      validateOnly: false,
    });
    const coordinators = { key: '', keyType: 1, coordinatorKeys: ['id'] };
    while ((await session.quietly('FindCoordinator', 4, coordinators)).coordinators[0]?.errorCode !== 0);
    const first = { transactionalId: 'id', transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 };
    let { errorCode, producerId, producerEpoch } = await session.quietly('InitProducerId', 4, first);
    while (errorCode !== 0)
      ({ errorCode, producerId, producerEpoch } = await session.quietly('InitProducerId', 4, first));
    const partitions = Array.from({ length: count }, (_, partition) => partition);
    for (const committed of [true, false]) {
      const added = await session.quietly('AddPartitionsToTxn', 3, {
        v3AndBelowTransactionalId: 'id',
        v3AndBelowProducerId: producerId,
        v3AndBelowProducerEpoch: producerEpoch,
        v3AndBelowTopics: [{ name: 'wide', partitions }],
        transactions: [],
      });
      const results = added.resultsByTopicV3AndBelow[0]?.resultsByPartition ?? [];
      assert.equal(results.filter(({ partitionErrorCode }) => partitionErrorCode === 0).length, count);
      const end = { transactionalId: 'id', producerId, producerEpoch, committed };
      assert.equal((await session.quietly('EndTxn', 4, end)).errorCode, 0);
      const ended = committed ? 'CompleteCommit' : 'CompleteAbort';
      for (;;) {
        const { transactionStates } = await session.quietly('DescribeTransactions', 0, { transactionalIds: ['id'] });
        if (transactionStates[0]?.transactionState === ended) break;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    const { topics } = await session.quietly('ListOffsets', 7, {
      replicaId: -1,
      isolationLevel: 1,
      topics: [{ name: 'wide', partitions: partitions.map((partitionIndex) => ({ partitionIndex, timestamp: -1n })) }],
    });
    // Two markers each, and nothing open.
    const ends = topics[0]?.partitions.map(({ offset }) => offset) ?? [];
    assert.deepEqual([ends.length, new Set(ends)], [count, new Set([2])]);
    session.close();
  } finally {
    await broker.close();
  }
});
