/**
 * Groups of client libraries on a broker process, where time or a restart decides: offsets that expire while a group has members (KIP-211), members
 * that join while their coordinator loads, and a group with settings of its own.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { Consumer as Platformatic } from '@platformatic/kafka';
import { type Consumer, Kafka, logLevel } from 'kafkajs';
import { incremental, RESOURCE, SET } from '../api/altered-configs.ts';
import { TestBroker } from '../harness/broker.ts';
import { RawClient } from '../harness/client.ts';
import { targetAt } from '../harness/replay.ts';
import { Session, type Topic } from '../harness/session.ts';

const LOADING = 14;
const NOT_COORDINATOR = 16;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function started(t: TestContext, overrides: Readonly<Record<string, string | number>>): Promise<TestBroker> {
  const broker = await TestBroker.start({ overrides: { 'shard.count': 2, ...overrides } });
  t.after(async () => {
    const { output } = broker;
    await broker.close();
    assert.doesNotMatch(output, /met a bug|is dead/);
  });
  return broker;
}

async function sessionOf(t: TestContext, { port }: TestBroker): Promise<Session> {
  const session = new Session(await targetAt(port), 0);
  t.after(() => session.close());
  return session;
}

interface Member {
  readonly memberId: string;
  readonly generationId: number;
}

const NOBODY: Member = { memberId: '', generationId: -1 };

/** Commits in the name of a member, for as long as it says: only versions 2 to 4 can. */
async function commit(
  session: Session,
  groupId: string,
  { memberId, generationId }: Member,
  topics: readonly Topic[],
  retentionTimeMs: number,
): Promise<void> {
  // Within the empty logs: else kafkajs, where it looks later, commits its own choice for good.
  const partitions = [{ partitionIndex: 0, committedOffset: 0n, committedMetadata: '' }];
  const { topics: answered } = await session.quietly('OffsetCommit', 4, {
    groupId,
    generationIdOrMemberEpoch: generationId,
    memberId,
    retentionTimeMs,
    topics: topics.map(({ name }) => ({ name, partitions })),
  });
  for (const topic of answered) assert.equal(topic.partitions[0]?.errorCode, 0);
}

/** Topics of which the group has an offset. */
async function committed(session: Session, groupId: string): Promise<string[]> {
  const { errorCode, topics } = await session.quietly('OffsetFetch', 7, { groupId, topics: null, groups: [] });
  assert.equal(errorCode, 0);
  return topics.map(({ name }) => name).toSorted();
}

async function isListed(session: Session, groupId: string): Promise<boolean> {
  const { groups } = await session.quietly('ListGroups', 5, { statesFilter: [], typesFilter: [] });
  return groups.some((group) => group.groupId === groupId);
}

function kafkaOf({ port }: TestBroker): Kafka {
  const retry = { initialRetryTime: 50, retries: 100 };
  return new Kafka({ clientId: 'test', brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING, retry });
}

/** A kafkajs consumer that reads, and the id that its group knows it by. */
async function kafkajsMember(
  kafka: Kafka,
  groupId: string,
  topic: string,
): Promise<{ consumer: Consumer; memberId: string }> {
  const consumer = kafka.consumer({ groupId, sessionTimeout: 30_000, heartbeatInterval: 200, maxWaitTimeInMs: 100 });
  const { promise, resolve } = Promise.withResolvers<string>();
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => resolve(payload.memberId));
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ autoCommit: false, eachMessage: () => Promise.resolve() });
  return { consumer, memberId: await promise };
}

/** A client library in a process of its own (test/interop/group-members.ts), which can die without leaving. */
class Apart {
  readonly #process: ChildProcess;
  /** What it has said. */
  readonly said: string[] = [];

  constructor(t: TestContext, library: string, port: number, topic: string, groupId: string, protocol: string) {
    const script = join(import.meta.dirname, '..', 'interop', 'group-members.ts');
    const args = [script, library, `127.0.0.1:${port}`, topic, groupId, protocol];
    this.#process = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    createInterface({ input: this.#process.stdout! }).on('line', (line) => this.said.push(line));
    this.#process.stdin!.write('join a\n');
    t.after(() => this.kill());
  }

  async hears(line: RegExp): Promise<void> {
    while (!this.said.some((one) => line.test(one))) await pause(10);
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}

const EXPIRING = { 'offsets.retention.check.interval.ms': 50, 'group.initial.rebalance.delay.ms': 0 };

test('while kafkajs is in its group, offsets of what it reads do not expire, others do; when it is gone, all do', async (t) => {
  const broker = await started(t, EXPIRING);
  const session = await sessionOf(t, broker);
  const read = await session.create('read');
  const other = await session.create('other');
  const groupId = await session.group('classic');
  const { consumer, memberId } = await kafkajsMember(kafkaOf(broker), groupId, read.name);
  await commit(session, groupId, { memberId, generationId: 1 }, [read, other], 1);
  while ((await committed(session, groupId)).includes(other.name));
  // Both could have gone in that search, and in many since.
  for (let looks = 0; looks < 20; looks++) {
    assert.deepEqual(await committed(session, groupId), [read.name]);
    await pause(20);
  }
  await consumer.disconnect();
  while (await isListed(session, groupId));
  assert.deepEqual(await committed(session, groupId), []);
});

test('while a member of the consumer protocol is in its group, offsets of what it reads do not expire, others do', async (t) => {
  const broker = await started(t, EXPIRING);
  const session = await sessionOf(t, broker);
  const read = await session.create('read');
  const other = await session.create('other');
  // Members of this protocol cannot say how long; who comes before them can. Longer, where they expire before the member is there.
  for (let retentionMs = 2000; ; retentionMs *= 2) {
    const groupId = await session.group(`new-${retentionMs}`);
    await commit(session, groupId, NOBODY, [read, other], retentionMs);
    const consumer = new Platformatic({
      clientId: 'test',
      groupId,
      bootstrapBrokers: [`127.0.0.1:${broker.port}`],
      maxWaitTime: 50,
      autocommit: false,
      groupProtocol: 'consumer',
    });
    const stream = await consumer.consume({ topics: [read.name], mode: 'committed', fallbackMode: 'earliest' });
    const isInTime = (await committed(session, groupId)).length === 2;
    if (isInTime) {
      while ((await committed(session, groupId)).includes(other.name));
      for (let looks = 0; looks < 20; looks++) {
        assert.deepEqual(await committed(session, groupId), [read.name]);
        await pause(20);
      }
    }
    await stream.close();
    await consumer.close(true);
    if (!isInTime) continue;
    while (await isListed(session, groupId));
    return;
  }
});

const PARTITIONS = 1000;

/** Commits every partition of the topic `times` times: as much to load. */
async function fill(session: Session, { name }: Topic, groups: readonly string[], times: number): Promise<void> {
  for (const groupId of groups) {
    for (let time = 1; time <= times; time++) {
      const partitions = Array.from({ length: PARTITIONS }, (_, partitionIndex) => ({
        partitionIndex,
        committedOffset: BigInt(time),
        committedMetadata: `of ${groupId}`,
      }));
      const topics = [{ name, partitions }];
      const request = { groupId, generationIdOrMemberEpoch: -1, memberId: '', topics };
      const answer = await session.quietly('OffsetCommit', 8, request);
      assert.ok(answer.topics[0]?.partitions.every(({ errorCode }) => errorCode === 0));
    }
  }
}

/** Joins until somebody answers; the codes before that. */
async function joinedAfter(client: RawClient, groupId: string): Promise<number[]> {
  const codes: number[] = [];
  for (;;) {
    const { errorCode } = await client.ask('JoinGroup', 3, {
      groupId,
      sessionTimeoutMs: 30_000,
      rebalanceTimeoutMs: 30_000,
      memberId: '',
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from([0, 1, 0, 0, 0, 0, 0, 0, 0, 0]) }],
    });
    if (errorCode === 0) return codes;
    codes.push(errorCode);
  }
}

test('who joins while the coordinator loads is told so, and is taken when it has; kafkajs gets through, nothing is lost', async (t) => {
  const broker = await started(t, { 'offsets.topic.num.partitions': 1, 'group.initial.rebalance.delay.ms': 0 });
  let session = await sessionOf(t, broker);
  const many = await session.create('many', PARTITIONS);
  const read = await session.create('read');
  const groups = [await session.group('a'), await session.group('b')];
  const rawGroup = await session.group('raw');
  const realGroup = await session.group('real');
  // Until the broker is busy with it for long enough that a client meets it.
  for (let times = 50; ; times *= 2) {
    await fill(session, many, groups, times);
    session.close();
    await broker.kill();
    await broker.startAgain();
    const client = await RawClient.open(broker.port);
    const member = new Apart(t, 'kafkajs', broker.port, read.name, realGroup, 'eager');
    const codes = await joinedAfter(client, rawGroup);
    await member.hears(/^joined/);
    member.kill();
    client.close();
    assert.deepEqual(
      [...new Set(codes)].filter((code) => code !== LOADING && code !== NOT_COORDINATOR),
      [],
    );
    session = new Session(await targetAt(broker.port), 0);
    for (const groupId of groups) {
      const { topics } = await session.quietly('OffsetFetch', 7, { groupId, topics: null, groups: [] });
      const offsets = topics[0]?.partitions.map(({ committedOffset, metadata }) => [committedOffset, metadata]) ?? [];
      assert.equal(offsets.length, PARTITIONS);
      for (const offset of offsets) assert.deepEqual(offset, [BigInt(times), `of ${groupId}`]);
    }
    if (!codes.includes(LOADING)) continue;
    session.close();
    return;
  }
});

test('a member of the consumer protocol obeys the heartbeat interval of its group, and the group its own session timeout', async (t) => {
  const HOUR = 3_600_000;
  // Of the broker: a member hears nothing for an hour, and is not missed for two.
  const broker = await started(t, {
    'group.consumer.heartbeat.interval.ms': HOUR,
    'group.consumer.max.heartbeat.interval.ms': HOUR,
    'group.consumer.session.timeout.ms': 2 * HOUR,
    'group.consumer.max.session.timeout.ms': 2 * HOUR,
    'group.consumer.min.session.timeout.ms': 1000,
    'group.consumer.min.heartbeat.interval.ms': 50,
  });
  const session = await sessionOf(t, broker);
  const read = await session.create('read');
  const groupId = await session.group('own');
  const settings = incremental([
    [
      RESOURCE.group,
      groupId,
      [
        ['consumer.session.timeout.ms', SET, '5000'],
        ['consumer.heartbeat.interval.ms', SET, '100'],
      ],
    ],
  ]);
  const { responses } = await session.quietly('IncrementalAlterConfigs', 1, settings);
  assert.equal(responses[0]?.errorCode, 0);
  const member = new Apart(t, 'platformatic', broker.port, read.name, groupId, 'consumer');
  await member.hears(/^joined/);
  // Only a heartbeat brings a member what it is given now: its epoch stands still without.
  const more = { topics: [{ name: read.name, count: 2, assignments: null }], timeoutMs: 30_000, validateOnly: false };
  const { results } = await session.quietly('CreatePartitions', 3, more);
  assert.equal(results[0]?.errorCode, 0);
  const members = async () => {
    const asked = { groupIds: [groupId], includeAuthorizedOperations: false };
    const { groups } = await session.quietly('ConsumerGroupDescribe', 1, asked);
    return groups[0]?.members ?? [];
  };
  const has = async (): Promise<readonly number[]> =>
    (await members())[0]?.assignment.topicPartitions[0]?.partitions ?? [];
  while ((await has()).length < 2);
  member.kill();
  while ((await members()).length > 0);
});
