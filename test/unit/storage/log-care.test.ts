/** What leaves a log and how it stops and starts: retention, truncation, close, delete, leftovers, recovery. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import type { LogConfig } from '../../../src/config/log-config.ts';
import type { DiskFault } from '../../../src/port/disk.ts';
import { recoverPartition } from '../../../src/storage/recovery.ts';
import type { Log } from '../../../src/storage/log.ts';
import { DIRECTORY, T0, append, batchOf, locate, native, newWorld, openTestLog, silent, worldOn } from './fixture.ts';
import type { World } from './fixture.ts';

const SMALL: Partial<LogConfig> = { segmentBytes: 900, indexIntervalBytes: 200, fileDeleteDelayMs: 1000 };

const SMALL_INDEX = { indexIntervalBytes: 200 };

/** Ten batches of ten records, four a segment: bases 0, 40, 80. */
async function filled(world: World, config: Partial<LogConfig> = {}): Promise<Log> {
  const log = await openTestLog(world, { ...SMALL, ...config });
  for (let index = 0; index < 10; index++) append(log, batchOf(10, 5, {}, T0 + BigInt(index * 1000)));
  return log;
}

async function names(world: World, directory = DIRECTORY): Promise<string[]> {
  return (await world.disk.list(directory)).map((entry) => entry.name).toSorted();
}

/** The serial chain has done its work. */
async function quiet(log: Log): Promise<void> {
  await log.flush();
}

function bases(log: Log): number[] {
  return log.state.segments.map((segment) => segment.baseOffset);
}

test('segments leave by age, as far as they are committed, in two steps', async () => {
  const world = await newWorld();
  const log = await filled(world, { retentionMs: 5000 });
  const [, second = 0, third = 0] = bases(log);
  assert.equal(await log.applyRetention(Number(T0) + 100_000), 0, 'nothing is committed');
  log.setHighWatermark(third);
  assert.equal(await log.applyRetention(Number(T0) + 9_000), 1);
  assert.equal(log.startOffset, second);
  await quiet(log);
  assert.ok((await names(world)).includes('00000000000000000000.log.deleted'));
  world.clock.advance(1001);
  await quiet(log);
  assert.deepEqual(
    (await names(world)).filter((name) => name.startsWith('00000000000000000000')),
    [],
  );
  log.setHighWatermark(100);
  await log.applyRetention(Number(T0) + 100_000);
  assert.deepEqual(bases(log), [100], 'the active one goes too, behind a new one');
  assert.equal(log.startOffset, 100);
  assert.equal(await log.applyRetention(Number(T0) + 200_000), 0, 'an empty one stays');
  assert.equal(append(log, batchOf(1)).baseOffset, 100);
});

test('segments leave by size and below the start offset', async () => {
  const bySize = await filled(await newWorld(), { retentionBytes: 1000, retentionMs: -1 });
  bySize.setHighWatermark(100);
  const size = bySize.sizeInBytes;
  await bySize.applyRetention(Number(T0));
  assert.ok(bySize.sizeInBytes >= 1000 && bySize.sizeInBytes < size);

  const byStart = await filled(await newWorld(), { delete: false, retentionBytes: 1, retentionMs: 1 });
  byStart.setHighWatermark(100);
  byStart.raiseStartOffset(45);
  assert.equal(byStart.startOffsetToCheckpoint, 45);
  assert.equal(await byStart.applyRetention(Number(T0) + 1_000_000), 1);
  assert.equal(bases(byStart)[0], 40);
  assert.equal(byStart.startOffset, 45);
});

test('a clean stop leaves trimmed indexes, a snapshot at the end, and nothing to scan', async () => {
  const world = await newWorld();
  const log = await filled(world);
  await log.close();
  assert.equal(log.recoveryPoint, 100);
  const left = await names(world);
  assert.deepEqual(left, [
    '00000000000000000000.index',
    '00000000000000000000.log',
    '00000000000000000000.timeindex',
    '00000000000000000040.index',
    '00000000000000000040.log',
    '00000000000000000040.snapshot',
    '00000000000000000040.timeindex',
    '00000000000000000080.index',
    '00000000000000000080.log',
    '00000000000000000080.snapshot',
    '00000000000000000080.timeindex',
    '00000000000000000100.snapshot',
    'leader-epoch-checkpoint',
  ]);
  const again = await openTestLog(worldOn(world.memory), SMALL, { recoveryPoint: 100, highWatermark: 90 });
  assert.deepEqual([again.startOffset, again.endOffset, again.highWatermark, again.recoveryPoint], [0, 100, 90, 100]);
});

test('an empty partition opens by a listing and a look at its file', async () => {
  const world = await newWorld();
  const log = await openTestLog(world);
  await log.close();
  world.memory.counts.clear();
  await openTestLog(worldOn(world.memory));
  assert.deepEqual(Object.fromEntries(world.memory.counts), { list: 1, stat: 1 });
});

test('producers are the same after a clean stop, and expire', async () => {
  const world = await newWorld();
  const log = await openTestLog(world, SMALL);
  for (const producerId of [1, 2, 3]) append(log, batchOf(3, 5, { producerId, producerEpoch: 2, baseSequence: 10 }));
  append(log, batchOf(1, 5, { producerId: 9, producerEpoch: 0, baseSequence: 0, isTransactional: true }));
  await log.close();
  const again = await openTestLog(worldOn(world.memory, { clock: world.clock }), SMALL, { highWatermark: 10 });
  assert.equal(again.producers.size, 1, 'the others are long silent by this clock; an open transaction stays');
  assert.equal(again.lastStableOffset, 9);
  await again.close();
  const patient = await openTestLog(worldOn(world.memory), SMALL, { producerIdExpirationMs: Infinity });
  assert.equal(patient.producers.size, 4, 'the snapshot at this offset is not written again');
});

test('the last five batches of a producer are known after a clean stop, in older segments too', async () => {
  const world = await newWorld();
  const log = await openTestLog(world, SMALL, { producerIdExpirationMs: Infinity });
  const resent = (index: number): Buffer =>
    batchOf(10, 5, { producerId: 1, producerEpoch: 0, baseSequence: index * 10 });
  for (let index = 0; index < 12; index++) {
    append(log, resent(index));
    if (index === 9) log.roll();
  }
  await log.close();
  const again = await openTestLog(worldOn(world.memory), SMALL, { producerIdExpirationMs: Infinity });
  for (const index of [7, 8, 9, 10, 11]) {
    const { duplicate, baseOffset } = append(again, resent(index));
    assert.deepEqual([duplicate, baseOffset], [true, index * 10]);
  }
  assert.equal(append(again, resent(12)).baseOffset, 120);
  await again.close();
});

test('truncation cuts batches, segments, epochs and producers', async () => {
  const world = await newWorld();
  const log = await openTestLog(world, SMALL, { producerIdExpirationMs: Infinity });
  for (let index = 0; index < 10; index++) {
    const fields = { producerId: 1, producerEpoch: 0, baseSequence: index * 10 };
    append(log, batchOf(10, 5, fields), { leaderEpoch: index });
  }
  log.setHighWatermark(100);
  await log.flush();
  await log.truncateTo(30);
  assert.deepEqual([log.endOffset, log.highWatermark, log.recoveryPoint, log.latestEpoch], [30, 30, 30, 2]);
  assert.equal(log.producers.get(1)?.lastOffset, 29);
  assert.equal(
    append(log, batchOf(10, 5, { producerId: 1, producerEpoch: 0, baseSequence: 30 }), { leaderEpoch: 7 }).baseOffset,
    30,
  );
  const read = await log.read(0, 100_000, 40);
  assert.equal(read.error === null && read.bytes.length, 4 * batchOf(10, 5).length);
  await log.truncateFullyAndStartAt(1000);
  assert.deepEqual([log.startOffset, log.endOffset, log.latestEpoch, log.producers.size], [1000, 1000, -1, 0]);
  assert.equal(append(log, batchOf(1)).baseOffset, 1000);
  await log.close();
  assert.equal((await openTestLog(worldOn(world.memory), SMALL)).endOffset, 1001);
});

test('a deleted partition is renamed at once and removed later', async () => {
  const world = await newWorld();
  const log = await filled(world);
  await log.delete();
  const [moved = ''] = await names(world, '/data');
  assert.match(moved, /^topic-0\.[0-9a-f]{32}-delete$/);
  assert.equal(append(log, batchOf(1)).error, 'kafka-storage-error');
  world.clock.advance(1001);
  await new Promise<void>((resolve) => setImmediate(resolve));
  assert.deepEqual(await names(world, '/data'), []);
});

test('what deletions and compactions left behind is cleared away at start', async () => {
  const world = await newWorld();
  const log = await filled(world);
  await log.close();
  const at = (name: string): string => `${DIRECTORY}/${name}`;
  const put = (name: string): Promise<void> => world.disk.replaceFile(at(name), Buffer.from('x'));
  await put('00000000000000000007.log.deleted');
  await put('00000000000000000007.index.deleted');
  await put('00000000000000000000.log.cleaned');
  await put('00000000000000000000.log.swap');
  await put('00000000000000000555.timeindex');
  // Finished: replaces the segment at 40.
  await openTestLog(worldOn(world.memory), SMALL);
  assert.deepEqual(
    (await names(world)).filter((name) => /deleted|cleaned|swap|555/.test(name)),
    [],
  );
  const whole = await world.disk.readFile(at('00000000000000000040.log'));
  const half = whole.subarray(0, whole.length / 2);
  await world.disk.replaceFile(at('00000000000000000040.log.swap'), half);
  const opened = await openTestLog(worldOn(world.memory), SMALL);
  assert.deepEqual(await world.disk.readFile(at('00000000000000000040.log')), half);
  assert.equal(opened.endOffset, 100);
});

test('recovery cuts a torn tail and everything after the first damage', async () => {
  const world = await newWorld();
  const log = await filled(world);
  await log.close();
  const path = `${DIRECTORY}/00000000000000000040.log`;
  const bytes = await world.disk.readFile(path);
  const size = batchOf(10, 5).length;
  bytes.writeUInt8(bytes.readUInt8(size + 100) ^ 1, size + 100);
  await world.disk.writeAt(path, 0, bytes, { sync: true, truncate: true });
  const progress: number[] = [];
  const recover = (recoveryPoint: number) =>
    recoverPartition(
      { disk: world.disk, native, logger: silent },
      {
        directory: DIRECTORY,
        recoveryPoint,
        logStartOffset: 0,
        config: SMALL_INDEX,
        producerIdExpirationMs: Infinity,
        now: Number(T0),
        onProgress: ({ scannedBytes }) => progress.push(scannedBytes),
      },
    );
  assert.equal((await recover(80)).endOffset, 100, 'below the recovery point nothing is looked at');
  const recovered = await recover(50);
  assert.deepEqual(recovered, {
    startOffset: 0,
    endOffset: 50,
    recoveryPoint: 50,
    scannedBytes: size,
    truncatedBytes: 3 * size,
    removedSegments: 1,
  });
  assert.ok(progress.length > 0);
  const again = await openTestLog(worldOn(world.memory), SMALL);
  assert.deepEqual([again.endOffset, again.latestEpoch, again.segmentCount], [50, 0, 2]);
  assert.equal(append(again, batchOf(1)).baseOffset, 50);
});

test('segments in the formats before 0.11 are refused, not cut', async () => {
  const world = await newWorld();
  const old = Buffer.alloc(100);
  old.writeInt32BE(88, 8);
  old[16] = 1;
  old.writeUInt32BE(crc32(old.subarray(16)), 12);
  await world.disk.replaceFile(`${DIRECTORY}/00000000000000000000.log`, old);
  await assert.rejects(openTestLog(worldOn(world.memory)), { code: 'EPROTONOSUPPORT' });
  await assert.rejects(
    recoverPartition(
      { disk: world.disk, native, logger: silent },
      {
        directory: DIRECTORY,
        recoveryPoint: 0,
        logStartOffset: 0,
        config: SMALL_INDEX,
        producerIdExpirationMs: 1,
        now: 0,
      },
    ),
    { code: 'EPROTONOSUPPORT' },
  );
  assert.equal((await world.disk.status(`${DIRECTORY}/00000000000000000000.log`))?.sizeInBytes, 100);
});

test('a start offset beyond what survived empties the log', async () => {
  const world = await newWorld();
  const log = await filled(world);
  await log.close();
  const opened = await openTestLog(worldOn(world.memory), SMALL, { logStartOffset: 500 });
  assert.deepEqual([opened.startOffset, opened.endOffset, opened.segmentCount], [500, 500, 1]);
  assert.equal(append(opened, batchOf(1)).baseOffset, 500);
});

test('flush.messages and flush.ms say when a flush is due', async () => {
  const world = await newWorld();
  const log = await openTestLog(world, { flushMessages: 5, flushMs: 1000 });
  assert.equal(log.flushDue(world.clock.now()), false);
  append(log, batchOf(4));
  assert.equal(log.flushDue(world.clock.now()), false);
  append(log, batchOf(1));
  assert.equal(log.flushDue(world.clock.now()), true);
  await log.flush();
  assert.equal(log.recoveryPoint, 5);
  append(log, batchOf(1));
  assert.equal(log.flushDue(world.clock.now() + 999), false);
  assert.equal(log.flushDue(world.clock.now() + 1000), true);
});

test('whoever reads while the directory is being renamed away does not take the log directory offline', async () => {
  for (let steps = 0; steps < 12; steps++) {
    const world = await newWorld();
    const written = await openTestLog(world);
    append(written, batchOf(3));
    written.roll();
    append(written, batchOf(3));
    await written.close();
    const log = await openTestLog(world, {}, { recoveryPoint: 6, highWatermark: 6 });
    world.memory.completion = 'in-order';
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    const deleting = log.delete();
    for (let step = 0; step < steps; step++) {
      await turn();
      world.memory.runOne();
    }
    const reads = [
      locate(log, { offset: 0, maxBytes: 1000, upperBound: 6, minOneMessage: true }),
      log.offsetForTimestamp(0n),
      log.sync(),
    ].map((work: Promise<unknown>) =>
      work.then(
        () => 'done',
        (error: unknown) => error,
      ),
    );
    for (let idle = 0; idle < 3; idle = world.memory.runOne() ? 0 : idle + 1) await turn();
    await deleting;
    for (const result of await Promise.all(reads)) {
      if (result instanceof Error) assert.equal((result as DiskFault).code, 'ENOENT', `after ${steps} steps`);
    }
    assert.deepEqual(world.faults, [], `after ${steps} steps`);
  }
});

test('a segment below the recovery point that recovery looks at again is on the medium afterwards', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const world = await newWorld(seed);
    const log = await openTestLog(world, SMALL_INDEX);
    for (let n = 0; n < 5; n++) append(log, batchOf(10, 100, {}, T0 + BigInt(n * 100)));
    log.roll();
    append(log, batchOf(10, 100, {}, T0 + 1000n));
    await log.close();
    const recoveryPoint = 50;
    // The stop of a process came between the flush and the end of the segment before.
    await world.disk.unlink(`${DIRECTORY}/${String(recoveryPoint).padStart(20, '0')}.snapshot`);
    await world.disk.syncDirectory(DIRECTORY);
    const index = `${DIRECTORY}/${'0'.repeat(20)}.timeindex`;
    const before = await world.disk.readFile(index);
    const recovered = await recoverPartition(
      { disk: world.disk, native, logger: silent },
      {
        directory: DIRECTORY,
        recoveryPoint,
        logStartOffset: 0,
        config: SMALL_INDEX,
        producerIdExpirationMs: Infinity,
        now: Number(T0),
      },
    );
    assert.equal(recovered.endOffset, 60);
    const after = world.memory.crash(seed);
    assert.deepEqual(await after.readFile(index), before, `seed ${seed}`);
  }
});

test('a slice of a segment that retention has deleted says that nobody knows its aborted transactions any more', async () => {
  const world = await newWorld();
  const log = await filled(world);
  log.setHighWatermark(100);
  const located = await locate(log, { offset: 0, maxBytes: 100, upperBound: 100, minOneMessage: true });
  assert.deepEqual(await log.abortedTransactions(0, located), []);
  log.raiseStartOffset(50);
  await log.applyRetention(Number(T0));
  assert.ok(!bases(log).includes(0));
  assert.equal(await log.abortedTransactions(0, located), null);
});
