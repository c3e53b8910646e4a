/** Appending: offsets, staging, order, duplicates, rolls, index entries, failed writes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batchesOf } from '../../../src/protocol/batch.ts';
import { SEAL_TIMESTAMP } from '../../../src/port/native.ts';
import { UNVERIFIED } from '../../../src/storage/producer-state.ts';
import { T0, TestAppend, append, batchOf, crc32c, locate, markerOf, newWorld, openTestLog } from './fixture.ts';

test('batches get consecutive offsets and the leader epoch, in place', async () => {
  const log = await openTestLog(await newWorld());
  const first = append(log, batchOf(3), { leaderEpoch: 5 });
  const second = append(log, batchOf(2), { leaderEpoch: 6 });
  assert.deepEqual([first.error, first.baseOffset, first.lastOffset], [null, 0, 2]);
  assert.deepEqual([second.error, second.baseOffset, second.lastOffset], [null, 3, 4]);
  assert.equal(log.endOffset, 5);
  const read = await log.read(0, 10_000, 5);
  assert.equal(read.error, null);
  const headers = [...batchesOf(read.error === null ? read.bytes : Buffer.alloc(0))];
  assert.deepEqual(
    headers.map(({ baseOffset, lastOffset, leaderEpoch }) => [baseOffset, lastOffset, leaderEpoch]),
    [
      [0, 2, 5],
      [3, 4, 6],
    ],
  );
  assert.deepEqual(log.endOffsetForEpoch(5), { leaderEpoch: 5, endOffset: 3 });
  assert.deepEqual(log.endOffsetForEpoch(6), { leaderEpoch: 6, endOffset: 5 });
});

test('small appends of one turn are one write, and are not visible before it', async () => {
  const world = await newWorld();
  const log = await openTestLog(world);
  const order: number[] = [];
  const requests = [1, 2, 3].map((count) => {
    return new TestAppend(batchOf(count), { onComplete: (done) => order.push(done.baseOffset) });
  });
  for (const request of requests) assert.equal(log.append(request), true);
  assert.equal(log.endOffset, 0);
  assert.equal(log.sealedEndOffset, 6);
  assert.equal(requests[0]?.error, undefined);
  assert.equal(world.memory.counts.get('write') ?? 0, 0);
  world.clock.runSoon();
  assert.deepEqual(order, [0, 1, 3]);
  assert.equal(log.endOffset, 6);
  assert.equal(world.memory.counts.get('write'), 1);
});

test('a large append is written from where it lies, after what is staged', async () => {
  const world = await newWorld();
  const log = await openTestLog(world);
  append(log, batchOf(1));
  const order: string[] = [];
  log.append(new TestAppend(batchOf(1), { onComplete: () => order.push('small') }));
  assert.equal(log.takesInCall(100_000), true);
  assert.equal(log.append(new TestAppend(batchOf(10, 10_000), { onComplete: () => order.push('large') })), true);
  assert.deepEqual(order, ['small', 'large']);
  assert.equal(log.endOffset, 12);
});

test('while the disk completes later, appends keep their order and one write is under way', async () => {
  const world = await newWorld();
  const log = await openTestLog(world);
  world.memory.completion = 'in-order';
  const order: number[] = [];
  const note = (done: TestAppend): void => void order.push(done.baseOffset);
  assert.equal(log.append(new TestAppend(batchOf(10, 10_000), { onComplete: note })), false);
  assert.equal(log.takesInCall(100_000), false);
  assert.equal(log.append(new TestAppend(batchOf(1), { onComplete: note })), true);
  log.flushStaged();
  assert.equal(log.append(new TestAppend(batchOf(10, 10_000), { onComplete: note })), false);
  assert.equal(log.endOffset, 0);
  world.memory.run();
  assert.deepEqual(order, [0, 10, 11]);
  assert.equal(log.endOffset, 21);
});

test('what a completion appends comes after the rest of its write', async () => {
  const log = await openTestLog(await newWorld(), { segmentBytes: 1_000_000 });
  const order: string[] = [];
  const note = (name: string) => (): void => void order.push(name);
  const nested = new TestAppend(batchOf(10, 10_000), { onComplete: note('nested') });
  const refused = new TestAppend(batchOf(1, 2_000_000), { onComplete: note('refused') });
  log.append(
    new TestAppend(batchOf(1), {
      onComplete: () => {
        order.push('first');
        log.append(nested);
        log.append(refused);
      },
    }),
  );
  log.append(new TestAppend(batchOf(1), { onComplete: note('second') }));
  log.flushStaged();
  assert.deepEqual(order, ['first', 'second', 'nested', 'refused']);
  assert.equal(nested.baseOffset, 2);
  assert.equal(refused.error, 'record-list-too-large');
});

test('a batch that comes again is answered with its first offset, in its turn', async () => {
  const log = await openTestLog(await newWorld());
  const idempotent = (sequence: number): Buffer =>
    batchOf(2, 10, { producerId: 7, producerEpoch: 0, baseSequence: sequence });
  for (let index = 0; index < 6; index++) append(log, idempotent(index * 2));
  const order: number[] = [];
  log.append(new TestAppend(idempotent(12), { onComplete: () => order.push(1) }));
  const again = new TestAppend(idempotent(4), { onComplete: () => order.push(2) });
  log.append(again);
  assert.equal(again.error, undefined);
  log.flushStaged();
  assert.deepEqual(order, [1, 2]);
  assert.deepEqual([again.error, again.duplicate, again.baseOffset, again.lastOffset], [null, true, 4, 5]);
  assert.equal(again.duplicateTimestamp, T0 + 1n);
  // The sixth before the last is forgotten; what follows no known sequence is refused.
  assert.equal(append(log, idempotent(2)).error, 'out-of-order-sequence-number');
  assert.equal(append(log, idempotent(20)).error, 'out-of-order-sequence-number');
  assert.equal(append(log, idempotent(14)).baseOffset, 14);
  assert.equal(log.endOffset, 16);
});

test('stale epochs are refused, a newer one begins at 0', async () => {
  const log = await openTestLog(await newWorld());
  const of = (producerEpoch: number, baseSequence: number): Buffer =>
    batchOf(1, 10, { producerId: 7, producerEpoch, baseSequence });
  assert.equal(append(log, of(3, 9)).error, null, 'an unknown producer may begin anywhere');
  assert.equal(append(log, of(2, 10)).error, 'invalid-producer-epoch');
  assert.equal(append(log, of(4, 10)).error, 'out-of-order-sequence-number');
  assert.equal(append(log, of(4, 0)).error, null);
});

test('sequence numbers go on at 0 after 2^31-1', async () => {
  const log = await openTestLog(await newWorld());
  const of = (count: number, baseSequence: number): Buffer =>
    batchOf(count, 10, { producerId: 7, producerEpoch: 0, baseSequence });
  append(log, of(4, 2147483645));
  const again = append(log, of(4, 2147483645));
  assert.deepEqual([again.duplicate, again.baseOffset], [true, 0]);
  assert.equal(append(log, of(1, 0)).error, 'out-of-order-sequence-number');
  assert.equal(append(log, of(1, 1)).error, null);
});

test('open transactions hold the last stable offset until their marker is committed', async () => {
  const log = await openTestLog(await newWorld());
  const of = (producerId: number, baseSequence: number): Buffer =>
    batchOf(2, 10, { producerId, producerEpoch: 0, baseSequence, isTransactional: true });
  append(log, batchOf(1));
  append(log, of(1, 0));
  append(log, of(2, 0));
  append(log, of(1, 2));
  log.setHighWatermark(7);
  assert.equal(log.lastStableOffset, 1);
  append(log, markerOf(1, 0, true), { origin: 'coordinator' });
  assert.equal(log.lastStableOffset, 1, 'the marker is not committed');
  log.setHighWatermark(8);
  assert.equal(log.lastStableOffset, 3);
  append(log, markerOf(2, 0, false), { origin: 'coordinator' });
  log.setHighWatermark(9);
  assert.equal(log.lastStableOffset, 9);
  const located = await locate(log, { offset: 0, maxBytes: 10_000, upperBound: 9, minOneMessage: true });
  assert.deepEqual(await log.abortedTransactions(0, located), [
    { producerId: 1, firstOffset: 1, lastOffset: 7, lastStableOffset: 3 },
  ]);
});

test('a marker of an older coordinator or producer epoch is refused', async () => {
  const log = await openTestLog(await newWorld());
  append(log, batchOf(1, 10, { producerId: 1, producerEpoch: 4, baseSequence: 0, isTransactional: true }));
  assert.equal(append(log, markerOf(1, 3, true, 9), { origin: 'coordinator' }).error, 'invalid-producer-epoch');
  assert.equal(append(log, markerOf(1, 4, true, 9), { origin: 'coordinator' }).error, null);
  assert.equal(append(log, markerOf(1, 4, true, 8), { origin: 'coordinator' }).error, 'transaction-coordinator-fenced');
  const verification = { ...UNVERIFIED, supportsEpochBump: true, transactionVersion: 2 };
  assert.equal(
    append(log, markerOf(1, 4, true, 9), { origin: 'coordinator', verification }).error,
    null,
    'a retry of a marker whose transaction is complete is written again',
  );
});

test('a transactional batch that nobody verified is refused unless its transaction is open', async () => {
  const log = await openTestLog(await newWorld());
  const of = (baseSequence: number): Buffer =>
    batchOf(1, 10, { producerId: 1, producerEpoch: 0, baseSequence, isTransactional: true });
  const verification = { ...UNVERIFIED, verified: false, supportsEpochBump: true };
  assert.equal(append(log, of(0), { verification }).error, 'invalid-txn-state');
  const verified = { ...verification, verified: true };
  assert.equal(append(log, of(5), { verification: verified }).error, 'out-of-order-sequence-number');
  assert.equal(append(log, of(0), { verification: verified }).error, null);
  assert.equal(append(log, of(1), { verification }).error, null);
  assert.equal(
    append(log, batchOf(1, 10, { producerId: 1, producerEpoch: 0, baseSequence: 2 })).error,
    'invalid-txn-state',
  );
});

test('log append time is sealed into the header with a new checksum', async () => {
  const log = await openTestLog(await newWorld());
  const sealed = append(log, batchOf(3), { sealTimestamp: SEAL_TIMESTAMP.logAppendTime, maxTimestamp: T0 + 99n });
  const [header] = [...batchesOf(sealed.bytes)];
  assert.equal(header?.maxTimestamp, T0 + 99n);
  assert.equal((header?.attributes ?? 0) & 8, 8);
  assert.equal(header?.crc, crc32c(sealed.bytes.subarray(21)));
});

test('a segment rolls by size, by the time between batches, and when an index is full', async () => {
  const world = await newWorld();
  const bySize = await openTestLog(world, { segmentBytes: 1000 });
  for (let index = 0; index < 10; index++) append(bySize, batchOf(1, 200));
  assert.equal(bySize.segmentCount, 4, 'three batches of 277 bytes a segment');
  assert.equal(append(bySize, batchOf(1, 1000)).error, 'record-list-too-large');

  const byTime = await openTestLog(await newWorld(), { segmentMs: 1000 });
  append(byTime, batchOf(1, 10, {}, T0));
  append(byTime, batchOf(1, 10, {}, T0 + 1000n));
  assert.equal(byTime.segmentCount, 1);
  append(byTime, batchOf(1, 10, {}, T0 + 1001n));
  assert.equal(byTime.segmentCount, 2);

  const byIndex = await openTestLog(await newWorld(), { segmentIndexBytes: 40, indexIntervalBytes: 1 });
  for (let index = 0; index < 10; index++) append(byIndex, batchOf(1, 10, {}, T0 + BigInt(index)));
  assert.equal(byIndex.segmentCount, 4, 'two entries fit the time index, the third place is for the end');
});

test('a follower keeps offsets, gaps and epochs, and refuses what does not follow', async () => {
  const log = await openTestLog(await newWorld());
  const of = (baseOffset: number, leaderEpoch: number): Buffer => batchOf(2, 10, { baseOffset, leaderEpoch });
  assert.equal(append(log, Buffer.concat([of(0, 1), of(5, 2)]), { origin: 'follower' }).error, null);
  assert.equal(log.endOffset, 7);
  assert.equal(append(log, of(6, 2), { origin: 'follower' }).error, 'unexpected-offset');
  assert.equal(append(log, of(3_000_000_000, 3), { origin: 'follower' }).error, null);
  assert.equal(log.segmentCount, 2, 'offsets of a segment are 31 bits from its base');
  assert.deepEqual(log.endOffsetForEpoch(1), { leaderEpoch: 1, endOffset: 5 });
  assert.equal(log.epochForOffset(3_000_000_001), 3);
});

test('a failed write takes the log offline: everything after it fails, nothing is undone', async () => {
  const world = await newWorld();
  const log = await openTestLog(world);
  append(log, batchOf(1));
  world.memory.inject = (operation) => (operation === 'write' ? 'ENOSPC' : null);
  const first = new TestAppend(batchOf(1));
  const second = new TestAppend(batchOf(10, 10_000));
  log.append(first);
  log.append(second);
  assert.deepEqual([first.error, second.error], ['kafka-storage-error', 'kafka-storage-error']);
  assert.equal(log.failed?.code, 'ENOSPC');
  assert.deepEqual(
    world.faults.map(({ operation }) => operation),
    ['write'],
  );
  world.memory.inject = () => null;
  assert.equal(append(log, batchOf(1)).error, 'kafka-storage-error');
  assert.deepEqual(await locate(log, { offset: 0, maxBytes: 10, upperBound: 1, minOneMessage: true }), {
    error: 'kafka-storage-error',
  });
  await assert.rejects(log.flush(), { code: 'ENOSPC' });
  log.abandon();
});
