/** Produce: what is taken and what is stored then. */
import { deflateRawSync } from 'node:zlib';
import { batchOf, patched, THEN } from '../harness/batches.ts';
import { servedVersions } from '../harness/client.ts';
import type { Scenario, Session, Topic } from '../harness/session.ts';

const all = servedVersions('Produce');
const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

function asker(session: Session, topic: Topic, partition = 0) {
  return (label: string, records: Buffer | null, acks = -1) =>
    session.ask(label, 'Produce', session.produceOf([{ topic, partition, records }], { acks }));
}

/** The length in the header of a batch of so many bytes. */
function lengthOf(size: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(size - 12);
  return length;
}

export const produceScenarios: readonly Scenario[] = [
  {
    name: 'records of all shapes',
    versions: all,
    async run(session) {
      const topic = await session.create('a', 2);
      const ask = asker(session, topic);
      await ask('one', batchOf(['one']));
      await ask('three', batchOf(['two', 'three', 'four']));
      await ask('acks 1', batchOf(['five']), 1);
      await ask(
        'nulls and nothings',
        batchOf([
          { key: null, value: null },
          { key: '', value: '' },
          { key: 'k', value: null },
        ]),
      );
      await ask(
        'headers',
        batchOf([
          {
            value: 'h',
            headers: [
              { key: 'a', value: Buffer.from('1') },
              { key: '', value: null },
              { key: 'a', value: Buffer.alloc(0) },
            ],
          },
        ]),
      );
      await ask('a timestamp of -1', batchOf([{ timestamp: -1n, value: 'no time' }]));
      await ask('a timestamp of 0', batchOf([{ timestamp: 0n, value: 'beginning' }]));
      await ask(
        'timestamps in no order',
        batchOf([
          { timestamp: 5n, value: 'a' },
          { timestamp: 9n, value: 'b' },
          { timestamp: 7n, value: 'c' },
        ]),
      );
      await ask('another leader epoch', patched(batchOf(['epoch']), 12, [0, 0, 0, 9]));
      await session.show('what is stored', topic);
    },
  },
  {
    name: 'several partitions',
    versions: all,
    async run(session) {
      const a = await session.create('a', 3);
      const b = await session.create('b', 2);
      const parts = [
        { topic: a, partition: 2, records: batchOf(['a2']) },
        { topic: a, partition: 0, records: batchOf(['a0', 'a0']) },
        { topic: b, partition: 1, records: batchOf(['b1']) },
        { topic: b, partition: 0, records: batchOf(['b0'], { codec: 'lz4' }) },
        { topic: a, partition: 1, records: batchOf(['a1']) },
      ];
      await session.ask('all good', 'Produce', session.produceOf(parts));
      const mixed = [
        ...parts,
        { topic: a, partition: 3, records: batchOf(['?']) },
        { topic: { name: session.name('c'), id: a.id }, partition: 0, records: batchOf(['?']) },
      ];
      // From version 13 on topics have ids, and the same id must not come twice.
      await session.ask('some bad', 'Produce', session.produceOf(session.version >= 13 ? mixed.slice(0, -1) : mixed));
      await session.ask('the same partition twice', 'Produce', {
        ...session.produceOf([]),
        topicData: [
          {
            name: a.name,
            topicId: a.id,
            partitionData: [0, 0].map((index) => ({ index, records: { kind: 'memory', bytes: batchOf([`twice`]) } })),
          },
        ],
      });
      await session.ask('the same topic twice', 'Produce', {
        ...session.produceOf([]),
        topicData: [0, 1].map((index) => ({
          name: b.name,
          topicId: b.id,
          partitionData: [{ index, records: { kind: 'memory', bytes: batchOf([`again`]) } }],
        })),
      });
      await session.ask('no partitions', 'Produce', {
        ...session.produceOf([]),
        topicData: [{ name: a.name, topicId: a.id, partitionData: [] }],
      });
      await session.ask('no topics', 'Produce', session.produceOf([]));
      for (const partition of [0, 1, 2]) await session.show(`a-${partition}`, a, partition);
      for (const partition of [0, 1]) await session.show(`b-${partition}`, b, partition);
    },
  },
  {
    name: 'without answers',
    versions: all,
    async run(session) {
      const topic = await session.create('a');
      const client = await session.client();
      for (const value of ['one', 'two']) {
        client.post('Produce', session.version, session.produceOf([{ topic, records: batchOf([value]) }], { acks: 0 }));
      }
      await session.ask(
        'the next request is answered',
        'Produce',
        session.produceOf([{ topic, records: batchOf(['three']) }]),
      );
      await session.show('all are stored', topic);
      client.post(
        'Produce',
        session.version,
        session.produceOf([{ topic, partition: 7, records: batchOf(['bad']) }], { acks: 0 }),
      );
      await session.ask(
        'an error closes the connection',
        'Produce',
        session.produceOf([{ topic, records: batchOf(['four']) }]),
      );
      session.reconnect();
      await session.show('what is stored then', topic);
    },
  },
  {
    name: 'codecs',
    versions: all,
    async run(session) {
      const topic = await session.create('a');
      const ask = asker(session, topic);
      for (const codec of CODECS) await ask(codec, batchOf([`${codec} 1`, `${codec} 2`], { codec }));
      const raw = batchOf(['deflated'], {});
      await ask('gzip that is none', patched(raw, 21, [0, 1]));
      await ask('an unknown codec', patched(raw, 21, [0, 5]));
      await ask(
        'deflate without its frame',
        patched(Buffer.concat([raw.subarray(0, 61), deflateRawSync(raw.subarray(61))]), 21, [0, 1]),
      );
      await session.show('what is stored', topic);
    },
  },
  {
    name: 'another codec is wanted',
    versions: [3, 7, 13],
    async run(session) {
      for (const type of ['gzip', 'snappy', 'lz4', 'zstd', 'uncompressed', 'producer']) {
        const topic = await session.create(type, 1, { 'compression.type': type });
        const ask = asker(session, topic);
        for (const codec of session.version < 7 ? CODECS.slice(0, 4) : CODECS)
          await ask(
            `${codec} to ${type}`,
            batchOf([`${codec} 1`, { timestamp: 5n, key: null, value: codec }], { codec }),
          );
        await session.show(`what is stored in ${type}`, topic);
      }
    },
  },
  {
    name: 'batches that unpack large',
    versions: [8],
    async run(session) {
      const topic = await session.create('a');
      const ask = asker(session, topic);
      const big = 'x'.repeat(3_000_000);
      await ask('small before', batchOf(['before']));
      for (const codec of ['gzip', 'snappy', 'lz4', 'zstd'] as const)
        await ask(codec, batchOf([big, codec], { codec }));
      await ask(
        'many records',
        batchOf(
          Array.from({ length: 20_000 }, (_, i) => `${i % 7}`),
          { codec: 'lz4' },
        ),
      );
      await ask('small after', batchOf(['after']));
      const compacted = await session.create('compacted', 1, { 'cleanup.policy': 'compact' });
      const keyless = batchOf([{ key: 'k', value: big }, { value: big }, { key: 'k', value: 'x' }, { value: 'x' }], {
        codec: 'gzip',
      });
      await asker(session, compacted)('without keys', keyless);
      const late = await session.create('late', 1, { 'message.timestamp.before.max.ms': '7200000' });
      await asker(session, late)(
        'too old',
        batchOf(
          [
            { timestamp: 5n, value: big },
            { timestamp: BigInt(Date.now()), value: 'x' },
          ],
          { codec: 'zstd' },
        ),
      );
      const anew = await session.create('anew', 1, { 'compression.type': 'zstd' });
      await asker(session, anew)('packed anew', batchOf([big, 'small'], { codec: 'gzip' }));
      const damaged = batchOf([big], { codec: 'gzip' });
      await ask(
        'cut short inside',
        patched(Buffer.concat([damaged.subarray(0, damaged.length - 20)]), 8, lengthOf(damaged.length - 20)),
      );
      await session.ask('what came of it', 'ListOffsets', {
        replicaId: -1,
        isolationLevel: 0,
        topics: [{ name: topic.name, partitions: [{ partitionIndex: 0, timestamp: -1n }] }],
      });
      await session.show('what is packed anew', anew);
    },
  },
  {
    name: 'time of the log',
    versions: [3, 8, 13],
    async run(session) {
      const topic = await session.create('a', 1, { 'message.timestamp.type': 'LogAppendTime' });
      const ask = asker(session, topic);
      await ask('plain', batchOf(['one', { timestamp: 5n, value: 'two' }]));
      await ask('compressed', batchOf(['three'], { codec: 'gzip' }));
      await ask('far in the future', batchOf([{ timestamp: 4_000_000_000_000n, value: 'four' }]));
      await ask('said by the client', batchOf(['five'], { logAppendTime: THEN }));
      const other = await session.create('b', 1, {
        'message.timestamp.type': 'LogAppendTime',
        'compression.type': 'zstd',
      });
      await session.ask('compressed anew', 'Produce', session.produceOf([{ topic: other, records: batchOf(['six']) }]));
      await session.show('what is stored', topic);
      await session.show('what is stored anew', other);
    },
  },
  {
    name: 'headers that are wrong and mended',
    versions: [3, 13],
    async run(session) {
      const topic = await session.create('a');
      const ask = asker(session, topic);
      const good = batchOf([
        { timestamp: 5n, value: 'a' },
        { timestamp: 9n, value: 'b' },
      ]);
      await ask('max timestamp too low', patched(good, 35, [0, 0, 0, 0, 0, 0, 0, 1]));
      await ask('max timestamp too high', patched(good, 35, [0, 0, 0, 0, 0, 0, 1, 0]));
      const zipped = batchOf(
        [
          { timestamp: 5n, value: 'a' },
          { timestamp: 9n, value: 'b' },
        ],
        { codec: 'gzip' },
      );
      await ask('compressed, too high', patched(zipped, 35, [0, 0, 0, 0, 0, 0, 1, 0]));
      await ask('a base offset', batchOf(['c'], { baseOffset: 5 }));
      await ask('a compressed base offset', batchOf(['c'], { baseOffset: 5, codec: 'gzip' }));
      await session.show('what is stored', topic);
    },
  },
];
