/** `scanBatches`, `sealBatches` and `crc32c`: what both implementations must do with batches in a segment. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import {
  BATCH_ERROR,
  type Codec,
  type Native,
  ROW,
  ROW_SIZE,
  SCAN,
  SEAL_SIZE,
  SEAL_TIMESTAMP,
} from '../../src/port/native.ts';
import {
  encodeBatch,
  lanes,
  simpleBatch,
  simpleRecord,
  slowCrc32c,
  type TestBatch,
  timestampAt,
  withCrc,
} from './native-batches.ts';

interface Scan {
  readonly rows: Float64Array[];
  readonly stoppedAt: number;
  readonly reason: string;
  readonly bytesNeeded: number;
}

interface ScanOptions {
  readonly from?: number;
  readonly to?: number;
  readonly minOffset?: number;
  readonly capacity?: number;
  readonly maxBatch?: number;
  readonly deep?: boolean;
}

function scan(native: Native, bytes: Uint8Array, options: ScanOptions = {}): Scan {
  const { from = 0, to = bytes.length, minOffset = 0, capacity = 100, maxBatch = 2 ** 20, deep = false } = options;
  const out = new Float64Array(SCAN.firstRow + capacity * ROW_SIZE).fill(-77);
  const count = native.scanBatches(bytes, from, to, minOffset, out, maxBatch, deep ? 2 ** 30 : 0);
  const reason = Object.entries(BATCH_ERROR).find(([, code]) => code === out[SCAN.reason])?.[0] ?? 'unknown';
  const rows = Array.from({ length: count }, (_, index) => {
    const start = SCAN.firstRow + index * ROW_SIZE;
    return out.slice(start, start + ROW_SIZE);
  });
  return { rows, stoppedAt: out[SCAN.stoppedAt] ?? -1, reason, bytesNeeded: out[SCAN.bytesNeeded] ?? -1 };
}

function seal(native: Native, bytes: Uint8Array, ...rows: number[][]): number {
  return native.sealBatches(bytes, new Float64Array(rows.flat()), rows.length);
}

for (const { name, native } of lanes()) {
  const encode = (count: number, baseOffset: number, changes: Partial<TestBatch> = {}): Buffer =>
    encodeBatch(simpleBatch(count, { baseOffset: BigInt(baseOffset), leaderEpoch: 3, ...changes }), native);
  const segment = [encode(3, 100), encode(1, 103, { codec: 4 }), encode(2, 110, { codec: 2 })];

  describe(`crc32c, ${name}`, () => {
    it('is Castagnoli', () => {
      const ascending = Buffer.from(Array.from({ length: 32 }, (_, index) => index));
      assert.equal(native.crc32c(Buffer.from('123456789'), 0, 9, 0), 0xe3069283);
      assert.equal(native.crc32c(Buffer.alloc(32), 0, 32, 0), 0x8a9136aa);
      assert.equal(native.crc32c(Buffer.alloc(32, 0xff), 0, 32, 0), 0x62a8ab43);
      assert.equal(native.crc32c(ascending, 0, 32, 0), 0x46dd794e);
      assert.equal(native.crc32c(ascending, 5, 5, 0), 0);
    });

    it('continues from a seed, over any range', () => {
      fc.assert(
        fc.property(
          fc.uint8Array({ maxLength: 40_000, size: 'max' }),
          fc.nat(),
          fc.nat(),
          fc.nat(),
          (array, a, b, c) => {
            const [from = 0, cut = 0, to = 0] = [a, b, c].map((n) => n % (array.length + 1)).toSorted((x, y) => x - y);
            const whole = native.crc32c(array, from, to, 0);
            assert.equal(whole, slowCrc32c(array.subarray(from, to)));
            assert.equal(native.crc32c(array, cut, to, native.crc32c(array, from, cut, 0)), whole);
          },
        ),
        { numRuns: 50 },
      );
    });

    it('refuses ranges outside the buffer', () => {
      assert.throws(() => native.crc32c(Buffer.alloc(4), 0, 5, 0));
      assert.throws(() => native.crc32c(Buffer.alloc(4), 3, 2, 0));
      assert.throws(() => native.crc32c(Buffer.alloc(4), Number.NaN, 2, 0));
    });
  });

  describe(`scanBatches, ${name}`, () => {
    it('gives a row for each batch', () => {
      for (const deep of [false, true]) {
        const bytes = Buffer.concat([Buffer.alloc(9), ...segment, Buffer.alloc(5)]);
        const found = scan(native, bytes, { from: 9, to: bytes.length - 5, deep, minOffset: 100 });
        assert.equal(found.reason, 'none');
        assert.equal(found.stoppedAt, bytes.length - 5);
        assert.deepEqual(
          found.rows.map((row) => row[ROW.baseOffset]),
          [100, 103, 110],
        );
        assert.deepEqual(
          found.rows.map((row) => row[ROW.lastOffset]),
          [102, 103, 111],
        );
        assert.deepEqual(
          found.rows.map((row) => row[ROW.sizeInBytes]),
          segment.map((batch) => batch.length),
        );
        assert.deepEqual(
          found.rows.map((row) => row[ROW.partitionLeaderEpoch]),
          [3, 3, 3],
        );
        assert.deepEqual(
          found.rows.map((row) => row[ROW.offsetDeltaOfMaxTimestamp]),
          deep ? [2, 0, 1] : [-1, -1, -1],
        );
        for (const row of found.rows) {
          const last = (row[ROW.recordsCount] ?? 0) - 1;
          assert.equal(timestampAt(row, ROW.maxTimestampHi), 1_700_000_000_000n + BigInt(last));
        }
      }
    });

    it('stops when the rows are full, and goes on from there', () => {
      const bytes = Buffer.concat(segment);
      const first = scan(native, bytes, { capacity: 2 });
      assert.equal(first.rows.length, 2);
      assert.equal(first.reason, 'none');
      const second = scan(native, bytes, { from: first.stoppedAt, minOffset: 104 });
      assert.equal(second.rows.length, 1);
      assert.equal(second.rows[0]?.[ROW.position], first.stoppedAt);
    });

    it('a torn tail is incomplete wherever it is torn', () => {
      const bytes = Buffer.concat(segment);
      const [last] = segment.slice(-1);
      const start = bytes.length - (last?.length ?? 0);
      for (let cut = start + 1; cut < bytes.length; cut++) {
        const found = scan(native, bytes, { to: cut });
        assert.equal(found.reason, 'incomplete');
        assert.equal(found.stoppedAt, start);
        assert.equal(found.bytesNeeded, cut < start + 12 ? 61 : last?.length);
        assert.equal(found.rows.length, 2);
      }
    });

    const damages: [string, (bytes: Buffer) => Buffer][] = [
      ['badLength', (bytes) => bytes.fill(0)],
      ['badCrc', (bytes) => bytes.fill(0xee, bytes.length - 1)],
      ['oldMagic', (bytes) => bytes.fill(1, 16, 17)],
      ['badMagic', (bytes) => bytes.fill(7, 16, 17)],
      ['badCount', () => encode(2, 104, { recordsCount: 3 })],
      ['badCount', () => encode(2, 104, { lastOffsetDelta: -1 })],
      ['badCount', () => encode(2, 104, { recordsCount: -1 })],
      ['offsetOutOfOrder', () => encode(2, 103)],
      ['offsetOutOfOrder', () => encode(2, -1)],
    ];
    for (const [reason, damage] of damages) {
      it(`stops at ${reason}`, () => {
        const bytes = Buffer.concat([...segment.slice(0, 2), damage(encode(2, 104)), encode(1, 200)]);
        const found = scan(native, bytes);
        assert.equal(found.reason, reason);
        assert.equal(found.rows.length, 2);
        assert.equal(found.stoppedAt, (segment[0]?.length ?? 0) + (segment[1]?.length ?? 0));
      });
    }

    it('takes gaps and batches that compaction has emptied', () => {
      const kept = encode(4, 20, { records: [1, 3].map((index) => simpleRecord(index)), recordsCount: 2, codec: 3 });
      const empty = encode(0, 30, { lastOffsetDelta: 5 });
      const found = scan(native, Buffer.concat([kept, empty]), { deep: true });
      assert.equal(found.reason, 'none');
      assert.deepEqual(
        found.rows.map((row) => row[ROW.lastOffset]),
        [23, 35],
      );
      assert.deepEqual(
        found.rows.map((row) => row[ROW.offsetDeltaOfMaxTimestamp]),
        [3, -1],
      );
    });

    it('finds damaged records only where it reads them', () => {
      const bytes = encode(2, 0, { trailing: Buffer.alloc(3) });
      assert.equal(scan(native, bytes).reason, 'none');
      assert.equal(scan(native, bytes, { deep: true }).reason, 'badRecord');
    });

    it('takes a batch above the limit for damage, before its bytes are there', () => {
      const bytes = encode(1, 0);
      assert.equal(scan(native, bytes, { maxBatch: bytes.length - 1, to: 20 }).reason, 'tooLarge');
      assert.equal(scan(native, bytes, { maxBatch: bytes.length, to: 20 }).reason, 'incomplete');
    });

    it('an empty range is well', () => {
      const found = scan(native, Buffer.alloc(10), { from: 4, to: 4 });
      assert.deepEqual([found.rows.length, found.reason, found.stoppedAt], [0, 'none', 4]);
    });
  });

  describe(`sealBatches, ${name}`, () => {
    it('writes offset and epoch and leaves the rest', () => {
      for (const codec of [0, 1, 2, 3, 4] as Codec[]) {
        const one = encode(2, 0, { codec });
        const bytes = Buffer.concat([one, one]);
        const offset = 2 ** 40 + 5;
        assert.equal(
          seal(native, bytes, [0, offset, 9, 0, 0, 0], [one.length, offset + 2, 10, SEAL_TIMESTAMP.keep, 1, 2]),
          2,
        );
        const expected = Buffer.concat([one, one]);
        expected.writeBigInt64BE(BigInt(offset), 0);
        expected.writeInt32BE(9, 12);
        expected.writeBigInt64BE(BigInt(offset + 2), one.length);
        expected.writeInt32BE(10, one.length + 12);
        assert.deepEqual(bytes, expected);
        assert.equal(scan(native, bytes, { minOffset: offset }).reason, 'none');
      }
    });

    it('stamps timestamps with a new checksum', () => {
      const stamps: [number, number][] = [
        [SEAL_TIMESTAMP.logAppendTime, 8],
        [SEAL_TIMESTAMP.createTime, 0],
      ];
      for (const [mode, bit] of stamps) {
        for (const timestamp of [-1n, 0n, 1_800_000_000_123n, -(2n ** 62n)]) {
          const before = encode(3, 0, { codec: 4, attributes: 8 - bit + 16 });
          const bytes = Buffer.from(before);
          const lo = Number(BigInt.asUintN(32, timestamp));
          assert.equal(seal(native, bytes, [0, 7, 1, mode, Number(timestamp >> 32n), lo]), 1);
          before.writeBigInt64BE(7n, 0);
          before.writeInt32BE(1, 12);
          before.writeUInt16BE(bit + 16 + 4, 21);
          before.writeBigInt64BE(timestamp, 35);
          assert.deepEqual(bytes, withCrc(before));
        }
      }
    });

    it('does not touch the checksum of what is right already', () => {
      const bytes = encode(1, 0, { attributes: 8, maxTimestamp: 5n });
      bytes.fill(0x77, 17, 21);
      seal(native, bytes, [0, 1, 1, SEAL_TIMESTAMP.logAppendTime, 0, 5]);
      assert.equal(bytes.readUInt32BE(17), 0x77777777);
    });

    it('stops at what does not lie within the buffer', () => {
      const bytes = encode(1, 0);
      assert.equal(seal(native, bytes, [0, 1, 1, 0, 0, 0], [bytes.length - 60, 1, 1, 0, 0, 0]), 1);
      assert.equal(seal(native, bytes.subarray(0, -1), [0, 1, 1, 0, 0, 0]), 0);
      assert.equal(seal(native, bytes, [2 ** 40, 1, 1, 0, 0, 0]), 0);
      assert.throws(() => native.sealBatches(bytes, new Float64Array(SEAL_SIZE), 2));
    });

    it('writes shared memory', () => {
      const bytes = encode(2, 0);
      const shared = Buffer.from(new SharedArrayBuffer(8192), 64, bytes.length);
      bytes.copy(shared);
      assert.equal(seal(native, shared, [0, 55, 1, SEAL_TIMESTAMP.logAppendTime, 1, 1]), 1);
      assert.equal(shared.readBigInt64BE(0), 55n);
      assert.equal(scan(native, shared, { minOffset: 55 }).reason, 'none');
    });
  });
}
