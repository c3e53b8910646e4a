/** Where our answers are not Kafka's: what we do not serve yet, and what Kafka answers badly or never. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiNameOfKey } from '../../src/protocol/schema/index.ts';
import { TestBroker } from '../harness/broker.ts';
import { RawClient, servedVersions } from '../harness/client.ts';
import { targetAt } from '../harness/replay.ts';
import { Session, type Target } from '../harness/session.ts';

const COORDINATOR_NOT_AVAILABLE = 15;
const INVALID_REQUEST = 42;
const INVALID_RECORD = 87;

let broker: TestBroker;
let target: Target;

before(async () => {
  broker = await TestBroker.start({ overrides: { 'shard.count': 2 } });
  target = await targetAt(broker.port);
});

after(async () => {
  const { output } = broker;
  await broker.close();
  assert.doesNotMatch(output, /a request met a bug|is dead/);
});

test('ApiVersions tells what is served and nothing else', async () => {
  const client = await RawClient.open(target.port);
  const { apiKeys } = await client.ask('ApiVersions', 4, { clientSoftwareName: 'raw', clientSoftwareVersion: '1' });
  client.close();
  const told = apiKeys.map(
    ({ apiKey, minVersion, maxVersion }) => `${apiNameOfKey(apiKey)} ${minVersion}-${maxVersion}`,
  );
  assert.deepEqual(told, [
    'Produce 0-13',
    'Fetch 4-18',
    'ListOffsets 1-11',
    'Metadata 0-13',
    'OffsetCommit 2-10',
    'OffsetFetch 1-10',
    'FindCoordinator 0-6',
    'JoinGroup 0-9',
    'Heartbeat 0-4',
    'LeaveGroup 0-5',
    'SyncGroup 0-5',
    'DescribeGroups 0-6',
    'ListGroups 0-5',
    'ApiVersions 0-5',
    'CreateTopics 2-7',
    'DeleteTopics 1-6',
    'DeleteRecords 0-2',
    'InitProducerId 0-5',
    'OffsetForLeaderEpoch 2-4',
    'AddPartitionsToTxn 0-5',
    'AddOffsetsToTxn 0-4',
    'EndTxn 0-5',
    'WriteTxnMarkers 1-2',
    'TxnOffsetCommit 0-6',
    'DescribeConfigs 1-4',
    'AlterConfigs 0-2',
    'CreatePartitions 0-3',
    'DeleteGroups 0-3',
    'IncrementalAlterConfigs 0-1',
    'OffsetDelete 0-0',
    'DescribeCluster 0-2',
    'DescribeProducers 0-0',
    'DescribeTransactions 0-0',
    'ListTransactions 0-2',
    'ConsumerGroupHeartbeat 0-1',
    'ConsumerGroupDescribe 0-1',
    'DescribeTopicPartitions 0-0',
  ]);
});

test('Produce before version 3 is advertised for old clients, and refused', async () => {
  for (const version of [0, 1, 2]) {
    const client = await RawClient.open(target.port);
    const frame = Buffer.alloc(14);
    frame.writeInt32BE(10, 0);
    frame.writeInt16BE(version, 6);
    client.send(frame);
    await client.untilClosed();
  }
});

test('FindCoordinator finds none for share groups, which are not served', async () => {
  const session = new Session(target, 0);
  const keys = ['a', 'b'].map((key) => `${key}:AAAAAAAAAAAAAAAAAAAAAQ:0`);
  const { coordinators } = await session.quietly('FindCoordinator', 6, { keyType: 2, key: '', coordinatorKeys: keys });
  assert.deepEqual(
    coordinators.map(({ key, errorCode, nodeId, host, port }) => [key, errorCode, nodeId, host, port]),
    keys.map((key) => [key, COORDINATOR_NOT_AVAILABLE, -1, '', -1]),
  );
  session.close();
});

test('AddPartitionsToTxn of no transaction is answered; Kafka never answers it', async () => {
  const session = new Session(target, 0);
  for (const version of [4, 5]) {
    const answer = await session.quietly('AddPartitionsToTxn', version, {
      transactions: [],
      v3AndBelowTransactionalId: '',
      v3AndBelowProducerId: 0,
      v3AndBelowProducerEpoch: 0,
      v3AndBelowTopics: [],
    });
    assert.deepEqual([answer.errorCode, answer.resultsByTransaction], [0, []]);
  }
  session.close();
});

test('WriteTxnMarkers of a partition twice is answered; Kafka never answers it', async () => {
  const session = new Session(target, 0);
  const topic = await session.create('marked');
  for (const version of servedVersions('WriteTxnMarkers')) {
    const topics = [{ name: topic.name, partitionIndexes: [0, 0] }];
    const marker = { producerId: 1000, producerEpoch: 0, transactionResult: true, coordinatorEpoch: 0, topics };
    const { markers } = await session.quietly('WriteTxnMarkers', version, { markers: [marker] });
    assert.deepEqual(markers, [
      { producerId: 1000, topics: [{ name: topic.name, partitions: [{ partitionIndex: 0, errorCode: 0 }] }] },
    ]);
  }
  session.close();
});

test('Produce without records is refused; Kafka never answers it', async () => {
  const session = new Session(target, 0);
  const topic = await session.create('a');
  for (const version of servedVersions('Produce')) {
    const { responses } = await session.quietly('Produce', version, session.produceOf([{ topic, records: null }]));
    assert.equal(responses[0]?.partitionResponses[0]?.errorCode, INVALID_RECORD);
  }
  session.close();
});

test('a topic that Metadata makes is told in the same answer', async () => {
  const session = new Session(target, 0);
  for (const version of servedVersions('Metadata')) {
    const name = session.name(`auto-${version}`);
    const { topics } = await session.quietly('Metadata', version, {
      topics: [{ name }],
      allowAutoTopicCreation: true,
      includeTopicAuthorizedOperations: false,
      includeClusterAuthorizedOperations: false,
    });
    assert.deepEqual([topics[0]?.errorCode, topics[0]?.name, topics[0]?.partitions.length], [0, name, 1]);
    const topic = { name, id: topics[0]?.topicId ?? ('' as never) };
    await session.append(topic, ['at once']);
  }
  session.close();
});

test('DescribeConfigs knows topics, brokers and groups only', async () => {
  const session = new Session(target, 0);
  for (const resourceType of [8, 16]) {
    const resources = [{ resourceType, resourceName: resourceType === 8 ? '1' : 'x', configurationKeys: null }];
    const { results } = await session.quietly('DescribeConfigs', 4, { resources });
    assert.deepEqual([results[0]?.errorCode, results[0]?.configs.length], [INVALID_REQUEST, 0]);
    assert.match(results[0]?.errorMessage ?? '', /are not described by this broker/);
  }
  session.close();
});
