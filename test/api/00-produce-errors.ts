/** Produce: what is refused, with which code and text, and what the records' own errors say. */
import { type Uuid, uuidFromText, ZERO_UUID } from '../../src/base/uuid.ts';
import { writeVarint } from '../../src/base/varint.ts';
import { batchOf, patched } from '../harness/batches.ts';
import { servedVersions } from '../harness/client.ts';
import type { Scenario, Session, Topic } from '../harness/session.ts';

const all = servedVersions('Produce');
const UNKNOWN = uuidFromText('AAAAAAAAAAAAAAAAAAABkA') as Uuid;
const HOUR = 3_600_000n;

function asker(session: Session, topic: Topic, partition = 0) {
  return (label: string, records: Buffer | null, acks = -1) =>
    session.ask(label, 'Produce', session.produceOf([{ topic, partition, records }], { acks }));
}

/** A record whose length says one byte more than there is. */
function lengthChanged(): Buffer {
  const batch = batchOf(['value']);
  const size = Buffer.alloc(1);
  writeVarint(size, 0, batch.length - 61);
  return patched(batch, 61, size);
}

export const produceErrorScenarios: readonly Scenario[] = [
  {
    name: 'partitions that are not there',
    versions: all,
    async run(session) {
      const topic = await session.create('a');
      const records = batchOf(['one']);
      await asker(session, topic, 1)('unknown partition', records);
      await asker(session, topic, -1)('negative partition', records);
      await asker(session, { name: session.name('b'), id: UNKNOWN })('unknown topic', records);
      await asker(session, { name: '', id: ZERO_UUID })('no topic', records);
      await asker(session, { name: 'a b', id: UNKNOWN })('not a name', records);
      await asker(session, topic)('acks 2', records, 2);
      await asker(session, topic)('acks -2', records, -2);
      await asker(session, topic, 5)('acks 2 and unknown partition', records, 2);
      await session.show('nothing is stored', topic);
    },
  },
  {
    name: 'batches that are none',
    versions: all,
    async run(session) {
      const topic = await session.create('a');
      const ask = asker(session, topic);
      const good = batchOf(['one']);
      // Null is left out: Kafka never answers it (a NullPointerException while it logs the error). See own-answers.test.ts.
      await ask('empty', Buffer.alloc(0));
      await ask('one byte', Buffer.alloc(1));
      await ask('60 bytes', good.subarray(0, 60));
      await ask('cut short', good.subarray(0, good.length - 1));
      await ask('a byte too many', Buffer.concat([good, Buffer.alloc(1)]));
      await ask('two batches', Buffer.concat([good, good]));
      await ask('a batch and half of one', Buffer.concat([good, good.subarray(0, 30)]));
      const wrongCrc = Buffer.from(good);
      wrongCrc[17] = (wrongCrc[17] ?? 0) ^ 1;
      await ask('wrong checksum', wrongCrc);
      for (const magic of [0, 1, 3, 127, 255]) {
        const other = Buffer.from(good);
        other[16] = magic;
        await ask(`magic ${magic}`, other);
      }
      await ask('a length of 0', patched(good, 8, [0, 0, 0, 0]));
      await ask('a negative length', patched(good, 8, [255, 255, 255, 255]));
      await ask('a length of 48', patched(good, 8, [0, 0, 0, 48]));
      await ask('a length too long', patched(good, 8, [0, 0, 1, 0]));
      await session.show('nothing is stored', topic);
    },
  },
  {
    name: 'one bad batch among good ones',
    versions: all,
    async run(session) {
      const topic = await session.create('a', 2);
      const other = await session.create('b');
      const good = batchOf(['one']);
      const wrongCrc = Buffer.from(good);
      wrongCrc[17] = (wrongCrc[17] ?? 0) ^ 1;
      const magic = (number: number): Buffer => {
        const copy = Buffer.from(good);
        copy[16] = number;
        return copy;
      };
      const bad: readonly (readonly [string, Buffer])[] = [
        ['empty', Buffer.alloc(0)],
        ['cut short', good.subarray(0, good.length - 1)],
        ['two batches', Buffer.concat([good, good])],
        ['wrong checksum', wrongCrc],
        ['magic 0', magic(0)],
        ['magic 3', magic(3)],
        ['a length of 0', patched(good, 8, [0, 0, 0, 0])],
        ['control', batchOf(['c'], { isControl: true })],
        ['an unknown codec', patched(good, 21, [0, 5])],
        ['a damaged codec', patched(good, 21, [0, 1])],
      ];
      for (const [label, records] of bad) {
        const parts = [
          { topic, partition: 0, records: good },
          { topic, partition: 1, records },
          { topic: other, records: good },
        ];
        await session.ask(label, 'Produce', session.produceOf(parts));
      }
      await session.ask(
        'an unknown partition after a bad one',
        'Produce',
        session.produceOf([
          { topic, partition: 1, records: magic(3) },
          { topic, partition: 7, records: good },
          { topic: other, records: good },
        ]),
      );
      await session.show('what is stored', topic);
    },
  },
  {
    name: 'headers that do not fit',
    versions: all,
    async run(session) {
      const topic = await session.create('a');
      const ask = asker(session, topic);
      const good = batchOf(['one', 'two']);
      await ask('no records', patched(batchOf(['one']), 57, [0, 0, 0, 0]));
      await ask('fewer records than it says', patched(patched(good, 57, [0, 0, 0, 3]), 23, [0, 0, 0, 2]));
      await ask('more records than it says', patched(patched(good, 57, [0, 0, 0, 1]), 23, [0, 0, 0, 0]));
      await ask('last offset too high', patched(good, 23, [0, 0, 0, 5]));
      await ask('last offset too low', patched(good, 23, [0, 0, 0, 0]));
      await ask('negative last offset', patched(good, 23, [255, 255, 255, 255]));
      await ask('negative count', patched(good, 57, [255, 255, 255, 255]));
      await ask('control', batchOf([{ key: '\0\0\0\0', value: '' }], { isControl: true }));
      await ask(
        'transactional',
        batchOf(['tx'], { isTransactional: true, producerId: 4_000_000, producerEpoch: 0, baseSequence: 0 }),
      );
      await ask('transactional without producer', batchOf(['tx'], { isTransactional: true }));
      await ask('a producer without sequence', batchOf(['seq'], { producerId: 4_000_000, producerEpoch: 0 }));
      await ask('a producer without epoch', batchOf(['seq'], { producerId: 4_000_000, baseSequence: 0 }));
      await ask('append time', batchOf(['time'], { logAppendTime: 5n }));
      await ask('a record that is too long', lengthChanged());
      await ask('delete horizon', patched(good, 21, [0, 0x40]));
      await ask('unused attributes', patched(good, 21, [0x01, 0x80]));
      await session.show('what is stored', topic);
    },
  },
  {
    name: 'sizes',
    versions: [3, 8, 13],
    async run(session) {
      const small = await session.create('small', 1, { 'max.message.bytes': '200' });
      const ask = asker(session, small);
      await ask('fits', batchOf([Buffer.alloc(125).toString()]));
      await ask('one byte too many', batchOf(['x'.repeat(200 - 61 - 9 + 1)]));
      await ask('far too many', batchOf(['x'.repeat(2000)]));
      await ask('small when compressed', batchOf(['x'.repeat(2000)], { codec: 'gzip' }));
      await ask('many records', batchOf(Array.from({ length: 50 }, () => 'x')));
      const big = await session.create('big');
      await asker(session, big)('over a mebibyte', batchOf(['x'.repeat(1_048_588)]));
      const wide = await session.create('wide', 1, { 'max.decompressed.message.bytes': '1000' });
      const askWide = asker(session, wide);
      await askWide('a record that unpacks too large', batchOf(['x'.repeat(2000)], { codec: 'gzip' }));
      await askWide(
        'records that unpack too large',
        batchOf(
          Array.from({ length: 50 }, () => 'x'.repeat(100)),
          { codec: 'zstd' },
        ),
      );
      await askWide('not packed', batchOf(['x'.repeat(2000)]));
      const segments = await session.create('segments', 1, {
        'segment.bytes': '1048576',
        'max.message.bytes': '2000000',
      });
      await asker(session, segments)('larger than a segment', batchOf(['x'.repeat(1_100_000)]));
    },
  },
  {
    name: 'records without keys',
    versions: all,
    async run(session) {
      const topic = await session.create('a', 1, { 'cleanup.policy': 'compact' });
      const ask = asker(session, topic);
      await ask('with key', batchOf(['good']));
      await ask('without key', batchOf([{ value: 'bad' }]));
      await ask('one of two', batchOf(['good', { value: 'bad' }]));
      await ask('five of them', batchOf([1, 2, 3, 4, 5].map((value) => ({ value: `${value}` }))));
      await ask('compressed', batchOf(['good', { value: 'bad' }, { value: 'bad' }], { codec: 'lz4' }));
      await ask('an empty key', batchOf([{ key: '', value: 'good' }]));
      const good = session.produceOf([{ topic, records: batchOf(['good']) }]);
      await session.ask('and again a good one', 'Produce', good);
      await session.show('what is stored', topic);
    },
  },
  {
    name: 'timestamps out of bounds',
    versions: all,
    async run(session) {
      const now = BigInt(Date.now());
      const topic = await session.create('a', 1, {
        'message.timestamp.before.max.ms': '7200000',
        'message.timestamp.after.max.ms': '7200000',
      });
      const ask = asker(session, topic);
      await ask('now', batchOf([{ timestamp: now, value: 'good' }]));
      await ask('an hour ago', batchOf([{ timestamp: now - HOUR, value: 'good' }]));
      await ask('three hours ago', batchOf([{ timestamp: now - 3n * HOUR, value: 'bad' }]));
      await ask('in three hours', batchOf([{ timestamp: now + 3n * HOUR, value: 'bad' }]));
      await ask('no time', batchOf([{ timestamp: -1n, value: 'good' }]));
      await ask(
        'some of each',
        batchOf([
          { timestamp: now, value: 'good' },
          { timestamp: now - 3n * HOUR, value: 'bad' },
          { timestamp: now + 3n * HOUR, value: 'bad' },
          { timestamp: now - 4n * HOUR, value: 'bad' },
          { timestamp: 5n, value: 'bad' },
        ]),
      );
      await ask(
        'compressed',
        batchOf(
          [
            { timestamp: now, value: 'good' },
            { timestamp: now + 3n * HOUR, value: 'bad' },
          ],
          { codec: 'snappy' },
        ),
      );
      const plain = await session.create('b');
      await asker(session, plain)(
        'far in the future where it may be',
        batchOf([{ timestamp: now + 3n * HOUR, value: 'good' }]),
      );
      await asker(session, plain)('long ago where it may be', batchOf([{ timestamp: 1n, value: 'good' }]));
      const both = await session.create('c', 1, {
        'message.timestamp.before.max.ms': '7200000',
        'cleanup.policy': 'compact',
      });
      await asker(session, both)(
        'no key, then no time',
        batchOf([
          { timestamp: now, value: 'bad' },
          { timestamp: 5n, value: 'bad' },
        ]),
      );
      await asker(session, both)(
        'no time, then no key',
        batchOf([
          { timestamp: 5n, key: 'k', value: 'bad' },
          { timestamp: now, value: 'bad' },
        ]),
      );
      await asker(session, both)('no key and no time', batchOf([{ timestamp: 5n, value: 'bad' }]));
    },
  },
  {
    name: 'internal topics',
    versions: [3, 12],
    async run(session) {
      const request = {
        topics: [{ name: '__transaction_state', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
        timeoutMs: 30_000,
      };
      await session.quietly('CreateTopics', 5, request);
      const topic = { name: '__transaction_state', id: ZERO_UUID };
      await session.settled(topic, 1);
      await asker(session, topic)('refused', batchOf(['one']));
    },
  },
];
