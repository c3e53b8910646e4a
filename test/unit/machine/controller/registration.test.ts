/** Brokers come, are fenced, and lead; producer ids; deletion switched off; who may see settings. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Uuid } from '../../../../src/base/uuid.ts';
import { ERRORS } from '../../../../src/protocol/errors.ts';
import { type MetadataRecord, record, type RecordMessage } from '../../../../src/protocol/record/metadata-records.ts';
import type { ControllerAnswer } from '../../../../src/machine/controller/decision.ts';
import { Bench, bootstrapRecords, DIRECTORY, SECOND_DIRECTORY } from './fixture.ts';

const TOPIC = 'topic-id-1234567' as Uuid;

function codeOf(answer: ControllerAnswer): number | undefined {
  return answer !== null && 'errorCode' in answer ? answer.errorCode : undefined;
}

function partition(fields: Partial<RecordMessage<'partition'>>): MetadataRecord {
  return record('partition', {
    partitionId: 0,
    topicId: TOPIC,
    replicas: [1],
    isr: [1],
    removingReplicas: [],
    addingReplicas: [],
    leader: 1,
    leaderRecoveryState: 0,
    leaderEpoch: 4,
    partitionEpoch: 9,
    directories: [DIRECTORY],
    eligibleLeaderReplicas: null,
    lastKnownElr: null,
    ...fields,
  });
}

/** What unfencing writes for a partition in this state. */
function elected(fields: Partial<RecordMessage<'partition'>>): Record<string, unknown> | null {
  const bench = new Bench();
  bench.run({ kind: 'activate', bootstrap: bootstrapRecords });
  bench.register(1, [DIRECTORY]);
  for (const one of [record('topic', { name: 'a', topicId: TOPIC }), partition(fields)]) {
    bench.log.push(one);
    bench.controller.replay(one, bench.log.length - 1, 1);
  }
  const before = bench.log.length;
  bench.run({ kind: 'unfence', brokerId: 1 });
  const change = bench.log.slice(before).find(({ type }) => type === 'partitionChange');
  if (change === undefined) return null;
  const { isr, leader, leaderRecoveryState, eligibleLeaderReplicas, lastKnownElr } =
    change.message as RecordMessage<'partitionChange'>;
  return { isr, leader, leaderRecoveryState, elr: eligibleLeaderReplicas, last: lastKnownElr };
}

const STAYS = { isr: null, leaderRecoveryState: -1, elr: null, last: null };

test('activation of an empty log writes what it was formatted with, once', () => {
  const bench = new Bench();
  bench.run({ kind: 'activate', bootstrap: bootstrapRecords });
  assert.deepEqual(
    bench.log.map(({ type }) => type),
    ['featureLevel', 'featureLevel', 'featureLevel', 'featureLevel', 'config'],
  );
  assert.equal(bench.image.configs.of(4, '').get('min.insync.replicas'), '1');
  bench.run({ kind: 'activate', bootstrap: bootstrapRecords });
  assert.equal(bench.log.length, 5);
});

test('a transaction that was left open is aborted', () => {
  const bench = new Bench().start();
  bench.controller.replay(record('beginTransaction', { name: null }), bench.log.length, 1);
  bench.log.push(record('beginTransaction', { name: null }));
  bench.run({ kind: 'activate', bootstrap: [] });
  assert.equal(bench.log.at(-1)?.type, 'abortTransaction');
  assert.ok(!bench.image.inTransaction);
});

test('a broker registers fenced, with the offset as its epoch', () => {
  const bench = new Bench();
  bench.run({ kind: 'activate', bootstrap: bootstrapRecords });
  const answer = bench.register(1, [DIRECTORY], 'rack');
  assert.deepEqual(answer, { throttleTimeMs: 0, errorCode: ERRORS.NONE, brokerEpoch: 5 });
  const broker = bench.image.cluster.broker(1);
  assert.deepEqual([broker?.fenced, broker?.epoch, broker?.rack], [true, 5, 'rack']);
  assert.deepEqual(bench.image.cluster.aliveBrokers(), []);
  bench.run({ kind: 'unfence', brokerId: 1 });
  assert.equal(bench.image.cluster.aliveBrokers()[0]?.id, 1);
  assert.equal(bench.image.cluster.endpoint(1, 'PLAINTEXT')?.port, 9092);
  const length = bench.log.length;
  bench.run({ kind: 'unfence', brokerId: 1 });
  assert.equal(bench.log.length, length, 'unfencing twice does nothing');
});

test('registrations that are refused', () => {
  const bench = new Bench().start();
  assert.equal(codeOf(bench.register(2, [DIRECTORY], null, 'another')), ERRORS.INCONSISTENT_CLUSTER_ID);
  assert.equal(codeOf(bench.register(2, [])), ERRORS.INVALID_REGISTRATION);
  assert.equal(codeOf(bench.register(2, [DIRECTORY, DIRECTORY])), ERRORS.INVALID_REGISTRATION);
  assert.equal(codeOf(bench.register(2, [`${'\0'.repeat(15)}\u0002` as Uuid])), ERRORS.INVALID_REGISTRATION);
  const share = record('featureLevel', { name: 'share.version', featureLevel: 1 });
  bench.controller.replay(share, bench.log.length, 1);
  bench.log.push(share);
  assert.equal(codeOf(bench.register(2, [DIRECTORY])), ERRORS.UNSUPPORTED_VERSION);
});

test('who leads what when a broker is unfenced', () => {
  // It led: the same, in a new epoch.
  assert.deepEqual(elected({}), { ...STAYS, leader: 1 });
  // Nobody leads, it is in the ISR.
  assert.deepEqual(elected({ leader: -1 }), { ...STAYS, leader: 1 });
  // As Kafka leaves a partition after a controlled shutdown.
  assert.deepEqual(elected({ leader: -1, isr: [], eligibleLeaderReplicas: [1], lastKnownElr: [1] }), {
    isr: [1],
    leader: 1,
    leaderRecoveryState: -1,
    elr: [],
    last: [],
  });
  // And after a crash: only the last leader is known.
  assert.deepEqual(elected({ leader: -1, isr: [], lastKnownElr: [1] }), {
    isr: [1],
    leader: 1,
    leaderRecoveryState: -1,
    elr: null,
    last: [],
  });
  // It was recovering.
  assert.deepEqual(elected({ leaderRecoveryState: 1 }), { ...STAYS, leader: 1, leaderRecoveryState: 0 });
  // Somebody else leads, or is the only one who may.
  assert.equal(elected({ leader: 2, replicas: [1, 2], isr: [1, 2] }), null);
  assert.equal(elected({ leader: -1, replicas: [1, 2], isr: [2] }), null);
  assert.equal(
    elected({ leader: -1, replicas: [1, 2], isr: [], eligibleLeaderReplicas: [2], lastKnownElr: [1] }),
    null,
  );
  assert.equal(elected({ leader: -1, replicas: [2], isr: [] }), null);
});

test('producer ids come in blocks of 1000, to the broker that is registered', () => {
  const bench = new Bench().start();
  const allocate = (brokerEpoch: number) =>
    bench.run({ kind: 'AllocateProducerIds', version: 0, request: { brokerId: 1, brokerEpoch } });
  const epoch = bench.image.cluster.broker(1)?.epoch ?? -1;
  const block = (producerIdStart: number) => ({
    throttleTimeMs: 0,
    errorCode: 0,
    producerIdStart,
    producerIdLen: 1000,
  });
  assert.deepEqual(allocate(epoch), block(0));
  assert.deepEqual(allocate(epoch), block(1000));
  assert.equal(codeOf(allocate(epoch - 1)), ERRORS.STALE_BROKER_EPOCH);
  assert.equal(bench.image.nextProducerId, 2000);
});

test('deletion switched off, by version', () => {
  const bench = new Bench(1, { 'delete.topic.enable': 'false' }).start();
  const remove = (version: number) => {
    const request = { topics: [], topicNames: ['a'], timeoutMs: 1000 };
    const answer = bench.run({ kind: 'DeleteTopics', version, request });
    return answer !== null && 'responses' in answer ? answer.responses[0]?.errorCode : undefined;
  };
  assert.equal(remove(1), ERRORS.INVALID_REQUEST);
  assert.equal(remove(2), ERRORS.INVALID_REQUEST);
  assert.equal(remove(3), ERRORS.TOPIC_DELETION_DISABLED);
  assert.equal(remove(5), ERRORS.TOPIC_DELETION_DISABLED);
});

test('settings of a topic that the asker must not see', () => {
  const bench = new Bench().start();
  const topics = [{ name: 'a', numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }];
  const answer = bench.run({
    kind: 'CreateTopics',
    version: 7,
    request: { topics, timeoutMs: 1000, validateOnly: false },
    undescribable: new Set(['a']),
  });
  assert.ok(answer !== null && 'topics' in answer);
  const { topicId, ...rest } = answer.topics[0] ?? {};
  assert.equal(topicId, bench.image.topics.byName('a')?.id);
  const code = ERRORS.TOPIC_AUTHORIZATION_FAILED;
  assert.deepEqual(rest, { name: 'a', errorCode: 0, errorMessage: null, topicConfigErrorCode: code, configs: [] });
});

test('settings too large for a batch are refused', () => {
  const bench = new Bench().start();
  const value = 'x'.repeat(32_000);
  const configs = [{ name: 'follower.replication.throttled.replicas', value: '*' }];
  const topics = Array.from({ length: 300 }, (_, index) => ({
    name: `t${index}-${value.slice(0, 100)}`,
    numPartitions: 1,
    replicationFactor: 1,
    assignments: [],
    configs: [
      { name: 'leader.replication.throttled.replicas', value: Array(4000).fill('1000:1').join(',') },
      ...configs,
    ],
  }));
  const event = {
    kind: 'CreateTopics',
    version: 7,
    request: { topics, timeoutMs: 1000, validateOnly: false },
  } as const;
  const answer = bench.run(event);
  assert.ok(answer !== null && 'topics' in answer);
  assert.equal(answer.topics[0]?.errorCode, ERRORS.RECORD_LIST_TOO_LARGE);
  assert.equal(bench.image.topics.size, 0);
});

test('several directories share the partitions; a cordoned one gets none', () => {
  const bench = new Bench().start([DIRECTORY, SECOND_DIRECTORY]);
  const create = (name: string, numPartitions: number) => {
    const topics = [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }];
    bench.run({ kind: 'CreateTopics', version: 7, request: { topics, timeoutMs: 1000, validateOnly: false } });
    const topic = bench.image.topics.byName(name);
    const chosen = Array.from({ length: numPartitions }, (_, index) => topic?.directoryOf(index, 1));
    return [DIRECTORY, SECOND_DIRECTORY].map((directory) => chosen.filter((one) => one === directory).length);
  };
  assert.deepEqual(create('a', 3), [2, 1]);
  assert.deepEqual(create('b', 3), [1, 2]);
  assert.deepEqual(create('c', 10), [5, 5]);
  const epoch = bench.image.cluster.broker(1)?.epoch ?? -1;
  const cordon = record('brokerRegistrationChange', {
    brokerId: 1,
    brokerEpoch: epoch,
    fenced: 0,
    inControlledShutdown: 0,
    logDirs: [],
    cordonedLogDirs: [DIRECTORY],
  });
  bench.controller.replay(cordon, bench.log.length, 1);
  bench.log.push(cordon);
  assert.deepEqual(create('d', 4), [0, 4]);
});
