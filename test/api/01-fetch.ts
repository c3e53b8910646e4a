/** Fetch: offsets, limits, epochs, ids. */
import { type Uuid, uuidFromText, ZERO_UUID } from '../../src/base/uuid.ts';
import { batchOf } from '../harness/batches.ts';
import { servedVersions } from '../harness/client.ts';
import type { FetchSpec, Scenario, Session, Topic } from '../harness/session.ts';
import type { RequestInputOf } from '../../src/protocol/schema/index.ts';

const all = servedVersions('Fetch');
const UNKNOWN = uuidFromText('AAAAAAAAAAAAAAAAAAABkA') as Uuid;
type More = Partial<RequestInputOf<'Fetch'>>;

function asker(session: Session, topic: Topic) {
  return (label: string, offset: number, spec: Partial<FetchSpec> = {}, more: More = {}) =>
    session.ask(label, 'Fetch', session.fetchOf([{ topic, offset, ...spec }], more));
}

async function wellFilled(session: Session): Promise<Topic> {
  const topic = await session.create('a', 2);
  await session.append(topic, ['zero', 'one', 'two']);
  await session.append(topic, ['three']);
  await session.append(topic, ['four', 'five'], { codec: 'gzip' });
  return topic;
}

export const fetchScenarios: readonly Scenario[] = [
  {
    name: 'offsets',
    versions: all,
    async run(session) {
      const topic = await wellFilled(session);
      const ask = asker(session, topic);
      await ask('from the start', 0);
      await ask('the middle of a batch', 1);
      await ask('the end of a batch', 2);
      await ask('the second batch', 3);
      await ask('the middle of a compressed batch', 5);
      await ask('the end', 6);
      await ask('behind the end', 7);
      await ask('far behind', 1_000_000_000_000);
      await ask('negative', -1);
      await ask('an empty partition', 0, { partition: 1 });
      await ask('behind an empty partition', 1, { partition: 1 });
      await session.quietly('DeleteRecords', 1, {
        topics: [{ name: topic.name, partitions: [{ partitionIndex: 0, offset: 2 }] }],
        timeoutMs: 1000,
      });
      await ask('below the start', 1);
      await ask('at the start', 2);
      await ask('read committed', 3, {}, { isolationLevel: 1 });
      await ask('a rack', 3, {}, session.version >= 11 ? { rackId: 'b' } : {});
    },
  },
  {
    name: 'partitions that are not there',
    versions: all,
    async run(session) {
      const topic = await wellFilled(session);
      await asker(session, topic)('unknown partition', 0, { partition: 2 });
      await asker(session, topic)('negative partition', 0, { partition: -1 });
      await asker(session, { name: session.name('b'), id: UNKNOWN })('unknown topic', 0);
      await asker(session, { name: '', id: ZERO_UUID })('no topic', 0);
      const bad = { name: session.name('b'), id: UNKNOWN };
      await session.ask(
        'good and bad',
        'Fetch',
        session.fetchOf([
          { topic: bad, offset: 0 },
          { topic, offset: 3, partition: 0 },
          { topic, offset: 0, partition: 9 },
        ]),
      );
      await session.ask(
        'good and bad of one topic',
        'Fetch',
        session.fetchOf([
          { topic, offset: 0, partition: 9 },
          { topic, offset: 3, partition: 0 },
        ]),
        { keepOrder: true },
      );
      // What is wrong with one does not keep the others from waiting.
      const client = await session.client();
      const waiting = session.fetchOf(
        [
          { topic: bad, offset: 0 },
          { topic, offset: 6 },
          { topic, partition: 9, offset: 0 },
        ],
        { maxWaitMs: 60_000 },
      );
      const asked = client.post('Fetch', session.version, waiting);
      const other = session.beside();
      await other.append(topic, ['six']);
      session.tell(
        'bad, and something to wait for',
        client.decode('Fetch', session.version, await client.exchange(asked)),
      );
      other.close();
      await session.ask('no topics', 'Fetch', session.fetchOf([]));
      await session.ask('no topics, and a wait', 'Fetch', session.fetchOf([], { maxWaitMs: 10 }));
      await session.ask(
        'the same partition twice',
        'Fetch',
        session.fetchOf([
          { topic, offset: 0 },
          { topic, offset: 3 },
        ]),
      );
    },
  },
  {
    name: 'epochs',
    versions: all.filter((version) => version >= 9),
    async run(session) {
      const topic = await wellFilled(session);
      const ask = asker(session, topic);
      await ask('the right one', 3, { currentLeaderEpoch: 0 });
      await ask('too new', 3, { currentLeaderEpoch: 1 });
      await ask('negative', 3, { currentLeaderEpoch: -2 });
      if (session.version < 12) return;
      await ask('last fetched: the right one', 3, { lastFetchedEpoch: 0 });
      await ask('last fetched: the right one, at the end', 6, { lastFetchedEpoch: 0 });
      await ask('last fetched: the right one, behind the end', 7, { lastFetchedEpoch: 0 });
      await ask('last fetched: too new', 3, { lastFetchedEpoch: 1 });
      await ask('last fetched: both', 3, { lastFetchedEpoch: 0, currentLeaderEpoch: 0 });
      await ask('last fetched and current: too new', 3, { lastFetchedEpoch: 7, currentLeaderEpoch: 7 });
    },
  },
  {
    name: 'limits',
    versions: [4, 7, 12, 13, 18],
    async run(session) {
      // Uncompressed batches of known size: 500 bytes each.
      const topic = await session.create('a', 3);
      const value = (size: number) => 'x'.repeat(size - 61 - 10);
      const size = batchOf([value(500)]).length;
      session.tell('bytes of a batch', size);
      for (const partition of [0, 1, 2]) {
        for (let i = 0; i < 4; i++) await session.append(topic, [value(500)], { partition });
      }
      const ask = asker(session, topic);
      await ask('one byte', 0, { maxBytes: 1 });
      await ask('no byte', 0, { maxBytes: 0 });
      await ask('a batch', 0, { maxBytes: size });
      await ask('a batch less one byte', 0, { maxBytes: size - 1 });
      await ask('a batch and one byte', 0, { maxBytes: size + 1 });
      await ask('one and a half', 0, { maxBytes: Math.floor(size * 1.5) });
      await ask('two batches', 0, { maxBytes: size * 2 });
      await ask('everything', 0, { maxBytes: size * 9 });
      await ask('request limit of one byte', 0, {}, { maxBytes: 1 });
      await ask('request limit of no byte', 0, {}, { maxBytes: 0 });
      await ask('request limit of one and a half', 0, {}, { maxBytes: Math.floor(size * 1.5) });
      await ask('the larger limit is the request’s', 0, { maxBytes: size }, { maxBytes: size * 3 });
      const three = (spec: Partial<FetchSpec>, more: More, order = [0, 1, 2]) =>
        session.fetchOf(
          order.map((partition) => ({ topic, partition, offset: 0, ...spec })),
          more,
        );
      await session.ask('three, one byte each', 'Fetch', three({ maxBytes: 1 }, {}));
      await session.ask('three, one byte in all', 'Fetch', three({}, { maxBytes: 1 }));
      await session.ask('three, one and a half in all', 'Fetch', three({}, { maxBytes: Math.floor(size * 1.5) }));
      await session.ask('three, five batches in all', 'Fetch', three({}, { maxBytes: size * 5 }));
      await session.ask('three, five in all, two each', 'Fetch', three({ maxBytes: size * 2 }, { maxBytes: size * 5 }));
      await session.ask('three in another order', 'Fetch', three({}, { maxBytes: size * 5 }, [2, 0, 1]));
      await session.ask(
        'the first is empty',
        'Fetch',
        session.fetchOf(
          [
            { topic, partition: 0, offset: 4 },
            { topic, partition: 1, offset: 0 },
          ],
          { maxBytes: 1 },
        ),
      );
      await session.ask(
        'the first is an error',
        'Fetch',
        session.fetchOf(
          [
            { topic, partition: 0, offset: 9 },
            { topic, partition: 1, offset: 0 },
            { topic, partition: 2, offset: 0 },
          ],
          { maxBytes: 1 },
        ),
      );
    },
  },
  {
    name: 'waiting',
    versions: [4, 11, 13, 18],
    async run(session) {
      const topic = await session.create('a', 2);
      await session.append(topic, ['zero']);
      const ask = asker(session, topic);
      const long = { maxWaitMs: 60_000 };
      await ask('there is enough', 0, {}, long);
      await ask('nothing is asked for', 1, {}, { ...long, minBytes: 0 });
      await ask('nothing comes', 1, {}, { maxWaitMs: 20 });
      await ask('less than asked for', 0, {}, { maxWaitMs: 20, minBytes: 1000 });
      await ask('an error does not wait', 5, {}, long);
      await ask('a partition at its limit does not wait', 0, { maxBytes: 10 }, { ...long, minBytes: 1 });
      await ask('a request at its limit does not wait', 0, {}, { ...long, minBytes: 1000, maxBytes: 60 });
      // The answer to the first comes when the second has made enough.
      const client = await session.client();
      const other = session.beside();
      const asked = client.post(
        'Fetch',
        session.version,
        session.fetchOf(
          [
            { topic, offset: 1 },
            { topic, partition: 1, offset: 0 },
          ],
          { ...long, minBytes: 1 },
        ),
      );
      await other.append(topic, ['one'], { partition: 1 });
      session.tell('woken', client.decode('Fetch', session.version, await client.exchange(asked)));
      const more = client.post(
        'Fetch',
        session.version,
        session.fetchOf(
          [
            { topic, offset: 1 },
            { topic, partition: 1, offset: 1 },
          ],
          { ...long, minBytes: 140 },
        ),
      );
      await other.append(topic, ['two'], { partition: 0 });
      await other.append(topic, ['three'], { partition: 1 });
      session.tell('woken by both', client.decode('Fetch', session.version, await client.exchange(more)));
      other.close();
    },
  },
  {
    name: 'followers that are none',
    versions: [4, 14, 15, 18],
    async run(session) {
      const topic = await wellFilled(session);
      const ask = asker(session, topic);
      const as = (replicaId: number): More =>
        session.version < 15 ? { replicaId } : { replicaState: { replicaId, replicaEpoch: -1 } };
      await ask('of another broker', 0, {}, as(7));
      await ask('as debugger', 0, {}, as(-2));
      if (session.version >= 15) await ask('with an epoch', 0, {}, { replicaState: { replicaId: 7, replicaEpoch: 5 } });
      if (session.version >= 12) await ask('with a cluster id', 0, {}, { clusterId: 'AAAAAAAAAAAAAAAAAAAAAA' });
    },
  },
  {
    name: 'segments',
    versions: [5, 12, 18],
    async run(session) {
      // The smallest segments that there are, of two batches each.
      const topic = await session.create('a', 2, { 'segment.bytes': '1048576', 'max.message.bytes': '1000000' });
      const value = (i: number) => `${i}`.padEnd(400_000, 'x');
      for (let i = 0; i < 5; i++) await session.append(topic, [{ timestamp: BigInt(1000 * (i + 1)), value: value(i) }]);
      const ask = asker(session, topic);
      const all = { maxBytes: 50 << 20 };
      for (let offset = 0; offset <= 5; offset++) await ask(`from ${offset}`, offset, all);
      await ask('one byte', 0, { maxBytes: 1 });
      await ask('half a batch', 1, { maxBytes: 200_000 });
      await ask('a batch and a half', 0, { maxBytes: 600_000 });
      await ask('the end of a segment does not wait', 1, all, {
        maxWaitMs: 60_000,
        minBytes: 2_000_000,
        maxBytes: 50 << 20,
      });
      const other = { topic, partition: 1, offset: 0, ...all };
      await session.append(topic, ['small'], { partition: 1 });
      await session.ask('two partitions', 'Fetch', session.fetchOf([{ topic, offset: 0, ...all }, other]));
      await session.ask('two partitions, other order', 'Fetch', session.fetchOf([other, { topic, offset: 0, ...all }]));
      await session.ask(
        'two partitions, little',
        'Fetch',
        session.fetchOf([{ topic, offset: 0, ...all }, other], { maxBytes: 500_000 }),
      );
      for (const timestamp of [0n, 1000n, 2500n, 3000n, 5000n, 5001n, -3n]) {
        const partitions = [{ partitionIndex: 0, timestamp }];
        const request = { replicaId: -1, isolationLevel: 0, topics: [{ name: topic.name, partitions }] };
        await session.ask(`at ${timestamp}`, 'ListOffsets', request, { version: 7 });
      }
      const deleted = [{ name: topic.name, partitions: [{ partitionIndex: 0, offset: 3 }] }];
      await session.ask(
        'the first segment and a half deleted',
        'DeleteRecords',
        { topics: deleted, timeoutMs: 10_000 },
        { version: 2 },
      );
      for (let offset = 1; offset <= 5; offset++) await ask(`then from ${offset}`, offset, all);
    },
  },
  {
    name: 'limits that are none',
    versions: [4, 12, 18],
    async run(session) {
      const topic = await session.create('a');
      await session.append(topic, ['zero']);
      const ask = asker(session, topic);
      await ask('negative partition limit', 0, { maxBytes: -1 });
      await ask('negative request limit', 0, {}, { maxBytes: -1 });
      await ask('negative minimum', 1, {}, { minBytes: -1, maxWaitMs: 60_000 });
      await ask('negative wait', 1, {}, { maxWaitMs: -1 });
      await ask('largest limits', 0, { maxBytes: 0x7fffffff }, { maxBytes: 0x7fffffff, maxWaitMs: 0 });
      await ask(
        'a minimum over the limit',
        0,
        { maxBytes: 1 },
        { minBytes: 0x7fffffff, maxWaitMs: 60_000, maxBytes: 10 },
      );
      await ask('an isolation level that is none', 0, {}, { isolationLevel: 7 });
      await ask('the largest offset', Number.POSITIVE_INFINITY);
      await ask('the smallest offset', Number.NEGATIVE_INFINITY);
    },
  },
  {
    name: 'compressed with zstd',
    versions: [4, 9, 10, 13],
    async run(session) {
      const topic = await session.create('a');
      await session.append(topic, ['zero', 'one'], { codec: 'zstd' });
      await asker(session, topic)('read', 0);
    },
  },
];
