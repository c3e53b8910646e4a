/** The broker as a process: its one line, signals, what stops a start, what a kill leaves behind. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { batchOf } from '../harness/batches.ts';
import { brokerCommand, TestBroker } from '../harness/broker.ts';
import { RawClient } from '../harness/client.ts';

const data = (broker: TestBroker): string => join(broker.directory, 'data');

/** Runs a start that is expected to end by itself. */
function failingStart(...overrides: string[]): { code: number | null; output: string } {
  const args = overrides.flatMap((text) => ['--override', text]);
  const [command, ...first] = brokerCommand();
  const { status, stdout, stderr } = spawnSync(command, [...first, 'start', ...args], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { code: status, output: stdout + stderr };
}

async function createTopic(client: RawClient, name: string, numPartitions = 1): Promise<void> {
  const response = await client.ask('CreateTopics', 7, {
    topics: [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }],
  });
  assert.deepEqual(
    response.topics.map((topic) => [topic.errorCode, topic.errorMessage]),
    [[0, null]],
  );
}

async function produce(client: RawClient, topic: string, partition: number, values: string[]): Promise<number> {
  const response = await client.ask('Produce', 9, {
    transactionalId: null,
    acks: -1,
    timeoutMs: 5000,
    topicData: [
      { name: topic, partitionData: [{ index: partition, records: { kind: 'memory', bytes: batchOf(values) } }] },
    ],
  });
  const [part] = response.responses[0]?.partitionResponses ?? [];
  assert.equal(part?.errorCode, 0);
  return part?.baseOffset ?? -1;
}

async function endOffset(client: RawClient, topic: string, partition: number): Promise<number> {
  const response = await client.ask('ListOffsets', 5, {
    replicaId: -1,
    isolationLevel: 0,
    topics: [{ name: topic, partitions: [{ partitionIndex: partition, timestamp: -1n }] }],
  });
  return response.topics[0]?.partitions[0]?.offset ?? -1;
}

test('the life of a broker', async (t) => {
  let broker: TestBroker;
  before(async () => {
    broker = await TestBroker.start({ overrides: { 'shard.count': 2 } });
  });
  after(() => broker.close());

  await t.test('one line says that it is ready, and how to reach it', () => {
    assert.match(
      broker.output,
      /^odradek \S+.* is ready: address 127\.0\.0\.1:\d+, cluster [A-Za-z0-9_-]{22}, 2 shards, data \S+, \d+ ms since start$/m,
    );
    assert.ok(broker.output.includes(`127.0.0.1:${broker.port}`));
  });

  await t.test('a second broker on its directory is refused, and it goes on', async () => {
    const { code, output } = failingStart('listeners=PLAINTEXT://127.0.0.1:0', `log.dirs=${data(broker)}`);
    assert.equal(code, 1);
    assert.match(output, /Failed to acquire lock on file \.lock in/);
    const client = await RawClient.open(broker.port);
    await createTopic(client, 'first', 4);
    client.close();
  });

  await t.test('a second broker on its port is refused', () => {
    const { code, output } = failingStart(
      `listeners=PLAINTEXT://127.0.0.1:${broker.port}`,
      `log.dirs=${join(broker.directory, 'other')}`,
    );
    assert.equal(code, 1, output);
    assert.match(output, new RegExp(`${broker.port}`));
    assert.match(output, /in use/);
    assert.ok(existsSync(join(broker.directory, 'other', '.kafka_cleanshutdown')), 'what had started is left in order');
  });

  await t.test('a signal stops it cleanly, a second one at once changes nothing', async () => {
    const client = await RawClient.open(broker.port);
    for (let partition = 0; partition < 4; partition++) await produce(client, 'first', partition, ['a', 'b', 'c']);
    const { pid } = broker;
    assert.ok(pid);
    const stopped = broker.stop();
    process.kill(pid, 'SIGINT');
    process.kill(pid, 'SIGTERM');
    assert.equal(await stopped, 0);
    await client.untilClosed();
    assert.ok(existsSync(join(data(broker), '.kafka_cleanshutdown')));
    assert.deepEqual(
      readFileSync(join(data(broker), 'recovery-point-offset-checkpoint'), 'utf8')
        .trim()
        .split('\n')
        .slice(0, 2),
      ['0', '4'],
    );
  });

  await t.test('what was acknowledged is there after a clean stop', async () => {
    await broker.startAgain();
    assert.ok(!existsSync(join(data(broker), '.kafka_cleanshutdown')), 'the file speaks of the run before');
    const client = await RawClient.open(broker.port);
    for (let partition = 0; partition < 4; partition++) assert.equal(await endOffset(client, 'first', partition), 3);
    assert.equal(await produce(client, 'first', 2, ['d']), 3);
    client.close();
  });

  await t.test('what was acknowledged is there after kill -9, once and in order', async () => {
    const client = await RawClient.open(broker.port);
    const acknowledged = [3, 3, 4, 3];
    for (let n = 0; n < 200; n++) {
      const partition = n % 4;
      assert.equal(await produce(client, 'first', partition, [`x${n}`, `y${n}`]), acknowledged[partition]);
      acknowledged[partition] = (acknowledged[partition] ?? 0) + 2;
    }
    await broker.kill();
    await broker.startAgain();
    const again = await RawClient.open(broker.port);
    for (let partition = 0; partition < 4; partition++) {
      assert.equal(await endOffset(again, 'first', partition), acknowledged[partition]);
    }
    again.close();
  });

  await t.test('a deleted topic is gone at once, its directory is renamed', async () => {
    const client = await RawClient.open(broker.port);
    await createTopic(client, 'passing', 2);
    await client.ask('DeleteTopics', 5, { topics: [], topicNames: ['passing'], timeoutMs: 5000 });
    const other = await RawClient.open(broker.port);
    const { topics } = await other.ask('Metadata', 9, {
      topics: [{ name: 'passing' }],
      allowAutoTopicCreation: false,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    });
    assert.equal(topics[0]?.errorCode, 3);
    assert.deepEqual(
      readdirSync(data(broker)).filter((name) => /^passing-\d$/.test(name)),
      [],
    );
    client.close();
    other.close();
  });
});

test('a signal while it starts stops it cleanly', async () => {
  const broker = await TestBroker.start({ overrides: { 'shard.count': 2 } });
  await broker.kill();
  for (let delayMs = 150; delayMs < 750; delayMs += 150) {
    const [command, ...first] = brokerCommand();
    const settings = ['--override', `listeners=PLAINTEXT://127.0.0.1:0`, '--override', `log.dirs=${data(broker)}`];
    const child = spawn(command, [...first, 'start', ...settings], { stdio: ['ignore', 'ignore', 'pipe'] });
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    child.kill('SIGTERM');
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    // Before it listens to signals, the signal ends it.
    assert.ok(code === 0 || signal === 'SIGTERM', `${delayMs} ms: ${code} ${signal}\n${output}`);
    if (code === 0) assert.ok(existsSync(join(data(broker), '.kafka_cleanshutdown')), `${delayMs} ms\n${output}`);
  }
  await broker.close();
});

test('a wrong value stops the start with the setting, the value and what is allowed', () => {
  const { code, output } = failingStart('num.partitions=many');
  assert.equal(code, 1);
  assert.match(output, /Invalid value many for configuration num\.partitions: Not a number of type INT/);
});

test('a directory of another cluster stops the start', async () => {
  const broker = await TestBroker.start({ overrides: { 'shard.count': 1 } });
  await broker.stop();
  const { code, output } = failingStart('listeners=PLAINTEXT://127.0.0.1:0', 'node.id=7', `log.dirs=${data(broker)}`);
  await broker.close();
  assert.equal(code, 1);
  assert.match(output, /Stored node id 1 doesn't match previous node id 7 in .*meta\.properties/);
});

test('commit flush policy: acknowledged after the flush, answers all the same', async () => {
  const broker = await TestBroker.start({ overrides: { 'shard.count': 2, 'shard.flush.policy': 'commit' } });
  const client = await RawClient.open(broker.port);
  await createTopic(client, 'safe', 3);
  for (let n = 0; n < 30; n++) assert.equal(await produce(client, 'safe', n % 3, ['v']), Math.floor(n / 3));
  client.close();
  await broker.close();
});

test('without the addon it works on the codec packages, and says so', async () => {
  const broker = await TestBroker.start({ overrides: { 'shard.count': 2 }, env: { ODRADEK_NATIVE: 'off' } });
  assert.match(broker.output, /addon is not used/);
  const client = await RawClient.open(broker.port);
  await createTopic(client, 'plain', 4);
  for (let n = 0; n < 20; n++) assert.equal(await produce(client, 'plain', n % 4, ['v', 'w']), Math.floor(n / 4) * 2);
  client.close();
  await broker.kill();
  await broker.startAgain();
  const again = await RawClient.open(broker.port);
  for (let partition = 0; partition < 4; partition++) assert.equal(await endOffset(again, 'plain', partition), 10);
  again.close();
  await broker.close();
});
