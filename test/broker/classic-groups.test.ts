/** Members of a classic group as a client library plays them (kafkajs): they share, one leaves, the broker dies and comes back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Consumer, Kafka, logLevel } from 'kafkajs';
import { TestBroker } from '../harness/broker.ts';

const TOPIC = 'shared';
const PARTITIONS = 4;

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 20));
}

interface Reader {
  readonly consumer: Consumer;
  /** What it was given last, by the partition. */
  partitions: readonly number[];
}

test('members share, take over from who leaves, and go on after the broker was killed', async () => {
  const broker = await TestBroker.start({
    overrides: { 'shard.count': 2, 'group.initial.rebalance.delay.ms': 200, 'group.min.session.timeout.ms': 1000 },
  });
  const brokers = [`127.0.0.1:${broker.port}`];
  const retry = { initialRetryTime: 50, retries: 50 };
  const kafka = new Kafka({ clientId: 'test', brokers, logLevel: logLevel.NOTHING, retry });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: PARTITIONS }], waitForLeaders: true });
  const seen = new Set<string>();
  const join = async (): Promise<Reader> => {
    const consumer = kafka.consumer({
      groupId: 'readers',
      sessionTimeout: 10_000,
      heartbeatInterval: 200,
      maxWaitTimeInMs: 100,
    });
    const reader: Reader = { consumer, partitions: [] };
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      reader.partitions = payload.memberAssignment[TOPIC] ?? [];
    });
    await consumer.connect();
    await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
    await consumer.run({
      eachMessage: ({ message }) => {
        seen.add(String(message.value));
        return Promise.resolve();
      },
    });
    return reader;
  };
  const producer = kafka.producer();
  await producer.connect();
  const send = async (prefix: string): Promise<void> => {
    const messages = Array.from({ length: 40 }, (_, i) => ({ value: `${prefix}${i}`, partition: i % PARTITIONS }));
    await producer.send({ topic: TOPIC, messages });
    await until(() => messages.every(({ value }) => seen.has(value)));
  };

  const first = await join();
  await send('alone ');
  const second = await join();
  await until(() => first.partitions.length === 2 && second.partitions.length === 2);
  assert.deepEqual(
    [...first.partitions, ...second.partitions].sort((a, b) => a - b),
    [0, 1, 2, 3],
  );
  await send('together ');
  await broker.kill();
  await broker.startAgain();
  await send('after the kill ');
  await first.consumer.disconnect();
  await until(() => second.partitions.length === PARTITIONS);
  await send('alone again ');
  const { groups } = await admin.describeGroups(['readers']);
  assert.deepEqual([groups[0]?.state, groups[0]?.members.length], ['Stable', 1]);
  await second.consumer.disconnect();
  await admin.deleteGroups(['readers']);
  await producer.disconnect();
  await admin.disconnect();
  const { output } = broker;
  await broker.close();
  assert.doesNotMatch(output, /met a bug|is dead/);
});
