/** findTimestamp: the first record of a time and an offset, in the addon and in the fallback; of any size in the addon. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { BATCH_ERROR, CODEC, type Native } from '../../src/port/native.ts';
import { findRecord } from '../../src/storage/records.ts';
import { addonOrNull, anyBatch, encodeBatch, lanes, simpleBatch, simpleRecord } from './native-batches.ts';

const LANES = lanes();
const compressor = (LANES[0] as { native: Native }).native;
const LOG_APPEND_TIME = 8;

for (const { name, native } of LANES) {
  test(`${name}: what reading all records finds`, () => {
    fc.assert(
      fc.property(
        anyBatch(),
        fc.bigInt({ min: -100n, max: 100n }),
        fc.integer({ min: 0, max: 5 }),
        (batch, delta, minDelta) => {
          const bytes = encodeBatch(batch, compressor);
          const timestamp = BigInt.asIntN(64, batch.baseTimestamp + delta);
          const timeOf = (of: bigint): bigint =>
            (batch.attributes & LOG_APPEND_TIME) !== 0
              ? batch.maxTimestamp
              : BigInt.asIntN(64, batch.baseTimestamp + of);
          const expected = batch.records.find(
            (record) => timeOf(record.timestampDelta) >= timestamp && record.offsetDelta >= minDelta,
          );
          const answer = findRecord(native, { bytes, timestamp, minDelta });
          if (expected === undefined) return;
          assert.deepEqual(answer, {
            offsetDelta: expected.offsetDelta,
            timestamp: timeOf(expected.timestampDelta),
          });
        },
      ),
    );
  });

  test(`${name}: none, too much, damage`, () => {
    const batch = simpleBatch(50, { codec: CODEC.zstd });
    const bytes = encodeBatch(batch, compressor);
    const timestamp = batch.baseTimestamp;
    assert.equal(findRecord(native, { bytes, timestamp: timestamp + 50n, minDelta: 0 }), null);
    assert.equal(findRecord(native, { bytes, timestamp, minDelta: 50 }), null);
    assert.equal(findRecord(native, { bytes, timestamp, minDelta: 40 }, 100), BATCH_ERROR.uncompressedTooLarge);
    const damaged = Buffer.from(bytes);
    damaged.fill(0x55, 61);
    assert.equal(findRecord(native, { bytes: damaged, timestamp, minDelta: 0 }), BATCH_ERROR.badCompression);
    const missing = encodeBatch({ ...batch, recordsCount: 51 }, compressor);
    assert.equal(findRecord(native, { bytes: missing, timestamp, minDelta: 60 }), BATCH_ERROR.badRecord);
    const gone = native.findTimestamp(bytes, 0, bytes.length, 0, 0, 0, Number.POSITIVE_INFINITY, new Float64Array(2));
    assert.equal(gone, 0);
    assert.throws(() => native.findTimestamp(bytes, 0, 60, 0, 0, 0, 1, new Float64Array(2)));
  });
}

test('addon: a batch of which 300 MiB come out is looked through to its last record', {
  skip: addonOrNull() === null,
}, () => {
  const large = { ...simpleRecord(0), value: Buffer.alloc(100 * 1024 * 1024) };
  const records = [large, { ...large, offsetDelta: 1 }, { ...large, offsetDelta: 2 }, simpleRecord(3)];
  const batch = simpleBatch(4, { records, codec: CODEC.zstd });
  const bytes = encodeBatch(batch, compressor);
  const before = process.memoryUsage.rss();
  const answer = findRecord(compressor, { bytes, timestamp: batch.baseTimestamp + 1n, minDelta: 0 });
  assert.ok(process.memoryUsage.rss() - before < 64 * 1024 * 1024, 'little of it is in memory');
  assert.deepEqual(answer, { offsetDelta: 3, timestamp: batch.baseTimestamp + 3n });
});
