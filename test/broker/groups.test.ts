/**
 * The coordinators of groups in a broker process: what was acknowledged survives kill -9 at any moment, what is loaded again is what there
 * was, and the internal topic is what Kafka's would be.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '../../src/base/prng.ts';
import { batchOf } from '../harness/batches.ts';
import { TestBroker } from '../harness/broker.ts';
import { ClosedError, RawClient } from '../harness/client.ts';
import type { RequestInputOf } from '../../src/protocol/schema/index.ts';

const NONE = 0;
const LOADING = 14;
const NOT_AVAILABLE = 15;
const NOT_COORDINATOR = 16;
const INVALID_TOPIC = 17;
const MEMBER_ID_REQUIRED = 79;
const GROUP_MAX_SIZE_REACHED = 81;
const TOPIC = 'read';
const PARTITIONS = 3;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function prepared(shards: number): Promise<{ broker: TestBroker; client: RawClient }> {
  const broker = await TestBroker.start({
    overrides: { 'shard.count': shards, 'group.initial.rebalance.delay.ms': 0 },
  });
  const client = await RawClient.open(broker.port);
  const { topics } = await client.ask('CreateTopics', 7, {
    topics: [{ name: TOPIC, numPartitions: PARTITIONS, replicationFactor: 1, assignments: [], configs: [] }],
  });
  assert.equal(topics[0]?.errorCode, NONE);
  await coordinatorFound(client);
  return { broker, client };
}

async function coordinatorFound(client: RawClient): Promise<void> {
  for (;;) {
    const { coordinators } = await client.ask('FindCoordinator', 4, { key: '', keyType: 0, coordinatorKeys: ['any'] });
    if (coordinators[0]?.errorCode === NONE) return;
    assert.equal(coordinators[0]?.errorCode, NOT_AVAILABLE);
    await pause(20);
  }
}

/** Commits one offset for each partition; the codes of the partitions. */
async function commit(client: RawClient, groupId: string, offset: number): Promise<number[]> {
  const partitions = Array.from({ length: PARTITIONS }, (_, partitionIndex) => ({
    partitionIndex,
    committedOffset: BigInt(offset),
    committedLeaderEpoch: -1,
    committedMetadata: `of ${groupId}`,
  }));
  const request = { groupId, generationIdOrMemberEpoch: -1, memberId: '', topics: [{ name: TOPIC, partitions }] };
  const { topics } = await client.ask('OffsetCommit', 8, request);
  return topics.flatMap((topic) => topic.partitions.map(({ errorCode }) => errorCode));
}

/** What a group has committed, by partition; asks again while its coordinator loads. */
async function committed(client: RawClient, groupId: string): Promise<Map<number, number>> {
  for (;;) {
    const { groups } = await client.ask('OffsetFetch', 8, {
      groupId: '',
      topics: [],
      groups: [{ groupId, topics: null }],
      requireStable: false,
    });
    const [group] = groups;
    if (group?.errorCode === LOADING || group?.errorCode === NOT_COORDINATOR) {
      await pause(5);
      continue;
    }
    assert.equal(group?.errorCode, NONE);
    const parts = group.topics.flatMap(({ partitions }) => partitions);
    for (const { metadata } of parts) assert.equal(metadata, `of ${groupId}`);
    return new Map(parts.map(({ partitionIndex, committedOffset }) => [partitionIndex, Number(committedOffset)]));
  }
}

test('what was acknowledged survives kill -9 under load; a group has all of a commit or nothing', async () => {
  const { broker, client } = await prepared(2);
  client.close();
  const random = new SeededRandom(11);
  const groups = Array.from({ length: 24 }, (_, index) => ({ id: `group-${index}`, sent: 0, acknowledged: 0 }));
  try {
    for (let kill = 0; kill < 3; kill++) {
      const load = groups.map(async (group) => {
        const own = await RawClient.open(broker.port);
        try {
          for (;;) {
            const offset = ++group.sent;
            const codes = await commit(own, group.id, offset);
            if (codes.every((code) => code === NONE)) group.acknowledged = offset;
            else
              assert.ok(
                codes.every((code) => code === LOADING || code === NOT_COORDINATOR),
                String(codes),
              );
          }
        } catch (error) {
          if (!(error instanceof ClosedError)) throw error;
        }
      });
      await pause(200 + random.below(400));
      await broker.kill();
      await Promise.all(load);
      await broker.startAgain();
      const reader = await RawClient.open(broker.port);
      for (const { id, sent, acknowledged } of groups) {
        const offsets = [...(await committed(reader, id)).values()];
        assert.equal(
          new Set(offsets).size,
          acknowledged === 0 && offsets.length === 0 ? 0 : 1,
          `${id}: ${offsets.join()}`,
        );
        const [offset = 0] = offsets;
        assert.ok(offset >= acknowledged && offset <= sent, `${id}: ${acknowledged} <= ${offset} <= ${sent}`);
      }
      reader.close();
    }
    assert.ok(groups.some(({ acknowledged }) => acknowledged > 0));
  } finally {
    await broker.stop();
  }
});

/** Everything that clients can ask of the groups, as text. */
async function view(client: RawClient, groupIds: readonly string[]): Promise<string> {
  const lists = await client.ask('ListGroups', 5, { statesFilter: [], typesFilter: [] });
  assert.equal(lists.errorCode, NONE);
  const listed = lists.groups.toSorted((a, b) => (a.groupId < b.groupId ? -1 : 1));
  const offsets = [];
  for (const groupId of groupIds) offsets.push([groupId, [...(await committed(client, groupId))]]);
  const described = await client.ask('DescribeGroups', 5, {
    groups: [...groupIds],
    includeAuthorizedOperations: false,
  });
  const consumers = await client.ask('ConsumerGroupDescribe', 1, {
    groupIds: listed.filter(({ groupType }) => groupType === 'consumer').map(({ groupId }) => groupId),
    includeAuthorizedOperations: false,
  });
  return JSON.stringify([listed, offsets, described.groups, consumers.groups], (_key, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
}

/** Joins alone, as the leader of a group; the member id. */
async function join(client: RawClient, groupId: string, groupInstanceId: string | null): Promise<string> {
  let memberId = '';
  for (;;) {
    const joined = await client.ask('JoinGroup', 7, {
      groupId,
      sessionTimeoutMs: 30_000,
      rebalanceTimeoutMs: 30_000,
      memberId,
      groupInstanceId,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from([0, 1, 0, 0, 0, 0, 0, 0, 0, 0]) }],
    });
    memberId = joined.memberId;
    if (joined.errorCode === MEMBER_ID_REQUIRED) continue;
    assert.equal(joined.errorCode, NONE);
    const synced = await client.ask('SyncGroup', 4, {
      groupId,
      generationId: joined.generationId,
      memberId,
      groupInstanceId,
      assignments: [{ memberId, assignment: Buffer.from(`all of ${groupId}`) }],
    });
    assert.equal(synced.errorCode, NONE);
    assert.equal(synced.assignment.toString(), `all of ${groupId}`);
    return memberId;
  }
}

/** Joins a group of the consumer protocol (KIP-848) and takes what it is given. */
async function heartbeat(client: RawClient, groupId: string): Promise<void> {
  const request = {
    groupId,
    memberId: `member-of-${groupId}`,
    instanceId: null,
    rackId: null,
    rebalanceTimeoutMs: 30_000,
    subscribedTopicNames: [TOPIC],
    subscribedTopicRegex: null,
    serverAssignor: null,
    topicPartitions: [],
  };
  const joined = await client.ask('ConsumerGroupHeartbeat', 1, { ...request, memberEpoch: 0 });
  assert.equal(joined.errorCode, NONE);
  const assigned = joined.assignment?.topicPartitions ?? [];
  assert.equal(assigned[0]?.partitions.length, PARTITIONS);
  const again = { ...request, memberEpoch: joined.memberEpoch, topicPartitions: assigned };
  assert.equal((await client.ask('ConsumerGroupHeartbeat', 1, again)).errorCode, NONE);
}

test('what is loaded again is what there was: offsets, members of both protocols, deleted groups', async () => {
  const { broker, client } = await prepared(3);
  try {
    const ids = Array.from({ length: 40 }, (_, index) => `again-${index}`);
    for (const [index, id] of ids.entries()) {
      for (let offset = 1; offset <= 3; offset++)
        assert.deepEqual(new Set(await commit(client, id, offset)), new Set([NONE]));
      if (index % 4 === 0) {
        const { results } = await client.ask('DeleteGroups', 2, { groupsNames: [id] });
        assert.equal(results[0]?.errorCode, NONE);
      }
    }
    for (const id of ['joined-1', 'joined-2']) await join(client, id, `${id}-static`);
    for (const id of ['new-1', 'new-2']) await heartbeat(client, id);
    const all = [...ids, 'joined-1', 'joined-2'];
    const before = await view(client, all);
    assert.match(before, /Stable/);
    assert.match(before, /member-of-new-2/);
    for (const how of ['kill', 'stop'] as const) {
      await broker[how]();
      await broker.startAgain();
      const again = await RawClient.open(broker.port);
      await Promise.all(all.map((id) => committed(again, id)));
      assert.equal(await view(again, all), before);
      again.close();
    }
  } finally {
    await broker.stop();
  }
});

test('a group that has as many members as it may takes no more, of either protocol', async () => {
  const overrides = {
    'shard.count': 2,
    'group.initial.rebalance.delay.ms': 0,
    'group.max.size': 1,
    'group.consumer.max.size': 1,
  };
  const broker = await TestBroker.start({ overrides });
  try {
    const client = await RawClient.open(broker.port);
    const topics = [{ name: TOPIC, numPartitions: PARTITIONS, replicationFactor: 1, assignments: [], configs: [] }];
    await client.ask('CreateTopics', 7, { topics });
    await coordinatorFound(client);
    await join(client, 'classic', null);
    const second = await client.ask('JoinGroup', 3, {
      groupId: 'classic',
      sessionTimeoutMs: 30_000,
      rebalanceTimeoutMs: 30_000,
      memberId: '',
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from([0, 1, 0, 0, 0, 0, 0, 0, 0, 0]) }],
    });
    assert.equal(second.errorCode, GROUP_MAX_SIZE_REACHED);
    await heartbeat(client, 'new');
    const third = await client.ask('ConsumerGroupHeartbeat', 1, {
      groupId: 'new',
      memberId: 'somebody-else',
      memberEpoch: 0,
      rebalanceTimeoutMs: 30_000,
      subscribedTopicNames: [TOPIC],
      topicPartitions: [],
    });
    assert.equal(third.errorCode, GROUP_MAX_SIZE_REACHED);
    client.close();
  } finally {
    await broker.stop();
  }
});

test('a stop answers members that wait for others', async () => {
  const { broker, client } = await prepared(2);
  try {
    const memberId = await join(client, 'waiting', null);
    const second = await RawClient.open(broker.port);
    const request = {
      groupId: 'waiting',
      sessionTimeoutMs: 30_000,
      rebalanceTimeoutMs: 30_000,
      memberId: '',
      groupInstanceId: null,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from([0, 1, 0, 0, 0, 0, 0, 0, 0, 0]) }],
    };
    const { memberId: secondId } = await second.ask('JoinGroup', 7, request);
    const waits = second.ask('JoinGroup', 7, { ...request, memberId: secondId });
    for (;;) {
      const { groups } = await client.ask('DescribeGroups', 5, {
        groups: ['waiting'],
        includeAuthorizedOperations: false,
      });
      if (groups[0]?.groupState === 'PreparingRebalance') break;
      await pause(10);
    }
    assert.notEqual(memberId, '');
    const [answer, code] = await Promise.all([waits, broker.stop()]);
    assert.equal(answer.errorCode, NOT_COORDINATOR);
    assert.equal(code, 0);
  } finally {
    await broker.stop();
  }
});

test('the internal topic is made at the first question, with the settings of the broker, and clients do not write to it', async () => {
  const broker = await TestBroker.start({
    overrides: { 'shard.count': 2, 'offsets.topic.num.partitions': 7, 'offsets.topic.segment.bytes': 1048576 },
  });
  try {
    const client = await RawClient.open(broker.port);
    const asked = {
      topics: [{ name: '__consumer_offsets' }],
      allowAutoTopicCreation: true,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    };
    const nothing = await client.ask('Metadata', 9, asked);
    assert.equal(nothing.topics[0]?.partitions.length, 0);
    // Many ask at once, on both shards: it is made once.
    const clients = await Promise.all(Array.from({ length: 8 }, () => RawClient.open(broker.port)));
    await Promise.all(clients.map((one) => coordinatorFound(one)));
    for (const one of clients) one.close();
    const { topics } = await client.ask('Metadata', 9, asked);
    assert.deepEqual([topics[0]?.isInternal, topics[0]?.partitions.length], [true, 7]);
    const { results } = await client.ask('DescribeConfigs', 4, {
      resources: [{ resourceType: 2, resourceName: '__consumer_offsets', configurationKeys: null }],
    });
    const own = results[0]?.configs.filter(({ configSource }) => configSource === 1) ?? [];
    assert.deepEqual(own.map(({ name, value }) => `${name}=${value}`).toSorted(), [
      'cleanup.policy=compact',
      'compression.type=producer',
      'segment.bytes=1048576',
    ]);
    const writing: RequestInputOf<'Produce'> = {
      transactionalId: null,
      acks: -1,
      timeoutMs: 5000,
      topicData: [
        {
          name: '__consumer_offsets',
          partitionData: [{ index: 0, records: { kind: 'memory', bytes: batchOf(['no']) } }],
        },
      ],
    };
    const refused = await client.ask('Produce', 9, writing);
    assert.equal(refused.responses[0]?.partitionResponses[0]?.errorCode, INVALID_TOPIC);
    client.clientId = '__admin_client';
    const produced = await client.ask('Produce', 9, writing);
    assert.equal(produced.responses[0]?.partitionResponses[0]?.errorCode, 0);
  } finally {
    await broker.stop();
  }
});
