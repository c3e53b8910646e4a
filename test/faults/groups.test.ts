/**
 * The log directory of some of the groups fails while they commit: they are told to look for another coordinator, the others go on, and after a
 * restart on a disk that works nobody has lost what was acknowledged.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { partitionOfKey } from '../../src/protocol/coordinator-key.ts';
import { TestBroker } from '../harness/broker.ts';
import { ClosedError, RawClient } from '../harness/client.ts';
import { FaultyDisk } from './faulty-disk.ts';
import { connected, createTopic } from './traffic.ts';

const TOPIC = 'read';
const PARTITIONS = 9;
const GROUPS = 27;
const NONE = 0;
const LOADING = 14;
const NOT_AVAILABLE = 15;
const NOT_COORDINATOR = 16;
/** How often each group whose directory has failed is refused before the broker is stopped. */
const REFUSALS = 5;

class Committer {
  readonly groupId: string;
  sent = 0;
  acknowledged = 0;
  readonly refused = new Map<number, number>();

  constructor(groupId: string) {
    this.groupId = groupId;
  }

  get refusals(): number {
    return [...this.refused.values()].reduce((sum, count) => sum + count, 0);
  }

  async commit(client: RawClient): Promise<number> {
    const offset = ++this.sent;
    const partitions = [{ partitionIndex: 0, committedOffset: BigInt(offset), committedMetadata: '' }];
    const { topics } = await client.ask('OffsetCommit', 8, {
      groupId: this.groupId,
      generationIdOrMemberEpoch: -1,
      memberId: '',
      topics: [{ name: TOPIC, partitions }],
    });
    const code = topics[0]?.partitions[0]?.errorCode ?? -1;
    if (code === NONE) this.acknowledged = offset;
    else this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
    return code;
  }

  /** Commits one offset after the other until the connection ends. */
  async commitOn(port: number): Promise<void> {
    const client = await RawClient.open(port);
    try {
      for (;;) await this.commit(client);
    } catch (error) {
      if (!(error instanceof ClosedError)) throw error;
    }
  }
}

async function joinCode(client: RawClient, groupId: string): Promise<number> {
  const { errorCode } = await client.ask('JoinGroup', 3, {
    groupId,
    sessionTimeoutMs: 30_000,
    rebalanceTimeoutMs: 30_000,
    memberId: '',
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.from([0, 0, 0, 0, 0, 0, 255, 255, 255, 255]) }],
  });
  return errorCode;
}

async function heartbeatCode(client: RawClient, groupId: string): Promise<number> {
  const { errorCode } = await client.ask('ConsumerGroupHeartbeat', 1, {
    groupId,
    memberId: 'AAAAAAAAAAAAAAAAAAAAAg',
    memberEpoch: 0,
    rebalanceTimeoutMs: 30_000,
    subscribedTopicNames: [TOPIC],
    topicPartitions: [],
  });
  return errorCode;
}

async function committedOffset(client: RawClient, groupId: string): Promise<number> {
  for (;;) {
    const { errorCode, topics } = await client.ask('OffsetFetch', 7, { groupId, topics: null, groups: [] });
    if (errorCode === LOADING || errorCode === NOT_COORDINATOR || errorCode === NOT_AVAILABLE) continue;
    assert.equal(errorCode, NONE);
    return Number(topics[0]?.partitions[0]?.committedOffset ?? 0);
  }
}

async function directoryFails(t: TestContext, error: 'EIO' | 'ENOSPC'): Promise<void> {
  const disk = FaultyDisk.create();
  if (disk === null) {
    t.skip('no C compiler, so no faults below a process');
    return;
  }
  const root = mkdtempSync(join(tmpdir(), 'odradek-faults-'));
  const path = (letter: string): string => join(root, letter);
  const broker = await TestBroker.start({
    overrides: {
      'shard.count': 2,
      'log.dirs': ['a', 'b', 'c'].map(path).join(','),
      'metadata.log.dir': path('m'),
      'offsets.topic.num.partitions': PARTITIONS,
      'group.initial.rebalance.delay.ms': 0,
    },
    env: disk.env,
  });
  t.after(async () => {
    await broker.close();
    disk.close();
    rmSync(root, { recursive: true, force: true });
  });
  const groups = Array.from({ length: GROUPS }, (_, index) => new Committer(`group-${index}`));
  await connected(broker.port, async (client) => {
    assert.equal(await createTopic(client, TOPIC, 1), NONE);
    await client.ask('FindCoordinator', 4, { key: '', keyType: 0, coordinatorKeys: ['any'] });
    for (const group of groups) while ((await group.commit(client)) !== NONE);
  });
  for (const { refused } of groups) refused.clear();
  const bad = new Set(readdirSync(path('b')).map((name) => /^__consumer_offsets-(\d+)$/.exec(name)?.[1]));
  const failing = groups.filter(({ groupId }) => bad.has(String(partitionOfKey(groupId, PARTITIONS))));
  const sound = groups.filter((group) => !failing.includes(group));
  assert.ok(failing.length > 0 && sound.length > 0, 'the directories share the groups');

  const load = groups.map((group) => group.commitOn(broker.port));
  while (groups.some(({ acknowledged }) => acknowledged < 10)) await new Promise(setImmediate);
  disk.inject(path('b'), { error });
  while (failing.some(({ refusals }) => refusals < REFUSALS)) await new Promise((resolve) => setTimeout(resolve, 5));
  const before = sound.map(({ acknowledged }) => acknowledged);
  while (sound.some(({ acknowledged }, index) => acknowledged < (before[index] ?? 0) + 10)) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await connected(broker.port, async (client) => {
    const groupId = failing[0]?.groupId ?? '';
    assert.equal(await joinCode(client, groupId), NOT_COORDINATOR);
    assert.equal(await heartbeatCode(client, groupId), NOT_COORDINATOR);
    assert.equal(await joinCode(client, sound[0]?.groupId ?? ''), NONE);
  });
  assert.equal(await broker.stop(), 0, broker.output);
  await Promise.all(load);
  for (const { groupId, refused } of failing) assert.deepEqual([...refused.keys()], [NOT_COORDINATOR], groupId);
  // The stop of the broker may refuse the last of them; a member has joined the first.
  for (const { groupId, refused } of sound.slice(1)) {
    assert.deepEqual(
      [...refused.keys()].filter((code) => code !== NOT_COORDINATOR),
      [],
      groupId,
    );
  }
  assert.doesNotMatch(broker.output, /met a bug|is dead/);

  disk.heal();
  await broker.startAgain();
  await connected(broker.port, async (client) => {
    for (const { groupId, acknowledged, sent } of groups) {
      const offset = await committedOffset(client, groupId);
      assert.ok(offset >= acknowledged && offset <= sent, `${groupId}: ${acknowledged} <= ${offset} <= ${sent}`);
    }
    for (const group of failing) assert.equal(await group.commit(client), NONE);
  });
  assert.equal(await broker.stop(), 0);
}

test('the directory of some groups answers EIO under load', (t) => directoryFails(t, 'EIO'));

test('the directory of some groups is full under load', (t) => directoryFails(t, 'ENOSPC'));
