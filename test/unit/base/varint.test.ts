/** Variable-length integers and numbers in bytes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { readI16, readI32, readI64, writeI16, writeI32, writeI64 } from '../../../src/base/bytes.ts';
import {
  readUvarint,
  readVarint,
  readVarlong,
  sizeOfUvarint,
  sizeOfVarint,
  sizeOfVarlong,
  writeUvarint,
  writeVarint,
  writeVarlong,
} from '../../../src/base/varint.ts';

const OPTIONS = { seed: 20_261_123, numRuns: 2000 };
const cursor = { offset: 0 };

test('unsigned varints', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.nat(31), (large, shift) => {
      const value = large >>> shift;
      const bytes = Buffer.alloc(8);
      const end = writeUvarint(bytes, 1, value);
      assert.equal(end - 1, sizeOfUvarint(value));
      assert.equal(readUvarint(bytes, 1, end, cursor), value);
      assert.equal(cursor.offset, end);
      assert.ok(Number.isNaN(readUvarint(bytes, 1, end - 1, cursor)));
    }),
    OPTIONS,
  );
  assert.ok(Number.isNaN(readUvarint(Buffer.from('ffffffffff7f', 'hex'), 0, 6, cursor)));
});

test('signed varints', () => {
  const known: [number, string][] = [
    [0, '00'],
    [-1, '01'],
    [1, '02'],
    [63, '7e'],
    [-64, '7f'],
    [64, '8001'],
    [2 ** 31 - 1, 'feffffff0f'],
    [-(2 ** 31), 'ffffffff0f'],
  ];
  for (const [value, hex] of known) {
    const bytes = Buffer.alloc(hex.length / 2);
    assert.equal(writeVarint(bytes, 0, value), bytes.length);
    assert.equal(sizeOfVarint(value), bytes.length);
    assert.equal(bytes.toString('hex'), hex);
    assert.equal(readVarint(bytes, 0, bytes.length, cursor), value);
  }
});

test('signed 64-bit varints', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.bigInt({ min: 0n, max: 63n }),
      (large, shift) => {
        const value = large >> shift;
        const bytes = Buffer.alloc(12);
        const end = writeVarlong(bytes, 0, value);
        assert.equal(end, sizeOfVarlong(value));
        assert.equal(readVarlong(bytes, 0, end, cursor), value);
        assert.equal(cursor.offset, end);
        assert.equal(readVarlong(bytes, 0, end - 1, cursor), null);
      },
    ),
    OPTIONS,
  );
  assert.equal(readVarlong(Buffer.alloc(12, 0xff), 0, 12, cursor), null);
});

test('64-bit numbers', () => {
  const bytes = Buffer.alloc(8);
  for (const value of [0, 1, -1, 2 ** 32, -(2 ** 32), 2 ** 53, -(2 ** 53), 2 ** 53 - 1, Infinity, -Infinity]) {
    assert.equal(writeI64(bytes, 0, value), true);
    assert.equal(readI64(bytes, 0), value);
    const whole = value === Infinity ? 2n ** 63n - 1n : value === -Infinity ? -(2n ** 63n) : BigInt(value);
    assert.equal(bytes.readBigInt64BE(), whole);
  }
  for (const value of [0.5, Number.NaN, 2 ** 53 + 2, -(2 ** 53) - 2]) assert.equal(writeI64(bytes, 0, value), false);
  for (const whole of [2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 2n, -(2n ** 63n) + 1n]) {
    bytes.writeBigInt64BE(whole);
    assert.ok(Number.isNaN(readI64(bytes, 0)));
  }
});

test('shorter numbers', () => {
  const bytes = Buffer.alloc(4);
  for (const value of [0, -1, 2 ** 31 - 1, -(2 ** 31)]) {
    writeI32(bytes, 0, value);
    assert.deepEqual([readI32(bytes, 0), bytes.readInt32BE()], [value, value]);
  }
  for (const value of [0, -1, 32_767, -32_768, 255, 256]) {
    writeI16(bytes, 1, value);
    assert.deepEqual([readI16(bytes, 1), bytes.readInt16BE(1)], [value, value]);
  }
});
