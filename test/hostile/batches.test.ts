/** Batches that are not what they say, and batches that inflate to gigabytes: Kafka's codes, bounded memory, order kept. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ERRORS } from '../../src/protocol/errors.ts';
import { batchOf, patched } from '../harness/batches.ts';
import type { RawClient } from '../harness/client.ts';
import { Attacked, createTopic, IS_LONG, produceRequest } from './attack.ts';
import { bomb, type BombCodec } from './bombs.ts';

const MEBIBYTE = 1024 * 1024;
/** What a broker may take for bombs of gigabytes: far less than one of them. */
const GROWTH = 400 * MEBIBYTE;

let attacked: Attacked;
let clients: [RawClient, RawClient];
before(async () => {
  attacked = await Attacked.start();
  clients = await attacked.openOnBoth();
  const [client] = clients;
  await createTopic(client, 'target', 4);
  await createTopic(client, 'small-records', 2, { 'max.decompressed.message.bytes': '100000' });
  await createTopic(client, 'plain', 2, { 'compression.type': 'uncompressed' });
  await createTopic(client, 'gzipped', 2, { 'compression.type': 'gzip' });
  await createTopic(client, 'compacted', 2, { 'cleanup.policy': 'compact' });
});
after(() => attacked.close());

interface Answered {
  readonly errorCode: number;
  readonly baseOffset: number;
  readonly recordErrors: number;
}

async function produce(
  client: RawClient,
  topic: string,
  index: number,
  records: Buffer | null,
  acks = -1,
): Promise<Answered> {
  const { responses } = await client.ask('Produce', 9, produceRequest(topic, [[index, records]], acks));
  const [part] = responses[0]?.partitionResponses ?? [];
  assert.ok(part);
  return { errorCode: part.errorCode, baseOffset: part.baseOffset, recordErrors: part.recordErrors.length };
}

describe('batches that are not what they say', () => {
  const good = batchOf(['one', 'two']);
  const wrongCrc = Buffer.from(good);
  wrongCrc[17] = (wrongCrc[17] ?? 0) ^ 1;
  const magic = (number: number): Buffer => Buffer.from(good).fill(number, 16, 17);
  const CASES: Readonly<Record<string, readonly [batch: Buffer, errorCode: number]>> = {
    'a wrong checksum': [wrongCrc, ERRORS.CORRUPT_MESSAGE],
    'magic 0': [magic(0), ERRORS.INVALID_RECORD],
    'magic 1': [magic(1), ERRORS.INVALID_RECORD],
    'magic 3': [magic(3), ERRORS.CORRUPT_MESSAGE],
    'a length of two thousand million': [patched(good, 8, [0x7f, 255, 255, 255]), ERRORS.INVALID_RECORD],
    'a length of -1': [patched(good, 8, [255, 255, 255, 255]), ERRORS.CORRUPT_MESSAGE],
    'a length of 48': [patched(good, 8, [0, 0, 0, 48]), ERRORS.CORRUPT_MESSAGE],
    'two thousand million records': [
      patched(patched(good, 57, [0x7f, 255, 255, 255]), 23, [0x7f, 255, 255, 254]),
      ERRORS.INVALID_RECORD,
    ],
    'fewer records than it has': [patched(patched(good, 57, [0, 0, 0, 1]), 23, [0, 0, 0, 0]), ERRORS.INVALID_RECORD],
    'no records': [patched(good, 57, [0, 0, 0, 0]), ERRORS.INVALID_RECORD],
    'a count of -1': [patched(good, 57, [255, 255, 255, 255]), ERRORS.INVALID_RECORD],
    'a last offset too high': [patched(good, 23, [0, 0, 0, 9]), ERRORS.INVALID_RECORD],
    'two batches': [Buffer.concat([good, good]), ERRORS.INVALID_RECORD],
    'a control batch': [batchOf(['c'], { isControl: true }), ERRORS.INVALID_RECORD],
    'a codec that there is not': [patched(good, 21, [0, 7]), ERRORS.UNKNOWN_SERVER_ERROR],
    'gzip that is none': [patched(good, 21, [0, 1]), ERRORS.UNKNOWN_SERVER_ERROR],
    'snappy that is none': [patched(good, 21, [0, 2]), ERRORS.UNKNOWN_SERVER_ERROR],
    'lz4 that is none': [patched(good, 21, [0, 3]), ERRORS.UNKNOWN_SERVER_ERROR],
    'zstd that is none': [patched(good, 21, [0, 4]), ERRORS.UNKNOWN_SERVER_ERROR],
    nothing: [Buffer.alloc(0), ERRORS.INVALID_RECORD],
  };
  for (const [name, [batch, errorCode]] of Object.entries(CASES)) {
    test(name, async () => {
      for (const client of clients) {
        for (const index of [0, 1, 2, 3]) {
          assert.equal((await produce(client, 'target', index, batch)).errorCode, errorCode);
        }
      }
      await attacked.innocent.check(1);
    });
  }

  test('where there is no partition, and acks that there are not', async () => {
    const [client] = clients;
    for (const index of [-1, 4, 2 ** 31 - 1]) {
      assert.equal((await produce(client, 'target', index, good)).errorCode, ERRORS.UNKNOWN_TOPIC_OR_PARTITION);
    }
    assert.equal((await produce(client, 'nowhere', 0, good)).errorCode, ERRORS.UNKNOWN_TOPIC_OR_PARTITION);
    for (const acks of [2, -2, 32_767]) {
      assert.equal((await produce(client, 'target', 0, good, acks)).errorCode, ERRORS.INVALID_REQUIRED_ACKS);
    }
  });

  test('offsets that are not dense are appended as Kafka does: plain ones as they are, compressed ones anew', async () => {
    const [client] = clients;
    // The second record's offset delta, from 1 to 2.
    const at = good.length - 9;
    const gap = patched(good, at, [4]);
    const { errorCode } = await produce(client, 'target', 0, gap);
    assert.ok(errorCode === 0 || errorCode === ERRORS.INVALID_RECORD, String(errorCode));
  });

  test('acks=0 and a batch that is refused: the connection closes', async () => {
    const client = await attacked.open();
    client.post('Produce', 9, produceRequest('target', [[0, wrongCrc]], 0));
    await client.untilClosed();
  });

  test('thousands of records without a key in a compacted topic', async () => {
    const records = Array.from({ length: IS_LONG ? 90_000 : 20_000 }, () => ({ value: '' }));
    const batch = batchOf(records, { codec: 'zstd' });
    for (const client of clients) {
      const answered = await produce(client, 'compacted', 0, batch);
      assert.deepEqual(answered, { errorCode: ERRORS.INVALID_RECORD, baseOffset: -1, recordErrors: records.length });
    }
    await attacked.innocent.check();
  });
});

describe('batches that inflate', () => {
  // As much as a mebibyte holds, up to 2 GiB.
  const COUNTS: Readonly<Record<BombCodec, number>> = { zstd: 2047, gzip: IS_LONG ? 900 : 200, lz4: 240, snappy: 20 };
  for (const [name, count] of Object.entries(COUNTS)) {
    const codec = name as BombCodec;
    const batch = bomb(codec, count);

    test(`${codec}: ${batch.length} bytes to ${count} MiB, taken as Kafka does`, async () => {
      const before = attacked.residentBytes();
      const [first, second] = clients;
      for (const index of [0, 1]) {
        const base = (await produce(first, 'target', index, batchOf(['mark']))).baseOffset;
        const answers = await Promise.all([
          produce(first, 'target', index, batch),
          produce(second, 'target', index, batch),
        ]);
        for (const { errorCode } of answers) assert.equal(errorCode, 0);
        const offsets = answers.map(({ baseOffset }) => baseOffset).sort((a, b) => a - b);
        assert.deepEqual(offsets, [base + 1, base + 1 + count]);
      }
      await attacked.innocent.check();
      assert.ok(attacked.residentBytes() - before < GROWTH, `${attacked.residentBytes() - before} bytes more`);
    });

    test(`${codec}: refused where the topic's records may not be so large, or it unpacks or packs them anew`, async () => {
      const before = attacked.residentBytes();
      for (const client of clients) {
        for (const index of [0, 1]) {
          assert.equal((await produce(client, 'small-records', index, batch)).errorCode, ERRORS.INVALID_RECORD);
          assert.equal((await produce(client, 'plain', index, batch)).errorCode, ERRORS.MESSAGE_TOO_LARGE);
          const { errorCode } = await produce(client, 'gzipped', index, batch);
          assert.equal(errorCode, codec === 'gzip' || codec === 'snappy' ? 0 : ERRORS.MESSAGE_TOO_LARGE);
        }
      }
      await attacked.innocent.check();
      assert.ok(attacked.residentBytes() - before < GROWTH, `${attacked.residentBytes() - before} bytes more`);
    });
  }

  test('the order of a connection is kept for each partition, whatever waits', async () => {
    const large = bomb('zstd', 64);
    const small = batchOf(['small']);
    for (const client of clients) {
      for (const index of [0, 1]) {
        let next = (await produce(client, 'target', index, small)).baseOffset + 1;
        const order = [large, small, small, large, large, small, large, small];
        const ids = order.map((batch) => client.post('Produce', 9, produceRequest('target', [[index, batch]])));
        for (const [place, id] of ids.entries()) {
          const { responses } = client.decode('Produce', 9, await client.exchange(id));
          const [part] = responses[0]?.partitionResponses ?? [];
          assert.deepEqual([part?.errorCode, part?.baseOffset], [0, next]);
          next += order[place] === large ? 64 : 1;
        }
      }
    }
  });

  test('hundreds of them at once, from clients that go away', async () => {
    const count = IS_LONG ? 40 : 20;
    const large = bomb(IS_LONG ? 'gzip' : 'zstd', 100);
    const others = await Promise.all(Array.from({ length: count }, () => attacked.open()));
    for (const other of others) {
      for (let i = 0; i < 10; i++) other.post('Produce', 9, produceRequest('target', [[i % 4, large]]));
    }
    await attacked.innocent.check();
    for (const other of others) other.close();
    await attacked.innocent.check();
    await attacked.untilState('an empty arena', ({ shards }) =>
      shards.every(({ lateBatches, arenaChunks }) => lateBatches === 0 && arenaChunks === 0),
    );
  });

  test('look-ups by time in such batches', async () => {
    const before = attacked.residentBytes();
    const [client] = clients;
    await createTopic(client, 'look-up', 2);
    await produce(client, 'look-up', 0, bomb('lz4', 100));
    await produce(client, 'look-up', 1, bomb('zstd', 2047));
    const { topics } = await client.ask('ListOffsets', 5, {
      replicaId: -1,
      isolationLevel: 0,
      topics: [{ name: 'look-up', partitions: [0, 1].map((partitionIndex) => ({ partitionIndex, timestamp: 1n })) }],
    });
    const [large, tooLargeForMemory] = topics[0]?.partitions ?? [];
    assert.deepEqual([large?.errorCode, large?.offset], [0, 0]);
    assert.deepEqual([tooLargeForMemory?.errorCode, tooLargeForMemory?.offset], [0, 0]);
    await attacked.innocent.check();
    assert.ok(attacked.residentBytes() - before < GROWTH, `${attacked.residentBytes() - before} bytes more`);
  });

  test('no thread stood still', () => {
    assert.deepEqual(attacked.lines(/stood still/), []);
  });
});
