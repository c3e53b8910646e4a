/**
 * Sockets and segments open and close at random on four shards while slow readers fetch: tiny segments, retention by size, topics that are deleted
 * under their readers, clients that leave in the middle of an answer. Every byte that reaches a client is checked.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SeededRandom } from '../../src/base/prng.ts';
import { TestBroker } from '../harness/broker.ts';
import { ClosedError, RawClient } from '../harness/client.ts';
import { checked, createTopic, deleteTopic, fetch, listOffset, produce } from './traffic.ts';

const SEED = Number(process.env['ODRADEK_SEED'] ?? Date.now() % 1_000_000);
const MS = Number(process.env['ODRADEK_CHURN_MS'] ?? 4000);
const PARTITIONS = 8;
const TOPICS = 4;
const OFFSET_OUT_OF_RANGE = 1;
const UNKNOWN_TOPIC = 3;
const NOT_LEADER = 6;
const TOPIC_EXISTS = 36;

const CONFIGS = {
  'internal.segment.bytes': '20000',
  'retention.bytes': '60000',
  'file.delete.delay.ms': '50',
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('sockets and segments come and go under slow readers', async (t) => {
  t.diagnostic(`seed ${SEED}`);
  const prng = new SeededRandom(SEED);
  const below = (limit: number): number => prng.below(limit);
  const broker = await TestBroker.start({
    overrides: { 'shard.count': 4, 'log.retention.check.interval.ms': 200, 'log.initial.task.delay.ms': 10 },
    // Few enough that files are closed for others all the time.
    under: ['sh', '-c', 'ulimit -n 512; exec "$@"', 'sh'],
  });
  t.after(() => broker.close());
  const until = Date.now() + MS;
  const counts = { produced: 0, records: 0, outOfRange: 0, deleted: 0, cut: 0 };
  const topicName = (): string => `t-${below(TOPICS)}`;

  /** Works on one connection, which it drops now and then, until the time is up. */
  async function connectedFor(work: (client: RawClient) => Promise<void>): Promise<void> {
    while (Date.now() < until) {
      const client = await RawClient.open(broker.port);
      try {
        for (let n = 5 + below(60); n > 0 && Date.now() < until; n--) await work(client);
      } catch (error) {
        if (!(error instanceof ClosedError)) throw error;
        assert.fail('the broker closed a connection');
      } finally {
        client.close();
      }
    }
  }

  async function write(client: RawClient): Promise<void> {
    const topic = topicName();
    const values = Array.from({ length: 1 + below(4) }, (_, n) => `${topic} ${n}`.padEnd(below(4000), '.'));
    const { errorCode } = await produce(client, topic, below(PARTITIONS), values);
    assert.ok([0, UNKNOWN_TOPIC, NOT_LEADER].includes(errorCode), `produce: ${errorCode}`);
    counts.produced += errorCode === 0 ? 1 : 0;
  }

  /** From the oldest on, a little at a time: segments leave while they are read. */
  async function read(client: RawClient): Promise<void> {
    const topic = topicName();
    const partition = below(PARTITIONS);
    const start = await listOffset(client, topic, partition, -2n);
    if (start.errorCode !== 0) return;
    let next = start.offset;
    for (let n = 0; n < 6 && Date.now() < until; n++) {
      const { errorCode, bytes } = await fetch(client, topic, partition, next, { maxBytes: 1000 + below(40_000) });
      if (errorCode === OFFSET_OUT_OF_RANGE) counts.outOfRange++;
      if (errorCode !== 0) {
        assert.ok([OFFSET_OUT_OF_RANGE, UNKNOWN_TOPIC, NOT_LEADER].includes(errorCode), `fetch: ${errorCode}`);
        return;
      }
      const records = checked(bytes, `${topic}-${partition}`);
      for (const { value } of records) assert.ok(value === '' || `${topic} `.startsWith(value.slice(0, 4)), value);
      counts.records += records.length;
      next = (records.at(-1)?.offset ?? next - 1) + 1;
      await pause(below(30));
    }
  }

  /** Answers that are asked for and not read: they lie in the broker until the client reads them, or leaves. */
  async function readSlowly(): Promise<void> {
    while (Date.now() < until) {
      const client = await RawClient.open(broker.port);
      client.pause();
      const asked = Array.from({ length: 8 }, () => {
        const topic = topicName();
        const partition = below(PARTITIONS);
        return {
          topic,
          partition,
          answer: fetch(client, topic, partition, 0, { maxBytes: 1 << 20 }).catch(() => null),
        };
      });
      await pause(100 + below(300));
      if (below(3) === 0) {
        counts.cut++;
        client.close();
        continue;
      }
      client.resume();
      for (const { topic, partition, answer } of asked) {
        const fetched = await answer;
        assert.ok(fetched, 'answered');
        counts.records += checked(fetched.bytes, `${topic}-${partition}, slowly`).length;
      }
      client.close();
    }
  }

  async function comeAndGo(client: RawClient): Promise<void> {
    const topic = topicName();
    const created = await createTopic(client, topic, PARTITIONS, CONFIGS);
    assert.ok(created === 0 || created === TOPIC_EXISTS, `create: ${created}`);
    await pause(below(400));
    if (below(4) > 0) return;
    const deleted = await deleteTopic(client, topic);
    assert.ok(deleted === 0 || deleted === UNKNOWN_TOPIC, `delete: ${deleted}`);
    counts.deleted++;
  }

  const first = await RawClient.open(broker.port);
  for (let n = 0; n < TOPICS; n++) await createTopic(first, `t-${n}`, PARTITIONS, CONFIGS);
  first.close();
  await Promise.all([
    ...Array.from({ length: 3 }, () => connectedFor(write)),
    ...Array.from({ length: 4 }, () => connectedFor(read)),
    ...Array.from({ length: 4 }, () => readSlowly()),
    connectedFor(comeAndGo),
  ]);
  t.diagnostic(JSON.stringify(counts));
  assert.ok(counts.produced > 50 && counts.records > 50);
  assert.doesNotMatch(broker.output, /ERROR|offline|^\s+at /m);
  // Nothing holds on to files of what was deleted.
  await pause(1000);
  const open = readdirSync(`/proc/${broker.pid}/fd`).length;
  assert.ok(open < 300, `${open} files are open`);
  assert.equal(await broker.stop(), 0, broker.output);
  await broker.startAgain();
  const again = await RawClient.open(broker.port);
  for (let n = 0; n < TOPICS; n++) {
    for (let p = 0; p < PARTITIONS; p++) {
      const { errorCode, offset } = await listOffset(again, `t-${n}`, p, -2n);
      if (errorCode !== 0) continue;
      const fetched = await fetch(again, `t-${n}`, p, offset, { maxBytes: 1 << 20 });
      assert.equal(fetched.errorCode, 0);
      checked(fetched.bytes, `t-${n}-${p} after a stop`);
    }
  }
  again.close();
  const names = readdirSync(join(broker.directory, 'data'));
  assert.deepEqual(
    names.filter((name) => name.endsWith('-stray')),
    [],
  );
});
