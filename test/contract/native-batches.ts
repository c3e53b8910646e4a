/** Record batches for the contract tests, encoded here and by nobody else: what is under test must not write its own input. */
import * as fc from 'fast-check';
import { loadNative } from '../../src/host/addon.ts';
import { BATCH_ERROR, type Codec, type Native, ROW, ROW_SIZE } from '../../src/port/native.ts';

export interface TestRecord {
  readonly timestampDelta: bigint;
  readonly offsetDelta: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [string, Buffer | null])[];
}

export interface TestBatch {
  readonly records: readonly TestRecord[];
  readonly codec: Codec;
  readonly attributes: number;
  readonly baseOffset: bigint;
  readonly lastOffsetDelta: number;
  readonly recordsCount: number;
  readonly baseTimestamp: bigint;
  readonly maxTimestamp: bigint;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly leaderEpoch: number;
  /** Bytes after the records, before compression. */
  readonly trailing: Buffer;
}

export const LEVELS: Record<number, number> = { 0: 0, 1: -1, 2: 0, 3: 9, 4: 3 };

export interface Lane {
  readonly name: string;
  readonly native: Native;
}

/** Both implementations; without a built addon only the fallback, unless the environment demands it. */
export function lanes(): Lane[] {
  const addon = loadNative();
  const fallback = loadNative('off');
  const all = [{ name: 'fallback', native: fallback.native }];
  return addon.kind === 'addon' ? [{ name: 'addon', native: addon.native }, ...all] : all;
}

export function addonOrNull(): Native | null {
  const { native, kind } = loadNative();
  return kind === 'addon' ? native : null;
}

export function varint(value: bigint): Buffer {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  const bytes: number[] = [];
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

function field(bytes: Buffer | null): Buffer {
  return bytes === null ? varint(-1n) : Buffer.concat([varint(BigInt(bytes.length)), bytes]);
}

export function encodeRecord(record: TestRecord): Buffer {
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(record.timestampDelta),
    varint(BigInt(record.offsetDelta)),
    field(record.key),
    field(record.value),
    varint(BigInt(record.headers.length)),
    ...record.headers.flatMap(([name, value]) => [field(Buffer.from(name)), field(value)]),
  ]);
  return Buffer.concat([varint(BigInt(body.length)), body]);
}

/** The table of CRC32C, made bit by bit. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value >>> 0;
});

export function slowCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}

export function withCrc(batch: Buffer): Buffer {
  batch.writeUInt32BE(slowCrc32c(batch.subarray(21)), 17);
  return batch;
}

export function plainRecords(batch: TestBatch): Buffer {
  return Buffer.concat([...batch.records.map(encodeRecord), batch.trailing]);
}

export function encodeBatch(batch: TestBatch, compressor: Native): Buffer {
  const plain = plainRecords(batch);
  const records = compressor.compress(batch.codec, LEVELS[batch.codec] ?? 0, plain, 0, plain.length);
  const bytes = Buffer.alloc(61 + records.length);
  bytes.writeBigInt64BE(batch.baseOffset, 0);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt32BE(batch.leaderEpoch, 12);
  bytes[16] = 2;
  bytes.writeUInt16BE(batch.attributes | batch.codec, 21);
  bytes.writeInt32BE(batch.lastOffsetDelta, 23);
  bytes.writeBigInt64BE(batch.baseTimestamp, 27);
  bytes.writeBigInt64BE(batch.maxTimestamp, 35);
  bytes.writeBigInt64BE(batch.producerId, 43);
  bytes.writeInt16BE(batch.producerEpoch, 51);
  bytes.writeInt32BE(batch.baseSequence, 53);
  bytes.writeInt32BE(batch.recordsCount, 57);
  records.copy(bytes, 61);
  return withCrc(bytes);
}

export function simpleRecord(index: number, value = `value-${index}`): TestRecord {
  return {
    timestampDelta: BigInt(index),
    offsetDelta: index,
    key: Buffer.from(`key-${index}`),
    value: Buffer.from(value),
    headers: [],
  };
}

export function simpleBatch(count: number, changes: Partial<TestBatch> = {}): TestBatch {
  return {
    records: Array.from({ length: count }, (_, index) => simpleRecord(index)),
    codec: 0,
    attributes: 0,
    baseOffset: 0n,
    lastOffsetDelta: count - 1,
    recordsCount: count,
    baseTimestamp: 1_700_000_000_000n,
    maxTimestamp: 1_700_000_000_000n + BigInt(count - 1),
    producerId: -1n,
    producerEpoch: -1,
    baseSequence: -1,
    leaderEpoch: -1,
    trailing: Buffer.alloc(0),
    ...changes,
  };
}

const bytesUpTo = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));

const nullable = (maxLength: number): fc.Arbitrary<Buffer | null> => fc.option<Buffer>(bytesUpTo(maxLength));

const i64 = (): fc.Arbitrary<bigint> =>
  fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -3n, max: 2n ** 41n }));

const anyValue: fc.Arbitrary<Buffer> = fc.oneof(
  bytesUpTo(300),
  fc.integer({ min: 0, max: 40_000 }).map((size): Buffer => Buffer.alloc(size, 'ab')),
);

const anyHeader: fc.Arbitrary<readonly [string, Buffer | null]> = fc.tuple(fc.string({ maxLength: 8 }), nullable(20));

const anyRecord = (offsetDelta: number): fc.Arbitrary<TestRecord> =>
  fc.record({
    timestampDelta: i64(),
    offsetDelta: fc.constant(offsetDelta),
    key: nullable(20),
    value: fc.option<Buffer>(anyValue),
    headers: fc.array(anyHeader, { maxLength: 3 }),
  });

/** Text that compresses, noise that does not, and both. */
export const anyBytes: fc.Arbitrary<Buffer> = fc.oneof(
  bytesUpTo(2000),
  fc
    .tuple(fc.integer({ min: 0, max: 200_000 }), fc.string({ minLength: 1, maxLength: 20 }))
    .map(([size, text]): Buffer => {
      return Buffer.alloc(size, text);
    }),
  fc.tuple(bytesUpTo(500), fc.integer({ min: 1, max: 300 })).map(([piece, times]): Buffer => {
    return Buffer.concat(Array.from({ length: times }, (_, index) => Buffer.concat([piece, Buffer.from([index])])));
  }),
);

/** A batch that a producer may send: dense offsets, a right header. */
export const anyBatch = (): fc.Arbitrary<TestBatch> =>
  fc.integer({ min: 1, max: 12 }).chain((count) =>
    fc.record({
      records: fc.tuple(...Array.from({ length: count }, (_, index) => anyRecord(index))),
      codec: fc.constantFrom<Codec>(0, 1, 2, 3, 4),
      attributes: fc.constantFrom(0, 8, 16, 32, 64, 0x4000),
      baseOffset: fc.constant(0n),
      lastOffsetDelta: fc.constant(count - 1),
      recordsCount: fc.constant(count),
      baseTimestamp: i64(),
      maxTimestamp: i64(),
      producerId: fc.oneof(fc.constant(-1n), fc.bigInt({ min: 0n, max: 2n ** 50n }), i64()),
      producerEpoch: fc.integer({ min: -1, max: 32767 }),
      baseSequence: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
      leaderEpoch: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
      trailing: fc.constant(Buffer.alloc(0)),
    }),
  );

export interface Limits {
  readonly batch?: number;
  readonly uncompressed?: number;
  readonly record?: number;
}

/** Validates one region that is the whole buffer: its row. */
export function validateOne(native: Native, bytes: Uint8Array, limits: Limits = {}): Float64Array {
  const out = new Float64Array(ROW_SIZE).fill(-77);
  const regions = new Float64Array([0, bytes.length]);
  const { batch = 2 ** 31, uncompressed = 2 ** 30, record = 2 ** 31 } = limits;
  const inError = native.validateBatches(bytes, regions, 1, out, batch, uncompressed, record);
  if (inError !== (out[ROW.error] === BATCH_ERROR.none ? 0 : 1)) throw new Error('the answer does not fit the row');
  return out;
}

export function errorOf(row: Float64Array): string {
  const code = row[ROW.error];
  return Object.entries(BATCH_ERROR).find(([, value]) => value === code)?.[0] ?? `unknown ${code}`;
}

export function timestampAt(row: Float64Array, column: number, from = 0): bigint {
  return (BigInt(row[from + column] ?? Number.NaN) << 32n) | BigInt(row[from + column + 1] ?? Number.NaN);
}

/** The timestamp that Kafka gives a record. */
export function timestampOf(batch: TestBatch, record: TestRecord): bigint {
  return batch.attributes & 8 ? batch.maxTimestamp : BigInt.asIntN(64, batch.baseTimestamp + record.timestampDelta);
}
