/**
 * Settings that change while the broker runs (IncrementalAlterConfigs): logs, groups and connections follow them at once, on every shard, and
 * again after the broker was killed.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { APPEND, DELETE, incremental, type Incremental, RESOURCE, SET } from '../api/altered-configs.ts';
import { batchOf } from '../harness/batches.ts';
import { TestBroker } from '../harness/broker.ts';
import { ClosedError, RawClient } from '../harness/client.ts';
import { targetAt } from '../harness/replay.ts';
import { Session, type Topic } from '../harness/session.ts';

const EARLIEST = -2n;
const LATEST = -1n;
const CREATE_TIME = -1n;
const MESSAGE_TOO_LARGE = 10;
const UNKNOWN_MEMBER_ID = 25;
const PARTITIONS = 4;

let broker: TestBroker;
let session: Session;

before(async () => {
  broker = await TestBroker.start({
    overrides: {
      'shard.count': 2,
      'log.retention.check.interval.ms': 50,
      'group.consumer.min.session.timeout.ms': 100,
      'group.consumer.min.heartbeat.interval.ms': 50,
    },
  });
  session = await sessionOf(broker);
});

after(async () => {
  const { output } = broker;
  session.close();
  await broker.close();
  assert.doesNotMatch(output, /met a bug|is dead/);
});

async function sessionOf({ port }: TestBroker): Promise<Session> {
  return new Session(await targetAt(port), 0);
}

async function killAndStart(): Promise<void> {
  session.close();
  await broker.kill();
  await broker.startAgain();
  session = await sessionOf(broker);
}

async function alter(...resources: Incremental[]): Promise<void> {
  const { responses } = await session.quietly('IncrementalAlterConfigs', 1, incremental(resources));
  assert.deepEqual(
    responses.map(({ errorCode, errorMessage }) => [errorCode, errorMessage]),
    resources.map(() => [0, null]),
  );
}

async function produce(
  topic: Topic,
  partition = 0,
  value = 'v',
): Promise<{ errorCode: number; logAppendTimeMs: bigint }> {
  const request = session.produceOf([{ topic, partition, records: batchOf([value]) }]);
  const { responses } = await session.quietly('Produce', 9, request);
  const part = responses[0]?.partitionResponses[0];
  assert.ok(part);
  return part;
}

/** Which partitions of the topic stamp the records themselves. */
async function stamped(topic: Topic): Promise<boolean[]> {
  const all: boolean[] = [];
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const { errorCode, logAppendTimeMs } = await produce(topic, partition);
    assert.equal(errorCode, 0);
    all.push(logAppendTimeMs !== CREATE_TIME);
  }
  return all;
}

async function offsetAt(topic: Topic, timestamp: bigint): Promise<number> {
  const { topics } = await session.quietly('ListOffsets', 4, {
    replicaId: -1,
    isolationLevel: 0,
    topics: [{ name: topic.name, partitions: [{ partitionIndex: 0, timestamp }] }],
  });
  return topics[0]?.partitions[0]?.offset ?? -1;
}

const ALL = Array.from({ length: PARTITIONS }, () => true);
const NONE = ALL.map(() => false);

test('the logs of a topic follow its settings, on every shard, and again after kill -9', async () => {
  const topic = await session.create('own', PARTITIONS);
  const other = await session.create('other', PARTITIONS);
  assert.deepEqual(await stamped(topic), NONE);
  await alter([RESOURCE.topic, topic.name, [['message.timestamp.type', SET, 'LogAppendTime']]]);
  assert.deepEqual([await stamped(topic), await stamped(other)], [ALL, NONE]);
  await killAndStart();
  assert.deepEqual([await stamped(topic), await stamped(other)], [ALL, NONE]);
  await alter([RESOURCE.topic, topic.name, [['message.timestamp.type', DELETE, null]]]);
  assert.deepEqual(await stamped(topic), NONE);
});

test('shorter retention deletes what a running log has', async () => {
  // Its records are of long ago.
  const topic = await session.create('short', 1, { 'retention.ms': '-1' });
  for (let i = 0; i < 3; i++) assert.equal((await produce(topic)).errorCode, 0);
  assert.deepEqual([await offsetAt(topic, EARLIEST), await offsetAt(topic, LATEST)], [0, 3]);
  await alter([RESOURCE.topic, topic.name, [['retention.ms', SET, '1']]]);
  while ((await offsetAt(topic, EARLIEST)) < 3);
  await alter([
    RESOURCE.topic,
    topic.name,
    [
      ['retention.ms', SET, '-1'],
      ['cleanup.policy', APPEND, 'compact'],
    ],
  ]);
  assert.equal((await produce(topic)).errorCode, 0);
  assert.deepEqual([await offsetAt(topic, EARLIEST), await offsetAt(topic, LATEST)], [3, 4]);
});

test('all topics follow the dynamic settings of brokers; one broker’s win over all brokers’, and a topic’s over both', async () => {
  const topic = await session.create('plain', PARTITIONS);
  const own = await session.create('with', PARTITIONS, { 'message.timestamp.type': 'LogAppendTime' });
  const type = 'log.message.timestamp.type';
  await alter([
    RESOURCE.broker,
    '',
    [
      [type, SET, 'LogAppendTime'],
      ['message.max.bytes', SET, '300'],
    ],
  ]);
  assert.deepEqual(await stamped(topic), ALL);
  assert.equal((await produce(topic, 0, 'v'.repeat(400))).errorCode, MESSAGE_TOO_LARGE);
  await alter([RESOURCE.broker, '1', [[type, SET, 'CreateTime']]]);
  assert.deepEqual([await stamped(topic), await stamped(own)], [NONE, ALL]);
  await killAndStart();
  assert.deepEqual([await stamped(topic), await stamped(own)], [NONE, ALL]);
  assert.equal((await produce(topic, 3, 'v'.repeat(400))).errorCode, MESSAGE_TOO_LARGE);
  // A topic that is created now is as the others.
  const late = await session.create('late', PARTITIONS);
  assert.deepEqual(await stamped(late), NONE);
  await alter([RESOURCE.broker, '1', [[type, DELETE, null]]]);
  assert.deepEqual([await stamped(topic), await stamped(late)], [ALL, ALL]);
  await alter([
    RESOURCE.broker,
    '',
    [
      [type, DELETE, null],
      ['message.max.bytes', DELETE, null],
    ],
  ]);
  assert.deepEqual(await stamped(topic), NONE);
  assert.equal((await produce(topic, 0, 'v'.repeat(400))).errorCode, 0);
});

/** A connection more, where it is served. */
async function another(): Promise<RawClient | null> {
  const client = await RawClient.open(broker.port);
  try {
    await client.ask('ApiVersions', 3, { clientSoftwareName: 'test', clientSoftwareVersion: '1' });
    return client;
  } catch (error) {
    if (!(error instanceof ClosedError)) throw error;
    return null;
  }
}

async function isServed(): Promise<boolean> {
  const client = await another();
  client?.close();
  return client !== null;
}

/** Asks until there is a connection more: who has closed one is counted until the broker knows. */
async function held(): Promise<RawClient> {
  for (;;) {
    const client = await another();
    if (client !== null) return client;
  }
}

test('the acceptor follows dynamic limits of connections, and again after kill -9', async () => {
  let one = await held();
  assert.equal(await isServed(), true);
  await alter([RESOURCE.broker, '1', [['max.connections.per.ip', SET, '2']]]);
  while (await isServed());
  one.close();
  await killAndStart();
  await session.client();
  one = await held();
  while (await isServed());
  await alter([RESOURCE.broker, '1', [['max.connections.per.ip.overrides', SET, '127.0.0.1:100']]]);
  while (!(await isServed()));
  const names = ['max.connections.per.ip', 'max.connections.per.ip.overrides'];
  await alter([RESOURCE.broker, '1', names.map((name) => [name, DELETE, null] as const)]);
  assert.equal(await isServed(), true);
  one.close();
});

interface Member {
  readonly groupId: string;
  readonly memberId: string;
  readonly topic: Topic;
}

async function heartbeat({ groupId, memberId, topic }: Member, memberEpoch: number) {
  return session.quietly('ConsumerGroupHeartbeat', 1, {
    groupId,
    memberId,
    memberEpoch,
    rebalanceTimeoutMs: 30_000,
    subscribedTopicNames: [topic.name],
    topicPartitions: [],
  });
}

async function membersOf(groupId: string): Promise<number> {
  const { groups } = await session.quietly('ConsumerGroupDescribe', 1, {
    groupIds: [groupId],
    includeAuthorizedOperations: false,
  });
  assert.equal(groups[0]?.errorCode, 0);
  return groups[0].members.length;
}

test('members of a group are told its own heartbeat interval and die of its own session timeout; other groups are as the broker says', async () => {
  const topic = await session.create('read', PARTITIONS);
  const quick: Member = { groupId: await session.group('quick'), memberId: 'AAAAAAAAAAAAAAAAAAAAAA', topic };
  const plain: Member = { groupId: await session.group('plain'), memberId: 'AAAAAAAAAAAAAAAAAAAAAQ', topic };
  const joined = await heartbeat(quick, 0);
  assert.deepEqual([joined.errorCode, joined.heartbeatIntervalMs], [0, 5000]);
  assert.equal((await heartbeat(plain, 0)).errorCode, 0);
  await alter([RESOURCE.group, quick.groupId, [['consumer.heartbeat.interval.ms', SET, '70']]]);
  const told = await heartbeat(quick, joined.memberEpoch);
  assert.deepEqual([told.errorCode, told.heartbeatIntervalMs], [0, 70]);
  await alter([RESOURCE.group, quick.groupId, [['consumer.session.timeout.ms', SET, '150']]]);
  const last = await heartbeat(quick, told.memberEpoch);
  assert.equal(last.errorCode, 0);
  while ((await membersOf(quick.groupId)) > 0);
  assert.equal((await heartbeat(quick, last.memberEpoch)).errorCode, UNKNOWN_MEMBER_ID);
  assert.equal(await membersOf(plain.groupId), 1);
  // Who joins after a restart is told the group's interval from the beginning.
  await killAndStart();
  await session.group('quick');
  const again = { ...quick, groupId: quick.groupId };
  for (;;) {
    const { errorCode, heartbeatIntervalMs } = await heartbeat(again, 0);
    if (errorCode === 14 || errorCode === 16) continue;
    assert.deepEqual([errorCode, heartbeatIntervalMs], [0, 70]);
    break;
  }
});
