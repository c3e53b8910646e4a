/**
 * Walks the records of a batch that stand decompressed in one buffer, and writes what they say together into the row.
 *
 * A record is: length varint, then a body of that length: attributes i8, timestamp delta varlong, offset delta varint, key
 * and value (length varint, -1 for null, bytes), headers (count, then key and value each). Varints are zigzag.
 */
import { BATCH_ERROR, ROW } from '../../port/native.ts';
import { AT, LOG_APPEND_TIME } from './header.ts';

/** What is wrong, and in which record. */
export interface RecordFault {
  readonly error: number;
  readonly record: number;
}

/** What stands in the way of reading on. */
class Damage extends Error {
  readonly error: number;

  constructor(error: number) {
    super('damaged record');
    this.error = error;
  }
}

/** One thread's place in the records; made anew for each batch. */
class Cursor {
  readonly bytes: Buffer;
  at = 0;
  /** The last varlong. */
  hi = 0;
  lo = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new Damage(BATCH_ERROR.badRecord);
    return byte;
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift <= 28; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw new Damage(BATCH_ERROR.badRecord);
  }

  /** Into `hi` and `lo`, both as signed 32 bits. */
  varlong(): void {
    let hi = 0;
    let lo = 0;
    for (let shift = 0; shift <= 63; shift += 7) {
      const byte = this.byte();
      const bits = byte & 0x7f;
      if (shift < 32) lo |= bits << shift;
      if (shift === 28) hi |= bits >> 4;
      else if (shift > 28) hi |= bits << (shift - 32);
      if (byte >= 0x80) continue;
      const sign = -(lo & 1);
      this.lo = ((lo >>> 1) | (hi << 31)) ^ sign;
      this.hi = (hi >>> 1) ^ sign;
      return;
    }
    throw new Damage(BATCH_ERROR.badRecord);
  }

  /** Skips a length and that many bytes, which must end by `limit`. The length; a negative one means null. */
  field(limit: number): number {
    const length = this.varint();
    if (length > 0) {
      this.at += length;
      if (this.at > limit || this.at > this.bytes.length) throw new Damage(BATCH_ERROR.badRecord);
    }
    return length;
  }

  headers(limit: number): void {
    const count = this.varint();
    if (count < 0 || this.at + count > limit) throw new Damage(BATCH_ERROR.badRecord);
    for (let index = 0; index < count; index++) {
      if (this.field(limit) < 0) throw new Damage(BATCH_ERROR.badRecord);
      this.field(limit);
    }
  }
}

/** What the records of a batch say together: timestamps as signed halves, unset before the first one. */
class Summary {
  maxHi = -1;
  maxLo = -1;
  minHi = 0x7fffffff;
  minLo = -1;
  deltaOfMax = -1;
  firstKeyless = -1;
  firstNotDense = -1;

  timestamp(hi: number, lo: number, offsetDelta: number): void {
    if (isLess(this.maxHi, this.maxLo, hi, lo)) {
      this.maxHi = hi;
      this.maxLo = lo;
      this.deltaOfMax = offsetDelta;
    }
    if ((hi !== -1 || lo !== -1) && isLess(hi, lo, this.minHi, this.minLo)) {
      this.minHi = hi;
      this.minLo = lo;
    }
  }

  write(out: Float64Array, row: number, bytes: number): void {
    const none = this.minHi === 0x7fffffff && this.minLo === -1 && !(this.maxHi === 0x7fffffff && this.maxLo === -1);
    out[row + ROW.maxTimestampHi] = this.maxHi;
    out[row + ROW.maxTimestampLo] = this.maxLo >>> 0;
    out[row + ROW.minTimestampHi] = none ? -1 : this.minHi;
    out[row + ROW.minTimestampLo] = this.minLo >>> 0;
    out[row + ROW.offsetDeltaOfMaxTimestamp] = this.deltaOfMax;
    out[row + ROW.firstKeylessRecord] = this.firstKeyless;
    out[row + ROW.uncompressedBytes] = bytes;
  }
}

function isLess(hi: number, lo: number, otherHi: number, otherLo: number): boolean {
  return hi < otherHi || (hi === otherHi && lo >>> 0 < otherLo >>> 0);
}

/**
 * Walks the records of a batch with this header.
 *
 * @returns null where they are well and nothing follows them; the row is then complete, and complete too for `offsetsNotDense`
 */
export function walkRecords(
  header: Buffer,
  records: Buffer,
  maxRecordBytes: number,
  out: Float64Array,
  row: number,
): RecordFault | null {
  const count = header.readInt32BE(AT.recordsCount);
  const cursor = new Cursor(records);
  const summary = new Summary();
  for (let record = 0; record < count; record++) {
    try {
      readRecord(header, cursor, record, maxRecordBytes, summary);
    } catch (error) {
      if (error instanceof Damage) return { error: error.error, record };
      throw error;
    }
  }
  if (cursor.at !== records.length) return { error: BATCH_ERROR.badRecord, record: count };
  summary.write(out, row, records.length);
  return summary.firstNotDense < 0 ? null : { error: BATCH_ERROR.offsetsNotDense, record: summary.firstNotDense };
}

function readRecord(header: Buffer, cursor: Cursor, record: number, maxRecordBytes: number, summary: Summary): void {
  const length = cursor.varint();
  if (length < 0) throw new Damage(BATCH_ERROR.badRecord);
  if (length > maxRecordBytes) throw new Damage(BATCH_ERROR.recordTooLarge);
  const limit = cursor.at + length;
  cursor.byte();
  cursor.varlong();
  const { hi, lo } = cursor;
  const offsetDelta = cursor.varint();
  const hasKey = cursor.field(limit) >= 0;
  cursor.field(limit);
  cursor.headers(limit);
  if (cursor.at !== limit) throw new Damage(BATCH_ERROR.badRecord);
  if (!hasKey && summary.firstKeyless < 0) summary.firstKeyless = record;
  if (offsetDelta !== record && summary.firstNotDense < 0) summary.firstNotDense = record;
  if (header.readUInt16BE(AT.attributes) & LOG_APPEND_TIME) {
    summary.timestamp(header.readInt32BE(AT.maxTimestamp), header.readInt32BE(AT.maxTimestamp + 4), offsetDelta);
    return;
  }
  const low = header.readUInt32BE(AT.baseTimestamp + 4) + (lo >>> 0);
  const carry = low >= 2 ** 32 ? 1 : 0;
  summary.timestamp((header.readInt32BE(AT.baseTimestamp) + hi + carry) | 0, low | 0, offsetDelta);
}

/** The first record with at least this timestamp and offset delta: as `findTimestamp` of port/native. */
export function findRecord(
  header: Buffer,
  records: Buffer,
  timestamp: bigint,
  minDelta: number,
  out: Float64Array,
): number {
  const cursor = new Cursor(records);
  const isAppendTime = (header.readUInt16BE(AT.attributes) & LOG_APPEND_TIME) !== 0;
  const base = header.readBigInt64BE(AT.baseTimestamp);
  try {
    for (let left = header.readInt32BE(AT.recordsCount); left > 0; left--) {
      const limit = cursor.varint() + cursor.at;
      cursor.byte();
      cursor.varlong();
      const delta = BigInt(cursor.hi) * 2n ** 32n + BigInt(cursor.lo >>> 0);
      const found = isAppendTime ? header.readBigInt64BE(AT.maxTimestamp) : BigInt.asIntN(64, base + delta);
      const offsetDelta = cursor.varint();
      cursor.field(limit);
      cursor.field(limit);
      cursor.headers(limit);
      if (cursor.at !== limit) throw new Damage(BATCH_ERROR.badRecord);
      if (found < timestamp || offsetDelta < minDelta) continue;
      out[0] = Number(found >> 32n);
      out[1] = Number(found & 0xffffffffn);
      return offsetDelta;
    }
  } catch (error) {
    if (error instanceof Damage) return -1 - error.error;
    throw error;
  }
  return -1;
}
