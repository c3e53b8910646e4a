/** Batches: walking, building, and damage. The bytes themselves are compared with Kafka's in test/golden. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { batchesOf, batchPayload, isChecksumRight, readBatchHeader } from '../../../src/protocol/batch.ts';
import { BatchBuilder, type NewRecord } from '../../../src/protocol/batch-builder.ts';
import { readRecords, recordsOf } from '../../../src/protocol/batch-records.ts';
import { DecodeError } from '../../../src/protocol/codec/errors.ts';
import { hex } from './hex.ts';

const SEED = 20_261_123;
const sum = (bytes: Buffer): number => bytes.reduce((total, byte) => (total * 31 + byte) >>> 0, 7);
const maybeBytes = fc.option(fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)));

const newRecord: fc.Arbitrary<NewRecord> = fc.record(
  {
    timestamp: fc.bigInt({ min: -(2n ** 40n), max: 2n ** 45n }),
    key: maybeBytes,
    value: maybeBytes,
    headers: fc.array(
      fc.record({ key: fc.string({ unit: 'grapheme', maxLength: 8 }), value: maybeBytes }, { noNullPrototype: true }),
      {
        maxLength: 3,
      },
    ),
  },
  { noNullPrototype: true },
);

function build(baseOffset: number, records: readonly NewRecord[]): Buffer {
  const builder = new BatchBuilder({ baseOffset, leaderEpoch: 1 });
  for (const record of records) builder.append(record);
  return builder.build(sum);
}

test('records come out as they went in', () => {
  fc.assert(
    fc.property(fc.array(newRecord, { minLength: 1, maxLength: 20 }), fc.nat(2 ** 31 - 1), (records, baseOffset) => {
      const bytes = build(baseOffset, records);
      const header = readBatchHeader(bytes);
      assert.ok(isChecksumRight(bytes, header, sum));
      assert.equal(header.lastOffset, baseOffset + records.length - 1);
      const expected = records.map((record, index) => ({ ...record, offset: baseOffset + index }));
      assert.deepEqual(recordsOf(bytes, header), expected);
    }),
    { seed: SEED, numRuns: 200 },
  );
});

test('batches one after the other, an incomplete one left out', () => {
  const one = build(5, [{ timestamp: 1n, key: null, value: Buffer.from('a') }]);
  const two = build(6, [{ timestamp: 2n, key: null, value: Buffer.from('bc') }]);
  const both = Buffer.concat([one, two]);
  assert.deepEqual(
    [...batchesOf(both)].map((header) => [header.position, header.baseOffset]),
    [
      [0, 5],
      [one.length, 6],
    ],
  );
  for (let end = 0; end < both.length; end++) {
    assert.equal([...batchesOf(both, 0, end)].length, end < one.length ? 0 : 1);
  }
});

test('what is no batch is refused', () => {
  const bytes = build(0, [{ timestamp: 1n, key: null, value: null }]);
  const changed = (change: (copy: Buffer) => void) => {
    const copy = Buffer.from(bytes);
    change(copy);
    return () => [...batchesOf(copy)];
  };
  assert.throws(
    changed((copy) => copy.writeInt8(1, 16)),
    { name: 'DecodeError', failure: 'unknown' },
  );
  assert.throws(
    changed((copy) => copy.writeInt32BE(48, 8)),
    { name: 'DecodeError', failure: 'negative length' },
  );
  assert.throws(
    changed((copy) => copy.writeInt32BE(-1, 8)),
    { name: 'DecodeError', failure: 'negative length' },
  );
  assert.throws(
    changed((copy) => copy.writeBigInt64BE(2n ** 60n, 0)),
    { name: 'DecodeError', failure: 'i64' },
  );
  assert.throws(() => recordsOf(bytes, { ...readBatchHeader(bytes), attributes: 4 }), { failure: 'unknown' });
});

test('counts and lengths are checked before anything is allocated', () => {
  const bytes = build(0, [{ timestamp: 1n, key: null, value: null }]);
  const header = readBatchHeader(bytes);
  const payload = batchPayload(bytes, header);
  assert.throws(() => readRecords({ ...header, recordsCount: 2 ** 31 - 1 }, payload), { failure: 'truncated' });
  assert.throws(() => readRecords({ ...header, recordsCount: -1 }, payload), { failure: 'negative length' });
  assert.throws(() => readRecords({ ...header, recordsCount: 0 }, payload), { failure: 'trailing bytes' });
  // length 12, attributes, two deltas, null key, null value, then 2^30 headers.
  const manyHeaders = Buffer.from(hex('18000000 0101 8080808008 000000'), 'hex');
  assert.throws(() => readRecords({ ...header, recordsCount: 1 }, manyHeaders), { failure: 'truncated' });
});

test('damaged records are refused or read, and nothing else', () => {
  const samples = fc.sample(fc.array(newRecord, { minLength: 1, maxLength: 5 }), { seed: SEED, numRuns: 50 });
  const random = fc.sample(fc.nat(), { seed: SEED, numRuns: 5000 });
  let next = 0;
  const draw = (limit: number) => (random[next++ % random.length] ?? 0) % limit;
  for (const records of samples) {
    const bytes = build(0, records);
    for (let i = 0; i < 60; i++) {
      const copy = Buffer.from(bytes);
      for (let n = draw(3); n >= 0; n--) copy[draw(copy.length)] = draw(256);
      try {
        for (const header of batchesOf(copy)) recordsOf(copy, header);
      } catch (error) {
        assert.ok(error instanceof DecodeError, String(error));
      }
    }
  }
});

test('offsets of a batch only grow', () => {
  const builder = new BatchBuilder({ baseOffset: 10 });
  builder.append({ offset: 12, timestamp: 1n, key: null, value: null });
  assert.throws(() => builder.append({ offset: 12, timestamp: 1n, key: null, value: null }), RangeError);
  builder.append({ timestamp: 1n, key: null, value: null });
  assert.deepEqual([builder.lastOffset, builder.recordsCount], [13, 2]);
});
