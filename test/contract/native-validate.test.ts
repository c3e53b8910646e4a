/** `validateBatches`: what both implementations must find in the record bytes of a producer. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { BATCH_ERROR, type Codec, ROW, ROW_SIZE } from '../../src/port/native.ts';
import {
  anyBatch,
  encodeBatch,
  errorOf,
  lanes,
  plainRecords,
  simpleBatch,
  simpleRecord,
  type TestBatch,
  timestampAt,
  timestampOf,
  validateOne,
  varint,
  withCrc,
} from './native-batches.ts';

const CODECS: Codec[] = [0, 1, 2, 3, 4];

function expectedNumber(value: bigint): number {
  if (value >= 2n ** 53n) return Number.POSITIVE_INFINITY;
  return value <= -(2n ** 53n) ? Number.NEGATIVE_INFINITY : Number(value);
}

function assertRow(row: Float64Array, batch: TestBatch, size: number): void {
  assert.equal(errorOf(row), 'none');
  assert.equal(row[ROW.sizeInBytes], size);
  assert.equal(row[ROW.errorRecordIndex], -1);
  assert.equal(row[ROW.recordsCount], batch.recordsCount);
  assert.equal(row[ROW.attributes], batch.attributes | batch.codec);
  assert.equal(row[ROW.producerId], expectedNumber(batch.producerId));
  assert.equal(row[ROW.producerEpoch], batch.producerEpoch);
  assert.equal(row[ROW.baseSequence], batch.baseSequence);
  assert.equal(row[ROW.partitionLeaderEpoch], batch.leaderEpoch);
  assert.equal(row[ROW.baseOffset], 0);
  assert.equal(row[ROW.lastOffset], batch.lastOffsetDelta);
  assert.equal(timestampAt(row, ROW.headerMaxTimestampHi), batch.maxTimestamp);
  assert.equal(timestampAt(row, ROW.baseTimestampHi), batch.baseTimestamp);
  const timestamps = batch.records.map((record) => timestampOf(batch, record));
  const max = timestamps.reduce((one, other) => (other > one ? other : one), -1n);
  assert.equal(timestampAt(row, ROW.maxTimestampHi), max);
  assert.equal(row[ROW.offsetDeltaOfMaxTimestamp], max === -1n ? -1 : timestamps.indexOf(max));
  const bounded = timestamps.filter((timestamp) => timestamp !== -1n);
  const min = bounded.reduce((one, other) => (other < one ? other : one), bounded[0] ?? -1n);
  assert.equal(timestampAt(row, ROW.minTimestampHi), min);
  assert.equal(
    row[ROW.firstKeylessRecord],
    batch.records.findIndex((record) => record.key === null),
  );
  assert.equal(row[ROW.uncompressedBytes], plainRecords(batch).length);
}

for (const { name, native } of lanes()) {
  const encode = (batch: TestBatch): Buffer => encodeBatch(batch, native);

  describe(`validateBatches, ${name}`, () => {
    it('says what a good batch is', () => {
      fc.assert(
        fc.property(anyBatch(), (batch) => {
          const bytes = encode(batch);
          assertRow(validateOne(native, bytes), batch, bytes.length);
        }),
        { numRuns: 300 },
      );
    });

    it('says one row for each region, in order, wherever it lies', () => {
      const good = encode(simpleBatch(3));
      const bad = Buffer.from(good);
      bad[good.length - 1] = (bad[good.length - 1] ?? 0) ^ 1;
      const buffer = Buffer.concat([Buffer.alloc(7), good, bad, good]);
      const starts = [7, 7 + good.length, 7 + 2 * good.length];
      const regions = new Float64Array(starts.flatMap((start) => [start, start + good.length]));
      const out = new Float64Array(3 * ROW_SIZE);
      assert.equal(native.validateBatches(buffer, regions, 3, out, 2 ** 20, 2 ** 20, 2 ** 20), 1);
      for (const [index, start] of starts.entries()) {
        assert.equal(out[index * ROW_SIZE + ROW.position], start);
        assert.equal(out[index * ROW_SIZE + ROW.error], index === 1 ? BATCH_ERROR.badCrc : BATCH_ERROR.none);
      }
    });

    it('reads shared memory', () => {
      const good = encode(simpleBatch(2, { codec: 4 }));
      const shared = Buffer.from(new SharedArrayBuffer(1 << 16), 100, good.length);
      good.copy(shared);
      assert.equal(errorOf(validateOne(native, shared)), 'none');
    });

    it('refuses arguments that do not fit each other', () => {
      const out = new Float64Array(ROW_SIZE);
      const bytes = Buffer.alloc(10);
      assert.throws(() => native.validateBatches(bytes, new Float64Array([0, 10]), 2, out, 1, 1, 1));
      assert.throws(() => native.validateBatches(bytes, new Float64Array([0, 11]), 1, out, 1, 1, 1));
      assert.throws(() => native.validateBatches(bytes, new Float64Array([5, 4]), 1, out, 1, 1, 1));
      assert.throws(() => native.validateBatches(bytes, new Float64Array([Number.NaN, 4]), 1, out, 1, 1, 1));
      assert.throws(() => native.validateBatches(bytes, new Float64Array([-1, 4]), 1, out, 1, 1, 1));
    });
  });

  const withLength = (length: number): Buffer => {
    const bytes = encode(simpleBatch(1));
    bytes.writeInt32BE(length, 8);
    return bytes;
  };

  describe(`what is wrong with a batch, ${name}`, () => {
    const headerErrors: [string, keyof typeof BATCH_ERROR, () => Buffer][] = [
      ['no bytes', 'incomplete', () => Buffer.alloc(0)],
      ['a cut header', 'incomplete', () => encode(simpleBatch(1)).subarray(0, 60)],
      ['a cut batch', 'incomplete', () => encode(simpleBatch(1)).subarray(0, -1)],
      ['a length of nothing', 'badLength', () => Buffer.alloc(100)],
      ['a length below a header', 'badLength', () => withLength(48).subarray(0, 60)],
      ['a negative length', 'badLength', () => withLength(-1)],
      ['magic 1', 'oldMagic', () => encode(simpleBatch(1)).fill(1, 16, 17)],
      ['magic 3', 'badMagic', () => encode(simpleBatch(1)).fill(3, 16, 17)],
      ['a negative magic', 'badMagic', () => encode(simpleBatch(1)).fill(0xff, 16, 17)],
      ['two batches', 'moreThanOneBatch', () => Buffer.concat([encode(simpleBatch(1)), encode(simpleBatch(1))])],
      ['damage after the batch', 'badLength', () => Buffer.concat([encode(simpleBatch(1)), Buffer.alloc(20)])],
      ['a base offset', 'baseOffsetNotZero', () => encode(simpleBatch(1, { baseOffset: 1n }))],
      ['a large base offset', 'baseOffsetNotZero', () => encode(simpleBatch(1, { baseOffset: 1n << 40n }))],
      ['a wrong checksum', 'badCrc', () => encode(simpleBatch(1)).fill(0x55, 17, 18)],
      ['a changed record', 'badCrc', () => encode(simpleBatch(1)).fill(0x55, 70)],
      ['no records', 'badCount', () => encode(simpleBatch(0))],
      ['a negative count', 'badCount', () => encode(simpleBatch(1, { recordsCount: -1, lastOffsetDelta: -2 }))],
      ['a delta unlike the count', 'badCount', () => encode(simpleBatch(2, { lastOffsetDelta: 2 }))],
      ['codec 5', 'unknownCodec', () => encode(simpleBatch(2, { attributes: 5 }))],
    ];

    for (const [what, error, make] of headerErrors) {
      it(`${what} is ${error}`, () => {
        const row = validateOne(native, make());
        assert.equal(errorOf(row), error);
        assert.equal(row[ROW.errorRecordIndex], -1);
      });
    }

    it('what follows the batch and is no batch is cut off', () => {
      const one = encode(simpleBatch(1));
      for (const tail of [Buffer.alloc(11), one.subarray(0, -1), one.subarray(0, 16)]) {
        const row = validateOne(native, Buffer.concat([one, tail]));
        assert.equal(errorOf(row), 'none');
        assert.equal(row[ROW.sizeInBytes], one.length);
      }
    });

    it('a batch above the limit is tooLarge, at the limit well', () => {
      const bytes = encode(simpleBatch(1));
      assert.equal(errorOf(validateOne(native, bytes, { batch: bytes.length - 1 })), 'tooLarge');
      assert.equal(errorOf(validateOne(native, bytes, { batch: bytes.length })), 'none');
    });

    for (const codec of CODECS) {
      const recordErrors: [string, string, number, Partial<TestBatch>][] = [
        ['a record too many', 'badRecord', 2, { recordsCount: 2, lastOffsetDelta: 1 }],
        ['a record too few', 'badRecord', 3, { recordsCount: 4, lastOffsetDelta: 3 }],
        ['bytes after the last record', 'badRecord', 3, { trailing: Buffer.alloc(1) }],
        ['offsets with a gap', 'offsetsNotDense', 2, { records: [0, 1, 3].map((index) => simpleRecord(index)) }],
        ['offsets from 1', 'offsetsNotDense', 0, { records: [1, 2, 3].map((index) => simpleRecord(index)) }],
      ];
      for (const [what, error, record, changes] of recordErrors) {
        it(`${what} is ${error}, codec ${codec}`, () => {
          const row = validateOne(native, encode(simpleBatch(3, { codec, ...changes })));
          assert.equal(errorOf(row), error);
          assert.equal(row[ROW.errorRecordIndex], record);
        });
      }

      it(`records whose lengths do not fit are badRecord, codec ${codec}`, () => {
        const bodies: [string, Buffer][] = [
          ['a negative record length', varint(-5n)],
          ['an endless varint', Buffer.alloc(12, 0x80)],
          [
            'a key beyond the record',
            Buffer.concat([varint(6n), Buffer.from([0, 0, 0]), varint(50n), Buffer.alloc(60)]),
          ],
          [
            'a value beyond the record',
            Buffer.concat([varint(7n), Buffer.from([0, 0, 0, 1]), varint(50n), Buffer.alloc(60)]),
          ],
          ['a record longer than its fields', Buffer.concat([varint(8n), Buffer.from([0, 0, 0, 1, 1, 0, 0, 0])])],
          ['negative headers', Buffer.concat([varint(6n), Buffer.from([0, 0, 0, 1, 1, 1])])],
          ['more headers than bytes', Buffer.concat([varint(6n), Buffer.from([0, 0, 0, 1, 1, 0x20])])],
          ['a header without a key', Buffer.concat([varint(8n), Buffer.from([0, 0, 0, 1, 1, 2, 1, 1])])],
        ];
        for (const [what, trailing] of bodies) {
          const batch = simpleBatch(1, { codec, records: [], trailing });
          assert.equal(errorOf(validateOne(native, encode(batch))), 'badRecord', what);
        }
      });
    }

    for (const codec of [1, 2, 3, 4] as const) {
      it(`damaged compression is badCompression, codec ${codec}`, () => {
        const bytes = encode(simpleBatch(50, { codec }));
        bytes.fill(0xff, 61, 80);
        assert.equal(errorOf(validateOne(native, withCrc(bytes))), 'badCompression');
      });

      it(`limits of decompression, codec ${codec}`, () => {
        const batch = simpleBatch(3, {
          codec,
          records: [0, 1, 2].map((index) => simpleRecord(index, 'x'.repeat(70_000))),
        });
        const bytes = encode(batch);
        const plain = plainRecords(batch).length;
        assert.equal(errorOf(validateOne(native, bytes, { uncompressed: plain })), 'none');
        assert.equal(errorOf(validateOne(native, bytes, { uncompressed: Number.POSITIVE_INFINITY })), 'none');
        assert.equal(errorOf(validateOne(native, bytes, { uncompressed: plain - 1 })), 'uncompressedTooLarge');
        assert.equal(errorOf(validateOne(native, bytes, { uncompressed: 1000 })), 'uncompressedTooLarge');
        const tooLarge = validateOne(native, bytes, { record: 70_000 });
        assert.equal(errorOf(tooLarge), 'recordTooLarge');
        assert.equal(tooLarge[ROW.errorRecordIndex], 0);
        assert.equal(errorOf(validateOne(native, bytes, { record: 70_100 })), 'none');
      });
    }

    it('limits of decompression do not touch batches that are not compressed', () => {
      assert.equal(errorOf(validateOne(native, encode(simpleBatch(3)), { uncompressed: 0, record: 1 })), 'none');
    });
  });
}
