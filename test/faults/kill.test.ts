/**
 * kill -9 at any instant: during the first start, during recovery, while topics come and go and records are produced. What was acknowledged
 * is there afterwards, once and in order; what was refused or deleted is not. ODRADEK_KILLS for more rounds, ODRADEK_SEED for the same ones.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SeededRandom } from '../../src/base/prng.ts';
import { brokerCommand, TestBroker } from '../harness/broker.ts';
import { RawClient } from '../harness/client.ts';
import { connected, createTopic, deleteTopic, produce, produced, readAll } from './traffic.ts';

const ROUNDS = Number(process.env['ODRADEK_KILLS'] ?? 5);
const SEED = Number(process.env['ODRADEK_SEED'] ?? Date.now() % 1_000_000);
const UNKNOWN_TOPIC = 3;
const TOPIC_EXISTS = 36;

/** Starts a broker on a directory and kills it after a while, wherever it is then. */
async function killedStart(logDirs: string, metadataLogDir: string, afterMs: number): Promise<void> {
  const [command, ...first] = brokerCommand();
  const settings = ['listeners=PLAINTEXT://127.0.0.1:0', `log.dirs=${logDirs}`, `metadata.log.dir=${metadataLogDir}`];
  const child = spawn(command, [...first, 'start', ...settings.flatMap((text) => ['--override', text])], {
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  child.kill('SIGKILL');
  await ended;
}

/** What the clients were told. */
interface Told {
  /** Values that were acknowledged, in order, of topics that exist. */
  readonly records: Map<string, string[]>;
  readonly deleted: Set<string>;
  /** Topics of which a creation or deletion was under way. */
  readonly unsure: Set<string>;
}

/** Creates, fills and deletes topics until the connection goes. */
async function churn(port: number, told: Told, prefix: string, below: (limit: number) => number): Promise<void> {
  const client = await RawClient.open(port);
  try {
    for (let n = 0; ; n++) {
      const name = `${prefix}-${n}`;
      told.unsure.add(name);
      assert.equal(await createTopic(client, name, 1, { 'internal.segment.bytes': '2000' }), 0);
      told.unsure.delete(name);
      told.records.set(name, []);
      for (let m = below(20); m > 0; m--) {
        const value = `${name} ${m}`;
        const { errorCode } = await produce(client, name, 0, [value, 'z'.repeat(below(1000))]);
        assert.equal(errorCode, 0);
        told.records.get(name)?.push(value);
      }
      if (below(3) > 0) continue;
      told.unsure.add(name);
      assert.equal(await deleteTopic(client, name), 0);
      told.unsure.delete(name);
      told.records.delete(name);
      told.deleted.add(name);
    }
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
  } finally {
    client.close();
  }
}

async function verify(client: RawClient, told: Told): Promise<void> {
  for (const [name, values] of told.records) {
    if (told.unsure.has(name)) continue;
    const all = (await readAll(client, name, 0)).map(({ value }) => value);
    const read = all.filter((_, index) => index % 2 === 0);
    // A batch whose answer did not come may be there too, at the end.
    assert.deepEqual(read.slice(0, values.length), values, name);
    assert.ok(read.length <= values.length + 1, name);
    await produced(client, name, 0, [`${name} again`, '']);
    values.splice(0, values.length, ...read, `${name} again`);
  }
  for (const name of told.deleted) {
    assert.equal((await produce(client, name, 0, ['x'])).errorCode, UNKNOWN_TOPIC, name);
  }
  // A topic of which nothing is known either is, whole, or can be created.
  for (const name of told.unsure) {
    const errorCode = await createTopic(client, name, 1);
    assert.ok(errorCode === 0 || errorCode === TOPIC_EXISTS, `${name}: ${errorCode}`);
    await produced(client, name, 0, ['x']);
    assert.equal(await deleteTopic(client, name), 0);
    told.records.delete(name);
    told.deleted.add(name);
  }
  told.unsure.clear();
}

test('kill -9 at any instant', async (t) => {
  t.diagnostic(`seed ${SEED}`);
  const prng = new SeededRandom(SEED);
  const below = (limit: number): number => prng.below(limit);
  const broker = await TestBroker.start({
    overrides: { 'shard.count': 2, 'log.segment.delete.delay.ms': 100, 'log.flush.offset.checkpoint.interval.ms': 50 },
  });
  t.after(() => broker.close());
  const told: Told = { records: new Map(), deleted: new Set(), unsure: new Set() };
  const data = join(broker.directory, 'data');
  for (let round = 0; round < ROUNDS; round++) {
    const load = [0, 1, 2].map((n) => churn(broker.port, told, `r${round}-${n}`, below));
    await new Promise((resolve) => setTimeout(resolve, 50 + below(400)));
    await broker.kill();
    await Promise.all(load);
    // What a deletion left behind that was cut short.
    mkdirSync(join(data, `left-0.${'ab'.repeat(16)}-delete`));
    for (let starts = below(3); starts > 0; starts--) await killedStart(data, data, 50 + below(600));
    await broker.startAgain();
    await connected(broker.port, (client) => verify(client, told));
    assert.doesNotMatch(broker.output, /ERROR|^\s+at /m);
  }
  const left = readdirSync(data).filter((name) => name.startsWith('left-0'));
  assert.deepEqual(left, [], 'deletions are finished at a start');
  await broker.close();
});

test('kill -9 during the first start', async (t) => {
  t.diagnostic(`seed ${SEED}`);
  const prng = new SeededRandom(SEED);
  for (let round = 0; round < Math.max(2, ROUNDS / 3); round++) {
    const broker = await TestBroker.start({ overrides: { 'shard.count': 1 } });
    t.after(() => broker.close());
    await broker.stop();
    const path = (name: string): string => join(broker.directory, `round-${round}`, name);
    const logDirs = `${path('a')},${path('b')}`;
    for (let kills = 0; kills < 4; kills++) await killedStart(logDirs, path('m'), 20 + prng.below(400));
    const again = await TestBroker.start({ overrides: { 'log.dirs': logDirs, 'metadata.log.dir': path('m') } });
    t.after(() => again.close());
    await connected(again.port, async (client) => {
      assert.equal(await createTopic(client, 't', 4), 0);
      for (let p = 0; p < 4; p++) await produced(client, 't', p, ['a']);
    });
    await again.close();
    await broker.close();
  }
});
