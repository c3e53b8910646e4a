/** Reading: slices from memory and from files, limits, look-ups by time and epoch, descriptors. */
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { test } from 'node:test';
import { BatchBuilder } from '../../../src/protocol/batch-builder.ts';
import { batchesOf } from '../../../src/protocol/batch.ts';
import type { Log } from '../../../src/storage/log.ts';
import type { Located } from '../../../src/storage/reader.ts';
import { DIRECTORY, T0, append, batchOf, crc32c, locate, newWorld, openTestLog, worldOn } from './fixture.ts';
import type { World } from './fixture.ts';

function slice(located: Located): [number, number, number] | string | null {
  if (located.error !== null) return located.error;
  return located.segment === null ? null : [located.segment.baseOffset, located.position, located.length];
}

/** Ten batches of ten records, 181 bytes each, four a segment. */
async function filled(world: World): Promise<Log> {
  const log = await openTestLog(world, { segmentBytes: 900, indexIntervalBytes: 200 });
  for (let index = 0; index < 10; index++) append(log, batchOf(10, 5, {}, T0 + BigInt(index * 1000)));
  return log;
}

async function ask(log: Log, offset: number, maxBytes: number, upperBound = 100, minOneMessage = true) {
  const located = await locate(log, { offset, maxBytes, upperBound, minOneMessage });
  if (located.error === null && located.segment) log.state.env.descriptors.release(located.segment);
  return slice(located);
}

for (const reopened of [false, true]) {
  test(`slices ${reopened ? 'of a log that was closed and opened' : 'of a log that was just written'}`, async () => {
    const world = await newWorld();
    let log = await filled(world);
    const size = batchOf(10, 5).length;
    if (reopened) {
      await log.close();
      log = await openTestLog(worldOn(world.memory), { segmentBytes: 900, indexIntervalBytes: 200 });
    }
    assert.equal(log.endOffset, 100);
    const perSegment = Math.floor(900 / size);
    const base = (batch: number): number => Math.floor(batch / perSegment) * perSegment * 10;
    const at = (batch: number): number => (batch % perSegment) * size;
    for (let offset = 0; offset < 100; offset += 3) {
      const batch = Math.floor(offset / 10);
      assert.deepEqual(await ask(log, offset, 1), [base(batch), at(batch), size], 'at least the whole first batch');
      assert.deepEqual(await ask(log, offset, 1, 100, false), [base(batch), at(batch), 1], 'unless nobody asks for it');
    }
    assert.deepEqual(await ask(log, 0, 1_000_000), [0, 0, perSegment * size], 'up to the end of the segment');
    assert.deepEqual(await ask(log, 5, 1_000_000, 20), [0, 0, 2 * size], 'up to the bound');
    assert.deepEqual(await ask(log, 0, 200, 100), [0, 0, 200], 'a slice may end inside a batch');
    assert.equal(await ask(log, 20, 1000, 20), null, 'nothing at the bound');
    assert.equal(await ask(log, 100, 1000), null, 'nothing at the end');
    assert.equal(await ask(log, 101, 1000), 'offset-out-of-range');
    assert.equal(await ask(log, -1, 1000), 'offset-out-of-range');
    log.setHighWatermark(100);
    assert.equal(log.raiseStartOffset(15), true);
    assert.equal(await ask(log, 14, 1000), 'offset-out-of-range');
    assert.deepEqual(await ask(log, 15, 1), [0, size, size]);
    await log.close();
  });
}

test('the newest batches are located inside the call, without a file operation', async () => {
  const world = await newWorld();
  const log = await openTestLog(world);
  for (let index = 0; index < 200; index++) append(log, batchOf(2));
  world.memory.counts.clear();
  let answered = 0;
  for (let offset = 300; offset < 400; offset++) {
    log.locate({
      offset,
      maxBytes: 100_000,
      upperBound: 400,
      minOneMessage: true,
      complete: (located) => {
        answered++;
        if (located.error === null && located.segment) world.env.descriptors.release(located.segment);
      },
    });
  }
  assert.equal(answered, 100);
  assert.deepEqual([...world.memory.counts], []);
});

test('an old offset of the active segment is found through the index', async () => {
  const world = await newWorld();
  const log = await openTestLog(world, { indexIntervalBytes: 500 });
  for (let index = 0; index < 500; index++) append(log, batchOf(2));
  const read = await log.read(17, 10_000, 1000);
  assert.equal(read.error, null);
  if (read.error === null) assert.equal([...batchesOf(read.bytes)][0]?.baseOffset, 16);
});

test('the first record at or after a time, inside compressed batches too', async () => {
  const world = await newWorld();
  const log = await openTestLog(world, { segmentBytes: 2000, indexIntervalBytes: 100 });
  for (let batch = 0; batch < 20; batch++) {
    const builder = new BatchBuilder({ baseOffset: 0, leaderEpoch: 0 });
    for (let index = 0; index < 10; index++) {
      builder.append({ timestamp: T0 + BigInt(batch * 100 + index * 10), key: null, value: Buffer.alloc(30) });
    }
    const gzip = { codec: 'gzip', compress: (bytes: Buffer) => gzipSync(bytes) } as const;
    append(log, Buffer.from(builder.build(crc32c, batch % 2 === 0 ? gzip : undefined)), { leaderEpoch: 3 });
  }
  assert.ok(log.segmentCount > 2);
  for (const ms of [0, 1, 10, 95, 555, 1000, 1990]) {
    const found = await log.offsetForTimestamp(T0 + BigInt(ms));
    const expected = Math.ceil(ms / 10);
    assert.deepEqual(found, { timestamp: T0 + BigInt(expected * 10), offset: expected, leaderEpoch: 3 });
  }
  assert.equal(await log.offsetForTimestamp(T0 + 1991n), null);
  assert.deepEqual(await log.offsetForTimestamp(0n), { timestamp: T0, offset: 0, leaderEpoch: 3 });
  assert.deepEqual(await log.offsetOfMaxTimestamp(), { timestamp: T0 + 1990n, offset: 199, leaderEpoch: 3 });
  log.setHighWatermark(200);
  log.raiseStartOffset(57);
  assert.equal((await log.offsetForTimestamp(0n))?.offset, 57);
});

test('the record with the highest timestamp is the first that has it', async () => {
  const log = await openTestLog(await newWorld());
  assert.equal(await log.offsetOfMaxTimestamp(), null);
  append(log, batchOf(3, 10, {}, T0));
  append(log, batchOf(3, 10, {}, T0 - 100n));
  append(log, batchOf(1, 10, {}, T0 + 2n));
  assert.deepEqual(await log.offsetOfMaxTimestamp(), { timestamp: T0 + 2n, offset: 2, leaderEpoch: 0 });
});

test('a missing or damaged index is built anew', async () => {
  for (const damage of ['missing', 'odd length', 'offsets that fall', 'beyond the segment']) {
    const world = await newWorld();
    let log = await filled(world);
    await log.close();
    const path = `${DIRECTORY}/00000000000000000000.index`;
    const before = await world.disk.readFile(path);
    assert.ok(before.length >= 8);
    if (damage === 'missing') await world.disk.unlink(path);
    else {
      const bytes = Buffer.concat([before, before]);
      if (damage === 'beyond the segment') bytes.writeInt32BE(5000, before.length - 4);
      const length = damage === 'odd length' ? before.length - 1 : damage === 'offsets that fall' ? 16 : before.length;
      await world.disk.writeAt(path, 0, bytes.subarray(0, length), { sync: true, truncate: true });
    }
    log = await openTestLog(worldOn(world.memory), { segmentBytes: 900, indexIntervalBytes: 200 });
    const read = await log.read(25, 100, 100);
    assert.equal(read.error, null);
    if (read.error === null) assert.equal([...batchesOf(read.bytes)][0]?.baseOffset, 20);
    assert.deepEqual(await world.disk.readFile(path), before, damage);
  }
});

test('files stay within the limit of descriptors, and leased ones are not closed', async () => {
  const world = await newWorld();
  const limited = worldOn(world.memory, { limit: 2 });
  const log = await filled(limited);
  assert.ok(log.segmentCount >= 3);
  const held = await locate(log, { offset: 0, maxBytes: 1, upperBound: 100, minOneMessage: true });
  for (let round = 0; round < 3; round++) {
    for (let offset = 0; offset < 100; offset += 10) await ask(log, offset, 1);
    assert.ok(limited.env.descriptors.openCount <= 3);
  }
  assert.ok(held.error === null && held.segment?.file);
  if (held.error === null && held.segment) limited.env.descriptors.release(held.segment);
});

test('a shared descriptor is closed when its slot says so, and not before', async () => {
  const world = await newWorld();
  const inUse = new Set<number>();
  let next = 0;
  const slots = { share: () => next++, retire: (slot: number) => !inUse.has(slot) };
  const limited = worldOn(world.memory, { limit: 1, slots });
  const log = await filled(limited);
  const first = await locate(log, { offset: 0, maxBytes: 1, upperBound: 100, minOneMessage: true });
  assert.ok(first.error === null && first.segment !== null && first.slot >= 0);
  inUse.add(first.slot);
  limited.env.descriptors.release(first.segment);
  await ask(log, 50, 1);
  await ask(log, 90, 1);
  await new Promise<void>((resolve) => setImmediate(resolve));
  const closed = limited.memory.counts.get('close') ?? 0;
  inUse.clear();
  limited.clock.advance(1000);
  assert.equal(limited.memory.counts.get('close'), closed + 1);
});

test('epochs answer as OffsetForLeaderEpoch asks', async () => {
  const log = await openTestLog(await newWorld());
  for (const epoch of [2, 2, 5, 9]) append(log, batchOf(10), { leaderEpoch: epoch });
  const answers = [-1, 0, 2, 3, 5, 7, 9, 10].map((epoch) => log.endOffsetForEpoch(epoch));
  assert.deepEqual(
    answers.map(({ leaderEpoch, endOffset }) => [leaderEpoch, endOffset]),
    [
      [-1, -1],
      [0, 0],
      [2, 20],
      [2, 20],
      [5, 30],
      [5, 30],
      [9, 40],
      [-1, -1],
    ],
  );
  assert.deepEqual(
    [0, 19, 20, 39].map((offset) => log.epochForOffset(offset)),
    [2, 2, 5, 9],
  );
});
