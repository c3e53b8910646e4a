/** From properties to a BrokerConfig; Kafka's own verdicts are in fixtures/broker-validation.json. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  type BrokerConfig,
  type ConfigProblem,
  parseBrokerConfig,
  problemText,
  settingText,
  settingsWithoutEffect,
  withDynamicConfigs,
} from '../../../src/config/broker-config.ts';

type Given = Readonly<Record<string, string | null>>;

/** The node on which Kafka's verdicts were taken. */
const NODE: Given = {
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.listener.names': 'CONTROLLER',
  listeners: 'PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093',
  'controller.quorum.bootstrap.servers': '127.0.0.1:9093',
  'log.dirs': '/tmp/x',
};

function parse(given: Given, parallelism = 4): ReturnType<typeof parseBrokerConfig> {
  const overrides = Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== null);
  return parseBrokerConfig({ text: null, overrides, parallelism });
}

function config(given: Given, parallelism = 4): BrokerConfig {
  const result = parse(given, parallelism);
  assert.ok(result.ok, result.ok ? '' : result.problems.map((problem) => problem.message).join('\n'));
  return result.config;
}

function problems(given: Given): readonly ConfigProblem[] {
  const result = parse(given);
  return result.ok ? [] : result.problems;
}

test('Kafka’s verdicts and messages', () => {
  const cases = JSON.parse(readFileSync(new URL('fixtures/broker-validation.json', import.meta.url), 'utf8')) as [
    Given,
    string,
  ][];
  assert.ok(cases.length > 60);
  for (const [given, verdict] of cases) {
    const found = problems({ ...NODE, ...given });
    assert.equal(found[0]?.message ?? 'OK', verdict, JSON.stringify(given));
  }
});

test('an empty configuration is one node on the loopback address', () => {
  const { values, ...rest } = config({});
  assert.deepEqual(values['process.roles'], ['broker', 'controller']);
  const listener = { name: 'PLAINTEXT', host: '127.0.0.1', port: 9092, protocol: 'PLAINTEXT' };
  assert.deepEqual(rest.listeners, [listener]);
  assert.deepEqual(rest.advertisedListeners, [listener]);
  assert.deepEqual(rest.controllerListeners, []);
  assert.equal(rest.nodeId, 1);
  assert.equal(rest.shardCount, 4);
  assert.deepEqual(rest.logDirs, ['/tmp/kafka-logs']);
});

test('values are typed by the table', () => {
  const { values } = config({ 'num.partitions': '3', 'log.retention.ms': '9223372036854775807' });
  const partitions: number = values['num.partitions'];
  const rack: string | null = values['broker.rack'];
  const retention: number | null = values['log.retention.ms'];
  const type: 'CreateTime' | 'LogAppendTime' = values['log.message.timestamp.type'];
  assert.deepEqual([partitions, rack, retention, type], [3, null, Infinity, 'CreateTime']);
});

test('a Kafka node’s listeners: the controller’s is known and not opened', () => {
  const node = config({ ...NODE, 'broker.rack': 'r', 'node.id': '7' });
  assert.deepEqual(
    node.listeners.map((listener) => listener.port),
    [9092],
  );
  assert.deepEqual(node.controllerListeners, [
    { name: 'CONTROLLER', host: '127.0.0.1', port: 9093, protocol: 'PLAINTEXT' },
  ]);
  assert.equal(node.interBrokerListenerName, 'PLAINTEXT');
  assert.equal(node.values['broker.id'], 7);
});

test('names, addresses and ports of listeners', () => {
  const node = config({
    listeners: 'internal://[::1]:9092,EXTERNAL://:0',
    'advertised.listeners': 'INTERNAL://[fe80::1%eth0]:9092,external://example.org:19092',
    'listener.security.protocol.map': 'INTERNAL:PLAINTEXT, EXTERNAL:PLAINTEXT',
    'inter.broker.listener.name': 'internal',
  });
  assert.deepEqual(
    node.listeners.map(({ name, host, port }) => [name, host, port]),
    [
      ['INTERNAL', '::1', 9092],
      ['EXTERNAL', '', 0],
    ],
  );
  assert.deepEqual(
    node.advertisedListeners.map(({ host }) => host),
    ['fe80::1%eth0', 'example.org'],
  );
  assert.equal(node.interBrokerListenerName, 'INTERNAL');
});

test('all problems are reported, with the value and what is allowed', () => {
  assert.deepEqual(problems({ 'num.partitions': 'abc', 'log.cleanup.policy': 'x' }), [
    {
      name: 'num.partitions',
      value: 'abc',
      message: 'Invalid value abc for configuration num.partitions: Not a number of type INT',
      allowed: 'a 32-bit integer, at least 1',
    },
    {
      name: 'log.cleanup.policy',
      value: 'x',
      message: 'Invalid value x for configuration log.cleanup.policy: String must be one of: compact, delete',
      allowed: 'a list separated by commas, of compact, delete',
    },
  ]);
});

test('a problem in one line', () => {
  const [first] = problems({ 'shard.count': '65' });
  assert.ok(first !== undefined);
  const line =
    'Invalid value 65 for configuration shard.count: Value must be no more than 30 (allowed: a 32-bit integer from 0 to 30)';
  assert.equal(problemText(first), line);
});

test('what cannot be served yet stops the start', () => {
  const names = (given: Given): string[] => problems(given).map((problem) => problem.name);
  assert.deepEqual(names({ 'process.roles': 'broker', listeners: 'PLAINTEXT://:9092' }), ['process.roles']);
  assert.deepEqual(names({ listeners: 'PLAINTEXT://:9092,SSL://:9093' }), ['listeners']);
  assert.deepEqual(names({ 'authorizer.class.name': 'a.B' }), ['authorizer.class.name']);
  assert.deepEqual(names({ 'group.consumer.assignors': 'uniform,a.B' }), ['group.consumer.assignors']);
  assert.deepEqual(
    names({ 'group.consumer.assignors': 'org.apache.kafka.coordinator.group.assignor.RangeAssignor,uniform' }),
    [],
  );
  assert.deepEqual(names({ 'controller.quorum.voters': '1@a:1,2@b:1' }), ['controller.quorum.voters']);
  assert.deepEqual(names({ listeners: 'PLAINTEXT://:65536' }), ['listeners']);
});

test('shards', () => {
  assert.equal(config({}, 64).shardCount, 16);
  assert.equal(config({ 'shard.count': '2' }, 64).shardCount, 2);
  assert.equal(config({ 'socket.request.max.bytes': '1000000000' }).shardArenaBytes, 1_000_000_000);
  assert.deepEqual(config({ 'shard.cpu.affinity': '0, 2' }).shardCpuAffinity, [0, 2]);
  assert.equal(problems({ 'shard.arena.bytes': '50000000' })[0]?.name, 'shard.arena.bytes');
  assert.equal(problems({ 'shard.ring.bytes': '100000' })[0]?.name, 'shard.ring.bytes');
  const rings = { 'shard.ring.bytes': '33554432', 'shard.count': '6' };
  assert.match(problems(rings)[0]?.message ?? '', /at most 16777216 with 6 shards/);
  assert.deepEqual(problems({ ...rings, 'shard.ring.bytes': '16777216' }), []);
  assert.equal(config({ 'shard.count': '30', 'shard.ring.bytes': '1048576' }).shardCount, 30);
  assert.equal(problems({ 'shard.cpu.affinity': '0-3' })[0]?.name, 'shard.cpu.affinity');
  assert.equal(problems({ 'shard.flush.policy': 'never' })[0]?.allowed, 'one of kafka, commit');
});

test('limits of single hosts', () => {
  const node = config({
    'max.connections.per.ip': '0',
    'max.connections.per.ip.overrides': '127.0.0.1:5, example.org:7',
  });
  assert.deepEqual(node.maxConnectionsPerIpOverrides, { '127.0.0.1': 5, 'example.org': 7 });
});

test('overrides go over the file, the last one wins', () => {
  const result = parseBrokerConfig({
    text: 'num.partitions=2\nlog.segment.bytes=2000000\nmy.own=1\nnum.io.threads=4\n',
    overrides: [
      ['num.partitions', '3'],
      ['num.partitions', '4'],
    ],
    parallelism: 1,
  });
  assert.ok(result.ok);
  assert.equal(result.config.values['num.partitions'], 4);
  assert.equal(result.config.values['log.segment.bytes'], 2_000_000);
  assert.deepEqual(result.config.overridden, ['num.partitions']);
  assert.deepEqual(settingsWithoutEffect(result.config), [
    { name: 'my.own', why: 'unknown' },
    { name: 'num.io.threads', why: 'no effect' },
  ]);
});

test('a broken file tells the line', () => {
  const result = parseBrokerConfig({ text: 'a=b\nc=\\u1', overrides: [], parallelism: 1 });
  assert.equal(result.ok, false);
  if (!result.ok) assert.match(result.problems[0]?.message ?? '', /^Line 2 of the properties file: Malformed/);
});

test('dynamic settings apply over the static ones; wrong and read-only ones are ignored', () => {
  const node = config({ 'log.retention.minutes': '90', 'num.partitions': '2' });
  const { config: dynamic, ignored } = withDynamicConfigs(
    node,
    { 'log.retention.ms': '5', 'message.max.bytes': 'x', 'num.partitions': '9', listeners: 'PLAINTEXT://:1' },
    { 'log.retention.ms': '7' },
  );
  assert.equal(dynamic.values['log.retention.ms'], 7);
  assert.equal(dynamic.values['num.partitions'], 2);
  assert.deepEqual(
    ignored.map((problem) => problem.name),
    ['message.max.bytes', 'num.partitions', 'listeners'],
  );
  assert.equal(settingText(dynamic, 'log.retention.minutes'), null, 'hidden by its dynamic synonym');
  assert.equal(node.values['log.retention.ms'], null, 'the old configuration is untouched');
});

test('a configuration can be sent to a thread', () => {
  const node = config(NODE);
  assert.deepEqual(structuredClone(node), node);
});
