/** Requests that are sent before the ones before are answered: answers come in order, and appends keep theirs. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ApiName } from '../../src/protocol/schema/index.ts';
import { batchOf } from '../harness/batches.ts';
import { TestBroker } from '../harness/broker.ts';
import { targetAt } from '../harness/replay.ts';
import { Session, type Target } from '../harness/session.ts';

const FOREVER_MS = 60_000;
const PARTITIONS = 4;

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

test('answers of all kinds come in the order of the requests', async () => {
  const session = new Session(target, 0);
  const topic = await session.create('mixed', PARTITIONS);
  const client = await session.client();
  const sent: { id: number; api: ApiName; version: number }[] = [];
  const send = (api: ApiName, version: number, request: unknown): void => {
    sent.push({ id: client.post(api, version, request as never), api, version });
  };
  for (let i = 0; i < 60; i++) {
    const partition = i % PARTITIONS;
    send(
      'Produce',
      9,
      session.produceOf([{ topic, partition, records: batchOf([`${i}`]) }], { acks: i % 3 === 0 ? 1 : -1 }),
    );
    if (i % 2 === 0)
      send('Fetch', 12, session.fetchOf([{ topic, partition, offset: 0 }], { maxWaitMs: 5, minBytes: 1 }));
    if (i % 5 === 0)
      send('Metadata', 9, {
        topics: [{ name: topic.name }],
        allowAutoTopicCreation: false,
        includeTopicAuthorizedOperations: false,
        includeClusterAuthorizedOperations: false,
      });
    if (i % 7 === 0)
      send('ListOffsets', 5, {
        replicaId: -1,
        isolationLevel: 0,
        topics: [{ name: topic.name, partitions: [{ partitionIndex: partition, timestamp: -1n }] }],
      });
    if (i % 11 === 0) send('ApiVersions', 3, { clientSoftwareName: 'raw', clientSoftwareVersion: '1' });
    if (i % 20 === 0)
      send('CreateTopics', 5, {
        topics: [
          { name: session.name(`new-${i}`), numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] },
        ],
        timeoutMs: 1000,
        validateOnly: false,
      });
    if (i % 13 === 0) send('InitProducerId', 3, { transactionalId: null, transactionTimeoutMs: 1000 });
  }
  for (const { id, api, version } of sent) client.decode(api, version, await client.exchange(id));
  session.close();
});

test('a hundred batches of an idempotent producer, all on their way at once, keep their order in every partition', async () => {
  const session = new Session(target, 0);
  const topic = await session.create('idempotent', PARTITIONS);
  const { producerId } = await session.quietly('InitProducerId', 4, {
    transactionalId: null,
    transactionTimeoutMs: 1000,
  });
  const client = await session.client();
  const ids: number[] = [];
  for (let sequence = 0; sequence < 100; sequence++) {
    const parts = Array.from({ length: PARTITIONS }, (_, partition) => ({
      topic,
      partition,
      records: batchOf([`${sequence}`], { producerId, producerEpoch: 0, baseSequence: sequence }),
    }));
    ids.push(client.post('Produce', 9, session.produceOf(parts)));
  }
  for (const [sequence, id] of ids.entries()) {
    const { responses } = client.decode('Produce', 9, await client.exchange(id));
    const offsets = responses[0]?.partitionResponses.map(({ errorCode, baseOffset }) => [errorCode, baseOffset]);
    assert.deepEqual(
      offsets,
      Array.from({ length: PARTITIONS }, () => [0, sequence]),
    );
  }
  session.close();
});

test('batches that take long to look at do not let later ones overtake them', async () => {
  const session = new Session(target, 0);
  const topic = await session.create('slow', PARTITIONS);
  const client = await session.client();
  const large = batchOf(['x'.repeat(4_000_000)], { codec: 'gzip' });
  const ids: number[] = [];
  for (let i = 0; i < 40; i++) {
    const records = i % 5 === 0 ? large : batchOf([`${i}`]);
    ids.push(client.post('Produce', 9, session.produceOf([{ topic, partition: (i >> 1) % 2, records }])));
  }
  const next = [0, 0];
  for (const [i, id] of ids.entries()) {
    const { responses } = client.decode('Produce', 9, await client.exchange(id));
    const partition = (i >> 1) % 2;
    const part = responses[0]?.partitionResponses[0];
    assert.deepEqual([part?.errorCode, part?.baseOffset], [0, next[partition]], `request ${i}`);
    next[partition] = (next[partition] ?? 0) + 1;
  }
  session.close();
});

test('a produce behind a fetch that waits on the same connection wakes it, and is answered after it', async () => {
  const session = new Session(target, 0);
  const topic = await session.create('behind', PARTITIONS);
  const client = await session.client();
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const fetch = client.post(
      'Fetch',
      12,
      session.fetchOf([{ topic, partition, offset: 0 }], { maxWaitMs: FOREVER_MS }),
    );
    const produce = client.post('Produce', 9, session.produceOf([{ topic, partition, records: batchOf(['wake']) }]));
    const fetched = client.decode('Fetch', 12, await client.exchange(fetch));
    assert.equal(fetched.responses[0]?.partitions[0]?.highWatermark, 1);
    const produced = client.decode('Produce', 9, await client.exchange(produce));
    assert.equal(produced.responses[0]?.partitionResponses[0]?.errorCode, 0);
  }
  session.close();
});

test('a large request comes whole, whatever pieces it is sent in', async () => {
  const session = new Session(target, 0);
  const topic = await session.create('pieces', 1);
  const client = await session.client();
  const value = 'x'.repeat(300_000);
  assert.equal(await session.append(topic, [value, value]), 0);
  const { responses } = await client.ask('Fetch', 12, session.fetchOf([{ topic, offset: 0, maxBytes: 1 << 21 }]));
  const records = responses[0]?.partitions[0]?.records;
  assert.ok(records?.kind === 'memory' && records.bytes.length > 600_000);
  session.close();
});
