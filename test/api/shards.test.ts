/** Two shards behind one address: a client does not see which of them has its connection and which its partition. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { FIRST_SHARD } from '../../src/shard/shared-block.ts';
import { ownerOf } from '../../src/shard/routing.ts';
import { batchOf } from '../harness/batches.ts';
import { TestBroker } from '../harness/broker.ts';
import { servedVersions } from '../harness/client.ts';
import { targetAt } from '../harness/replay.ts';
import { Session, type Target, type Topic } from '../harness/session.ts';

const SHARDS = 2;
const PARTITIONS = 6;
/** Far longer than any test may take: what waits so long has not been woken. */
const FOREVER_MS = 60_000;

let broker: TestBroker;
let target: Target;
/** A session whose connection is on the shard of that number. */
let sessions: Session[];

before(async () => {
  broker = await TestBroker.start({ overrides: { 'shard.count': SHARDS } });
  target = await targetAt(broker.port);
  sessions = await oneOnEachShard();
});

after(async () => {
  for (const session of sessions) session.close();
  const { output } = broker;
  await broker.close();
  assert.doesNotMatch(output, /a request met a bug|is dead/);
});

/** The id of a fetch session tells the shard that made it, which is the one of the connection. */
async function shardOf(session: Session): Promise<number> {
  const topic = await session.create('shard');
  const { sessionId } = await session.quietly(
    'Fetch',
    12,
    session.fetchOf([{ topic, offset: 0 }], { sessionEpoch: 0 }),
  );
  assert.ok(sessionId > 0);
  return (sessionId - 1) % SHARDS;
}

async function oneOnEachShard(): Promise<Session[]> {
  const found: Session[] = [];
  for (let i = 0; i < 20 && found.filter(Boolean).length < SHARDS; i++) {
    const session = new Session(target, 0);
    const shard = await shardOf(session);
    if (found[shard]) session.close();
    else found[shard] = session;
  }
  assert.equal(found.filter(Boolean).length, SHARDS, 'connections went to one shard only');
  return found;
}

function at(shard: number): Session {
  const session = sessions[shard];
  assert.ok(session);
  return session;
}

function ownerShard(topic: Topic, partition: number): number {
  return ownerOf(topic.id, partition, SHARDS) - FIRST_SHARD;
}

/** A partition of the topic on that shard. */
function partitionOn(topic: Topic, shard: number): number {
  for (let partition = 0; partition < PARTITIONS; partition++)
    if (ownerShard(topic, partition) === shard) return partition;
  throw new Error('all partitions are on one shard');
}

for (const from of [0, 1]) {
  for (const to of [0, 1]) {
    test(`every request from a connection of shard ${from} to a partition of shard ${to}`, async () => {
      const session = at(from);
      const topic = await session.create(`every-${from}-${to}`, PARTITIONS);
      const partition = partitionOn(topic, to);
      let end = 0;
      for (const version of servedVersions('Produce')) {
        for (const acks of [-1, 1]) {
          const request = session.produceOf([{ topic, partition, records: batchOf(['a', 'b']) }], { acks });
          const { responses } = await session.quietly('Produce', version, request);
          const part = responses[0]?.partitionResponses[0];
          assert.deepEqual([part?.errorCode, part?.baseOffset], [0, end], `Produce v${version}, acks ${acks}`);
          end += 2;
        }
      }
      for (const version of servedVersions('Fetch')) {
        const { responses } = await session.quietly(
          'Fetch',
          version,
          session.fetchOf([{ topic, partition, offset: 0 }]),
        );
        const part = responses[0]?.partitions[0];
        assert.deepEqual([part?.errorCode, part?.highWatermark], [0, end], `Fetch v${version}`);
        assert.ok(part?.records?.kind === 'memory' && part.records.bytes.length > 0);
      }
      for (const version of servedVersions('ListOffsets')) {
        const partitions = [{ partitionIndex: partition, timestamp: -1n }];
        const request = { replicaId: -1, isolationLevel: 0, topics: [{ name: topic.name, partitions }] };
        const { topics } = await session.quietly('ListOffsets', version, request);
        assert.equal(topics[0]?.partitions[0]?.offset, end, `ListOffsets v${version}`);
      }
      for (const version of servedVersions('OffsetForLeaderEpoch')) {
        const topics = [{ topic: topic.name, partitions: [{ partition, leaderEpoch: 0 }] }];
        const answer = await session.quietly('OffsetForLeaderEpoch', version, { topics });
        assert.equal(answer.topics[0]?.partitions[0]?.endOffset, end, `OffsetForLeaderEpoch v${version}`);
      }
      for (const version of servedVersions('DeleteRecords')) {
        const topics = [{ name: topic.name, partitions: [{ partitionIndex: partition, offset: version + 1 }] }];
        const answer = await session.quietly('DeleteRecords', version, { topics, timeoutMs: 1000 });
        assert.equal(answer.topics[0]?.partitions[0]?.lowWatermark, version + 1, `DeleteRecords v${version}`);
      }
    });
  }
}

test('one request to partitions of both shards', async () => {
  for (const session of sessions) {
    const topic = await session.create('both', PARTITIONS);
    const all = Array.from({ length: PARTITIONS }, (_, partition) => partition);
    const parts = all.map((partition) => ({ topic, partition, records: batchOf([`value ${partition}`]) }));
    const produced = await session.quietly('Produce', 12, session.produceOf(parts));
    assert.deepEqual(
      produced.responses[0]?.partitionResponses.map(({ index, errorCode, baseOffset }) => [
        index,
        errorCode,
        baseOffset,
      ]),
      all.map((partition) => [partition, 0, 0]),
    );
    const fetched = await session.quietly(
      'Fetch',
      13,
      session.fetchOf(all.map((partition) => ({ topic, partition, offset: 0 }))),
    );
    const values = fetched.responses[0]?.partitions.map(({ partitionIndex, records }) => {
      const text = records?.kind === 'memory' ? records.bytes.toString('latin1') : '';
      return [partitionIndex, text.includes(`value ${partitionIndex}`)];
    });
    assert.deepEqual(
      values,
      all.map((partition) => [partition, true]),
    );
  }
});

test('what one connection appends, all read at once', async () => {
  const topic = await at(0).create('read', PARTITIONS);
  for (let round = 0; round < 50; round++) {
    const from = at(round % 2);
    const to = at((round >> 1) % 2);
    const partition = partitionOn(topic, (round >> 2) % 2);
    const offset = await from.append(topic, [`round ${round}`], { partition });
    const { responses } = await to.quietly('Fetch', 12, to.fetchOf([{ topic, partition, offset }]));
    const records = responses[0]?.partitions[0]?.records;
    assert.ok(records?.kind === 'memory' && records.bytes.includes(`round ${round}`), `round ${round}`);
  }
});

test('a topic that one connection makes, all use at once; one that it deletes is gone for all', async () => {
  for (let round = 0; round < 10; round++) {
    const maker = at(round % 2);
    const user = at((round + 1) % 2);
    const topic = await maker.create(`made-${round}`, PARTITIONS);
    for (const shard of [0, 1]) await user.append(topic, ['first'], { partition: partitionOn(topic, shard) });
    const { topics } = await user.quietly('Metadata', 12, {
      topics: [{ name: topic.name }],
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: false,
      includeClusterAuthorizedOperations: false,
    });
    assert.deepEqual(
      [topics[0]?.errorCode, topics[0]?.topicId, topics[0]?.partitions.length],
      [0, topic.id, PARTITIONS],
    );
    await maker.quietly('DeleteTopics', 6, {
      topics: [{ name: topic.name, topicId: '\0'.repeat(16) as Topic['id'] }],
      topicNames: [],
      timeoutMs: 30_000,
    });
    const request = user.produceOf([{ topic, partition: partitionOn(topic, 1), records: batchOf(['late']) }]);
    const { responses } = await user.quietly('Produce', 12, request);
    assert.equal(responses[0]?.partitionResponses[0]?.errorCode, 3);
  }
});

test('a fetch that waits is woken by an append from the other shard', async () => {
  for (const [reader, writer, owner] of [
    [0, 1, 0],
    [0, 1, 1],
    [1, 0, 0],
    [1, 0, 1],
    [0, 0, 1],
    [1, 1, 0],
  ] as const) {
    const topic = await at(reader).create(`woken-${reader}-${writer}-${owner}`, PARTITIONS);
    const partition = partitionOn(topic, owner);
    const client = await at(reader).client();
    // From both shards, so that the watch of the silent one must be taken off again.
    const other = partitionOn(topic, 1 - owner);
    const specs = [partition, other].map((each) => ({ topic, partition: each, offset: 0 }));
    const asked = client.post('Fetch', 12, at(reader).fetchOf(specs, { maxWaitMs: FOREVER_MS }));
    const beside = reader === writer ? at(reader).beside() : at(writer);
    await beside.append(topic, ['woken'], { partition });
    const answer = client.decode('Fetch', 12, await client.exchange(asked));
    assert.equal(answer.responses[0]?.partitions[0]?.highWatermark, 1);
    if (beside !== at(writer)) beside.close();
  }
});

test('a fetch session of one shard is unknown to the other', async () => {
  const topic = await at(0).create('session');
  const { sessionId } = await at(0).quietly('Fetch', 12, at(0).fetchOf([{ topic, offset: 0 }], { sessionEpoch: 0 }));
  const asked = at(1).fetchOf([], { sessionId, sessionEpoch: 1 });
  assert.equal((await at(1).quietly('Fetch', 12, asked)).errorCode, 70);
  assert.equal((await at(0).quietly('Fetch', 12, asked)).errorCode, 0);
});
