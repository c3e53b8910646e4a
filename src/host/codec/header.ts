/**
 * The header of a record batch of magic 2, 61 bytes, big-endian, and the row of numbers that is made of it:
 *
 *   0 base offset i64 | 8 length i32 | 12 leader epoch i32 | 16 magic i8 | 17 crc u32 | 21 attributes i16 | 23 last offset delta i32
 *   27 base timestamp i64 | 35 max timestamp i64 | 43 producer id i64 | 51 producer epoch i16 | 53 base sequence i32 | 57 records i32
 */
import { ROW, ROW_SIZE } from '../../port/native.ts';
import { loadPackages } from './packages.ts';

export const HEADER_BYTES = 61;
/** Base offset and length, which the length does not count. */
export const LOG_OVERHEAD = 12;
export const UP_TO_MAGIC = 17;
/** The smallest length that any message format ever had; a smaller one is damage. */
export const SMALLEST_LENGTH = 14;
export const AT = {
  baseOffset: 0,
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordsCount: 57,
} as const;

export const CODEC_MASK = 7;
export const LOG_APPEND_TIME = 8;

/** Whether the CRC32C in the header of the whole batch is that of attributes to end. */
export function crcMatches(batch: Buffer): boolean {
  return loadPackages().crc32.crc32c(batch.subarray(AT.attributes)) === batch.readUInt32BE(AT.crc);
}

/** Whether the eight bytes are zero. */
export function isZero(batch: Buffer, at: number): boolean {
  return batch.readInt32BE(at) === 0 && batch.readInt32BE(at + 4) === 0;
}

/** An i64 as a number, infinite where it might be rounded. */
export function numberAt(batch: Buffer, at: number): number {
  return rounded(batch.readInt32BE(at) * 2 ** 32 + batch.readUInt32BE(at + 4));
}

function rounded(value: number): number {
  if (value > Number.MAX_SAFE_INTEGER) return Number.POSITIVE_INFINITY;
  if (value < Number.MIN_SAFE_INTEGER) return Number.NEGATIVE_INFINITY;
  return value;
}

/** A row that says nothing yet but where its batch is. */
export function startRow(out: Float64Array, row: number, position: number): void {
  out.fill(0, row, row + ROW_SIZE);
  out[row + ROW.position] = position;
  out[row + ROW.errorRecordIndex] = -1;
  out[row + ROW.firstKeylessRecord] = -1;
  out[row + ROW.offsetDeltaOfMaxTimestamp] = -1;
}

export function writeError(out: Float64Array, row: number, error: number, record: number): void {
  out[row + ROW.error] = error;
  out[row + ROW.errorRecordIndex] = record;
}

/** Everything that the header says. */
export function writeHeader(out: Float64Array, row: number, batch: Buffer): void {
  const baseOffset = numberAt(batch, AT.baseOffset);
  out[row + ROW.recordsCount] = batch.readInt32BE(AT.recordsCount);
  out[row + ROW.attributes] = batch.readUInt16BE(AT.attributes);
  out[row + ROW.producerId] = numberAt(batch, AT.producerId);
  out[row + ROW.producerEpoch] = batch.readInt16BE(AT.producerEpoch);
  out[row + ROW.baseSequence] = batch.readInt32BE(AT.baseSequence);
  out[row + ROW.partitionLeaderEpoch] = batch.readInt32BE(AT.leaderEpoch);
  out[row + ROW.baseOffset] = baseOffset;
  out[row + ROW.lastOffset] = rounded(baseOffset + batch.readInt32BE(AT.lastOffsetDelta));
  copyTimestamp(out, row + ROW.headerMaxTimestampHi, batch, AT.maxTimestamp);
  copyTimestamp(out, row + ROW.maxTimestampHi, batch, AT.maxTimestamp);
  copyTimestamp(out, row + ROW.baseTimestampHi, batch, AT.baseTimestamp);
  out[row + ROW.minTimestampHi] = -1;
  out[row + ROW.minTimestampLo] = 0xffffffff;
}

function copyTimestamp(out: Float64Array, column: number, batch: Buffer, at: number): void {
  out[column] = batch.readInt32BE(at);
  out[column + 1] = batch.readUInt32BE(at + 4);
}
