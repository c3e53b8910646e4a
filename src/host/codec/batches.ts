/** `validateBatches`, `scanBatches` and `sealBatches` in TypeScript: the same checks in the same order as the addon's. */
import { BATCH_ERROR, CODEC, ROW, ROW_SIZE, SCAN, SEAL, SEAL_SIZE, SEAL_TIMESTAMP } from '../../port/native.ts';
import { bytesOf, decompress } from './codecs.ts';
import {
  AT,
  CODEC_MASK,
  crcMatches,
  HEADER_BYTES,
  isZero,
  LOG_APPEND_TIME,
  LOG_OVERHEAD,
  numberAt,
  SMALLEST_LENGTH,
  startRow,
  UP_TO_MAGIC,
  writeError,
  writeHeader,
} from './header.ts';
import { loadPackages } from './packages.ts';
import { findRecord, type RecordFault, walkRecords } from './records.ts';

interface Limits {
  readonly batchBytes: number;
  readonly uncompressedBytes: number;
  readonly recordBytes: number;
}

export function validateBatches(
  buffer: Uint8Array,
  regions: Float64Array,
  regionCount: number,
  out: Float64Array,
  maxBatchBytes: number,
  maxUncompressedBytes: number,
  maxRecordBytes: number,
): number {
  if (regions.length / 2 < regionCount || out.length / ROW_SIZE < regionCount) {
    throw new RangeError('regionCount is more than regions or out hold');
  }
  const limits = { batchBytes: maxBatchBytes, uncompressedBytes: maxUncompressedBytes, recordBytes: maxRecordBytes };
  let inError = 0;
  for (let index = 0; index < regionCount; index++) {
    const from = regions[2 * index] ?? 0;
    const row = index * ROW_SIZE;
    const region = bytesOf(buffer, from, regions[2 * index + 1] ?? 0);
    startRow(out, row, from);
    const fault = validateRegion(region, limits, out, row);
    if (fault === null) continue;
    writeError(out, row, fault.error, fault.record);
    inError++;
  }
  return inError;
}

function ofBatch(error: number): RecordFault {
  return { error, record: -1 };
}

function validateRegion(region: Buffer, limits: Limits, out: Float64Array, row: number): RecordFault | null {
  const size = wholeBatch(region);
  if (size === 0) return ofBatch(BATCH_ERROR.incomplete);
  if (size < 0) return ofBatch(-size);
  const batch = region.subarray(0, size);
  out[row + ROW.sizeInBytes] = size;
  if (size >= HEADER_BYTES) writeHeader(out, row, batch);
  if ((batch[AT.magic] ?? 0) < 2) return ofBatch(BATCH_ERROR.oldMagic);
  // Bytes that are no whole batch are cut off, as Kafka does.
  const next = wholeBatch(region.subarray(size));
  if (next !== 0) return ofBatch(next > 0 ? BATCH_ERROR.moreThanOneBatch : -next);
  if (!isZero(batch, AT.baseOffset)) return ofBatch(BATCH_ERROR.baseOffsetNotZero);
  if (size > limits.batchBytes) return ofBatch(BATCH_ERROR.tooLarge);
  if (size < HEADER_BYTES) return ofBatch(BATCH_ERROR.badLength);
  if (!crcMatches(batch)) return ofBatch(BATCH_ERROR.badCrc);
  const count = batch.readInt32BE(AT.recordsCount);
  if (count <= 0 || batch.readInt32BE(AT.lastOffsetDelta) !== count - 1) return ofBatch(BATCH_ERROR.badCount);
  return readRecords(batch, limits, out, row);
}

/** The size of the batch at the start, 0 where there is no whole one, or the negative error of its first 17 bytes. */
function wholeBatch(bytes: Buffer): number {
  if (bytes.length < LOG_OVERHEAD) return 0;
  const length = bytes.readInt32BE(AT.length);
  if (length < SMALLEST_LENGTH) return -BATCH_ERROR.badLength;
  if (bytes.length < UP_TO_MAGIC) return 0;
  if ((bytes[AT.magic] ?? 0) > 2) return -BATCH_ERROR.badMagic;
  return bytes.length < LOG_OVERHEAD + length ? 0 : LOG_OVERHEAD + length;
}

function readRecords(batch: Buffer, limits: Limits, out: Float64Array, row: number): RecordFault | null {
  const codec = batch.readUInt16BE(AT.attributes) & CODEC_MASK;
  if (codec === CODEC.none) return walkRecords(batch, batch.subarray(HEADER_BYTES), Number.POSITIVE_INFINITY, out, row);
  const records = decompress(codec, batch, HEADER_BYTES, batch.length, limits.uncompressedBytes);
  if (typeof records === 'number') return ofBatch(records);
  return walkRecords(batch, records, limits.recordBytes, out, row);
}

export function scanBatches(
  buffer: Uint8Array,
  from: number,
  to: number,
  minOffset: number,
  out: Float64Array,
  maxBatchBytes: number,
  maxUncompressedBytes: number,
): number {
  const bytes = bytesOf(buffer, from, to);
  if (out.length < SCAN.firstRow) throw new RangeError('out does not hold the numbers of a scan');
  const limits = {
    batchBytes: maxBatchBytes,
    uncompressedBytes: maxUncompressedBytes,
    recordBytes: Number.POSITIVE_INFINITY,
  };
  out.fill(0, 0, SCAN.firstRow);
  let at = 0;
  let nextOffset = minOffset;
  let rows = 0;
  for (let row: number = SCAN.firstRow; row + ROW_SIZE <= out.length && at < bytes.length; row += ROW_SIZE) {
    const error = scanOne(bytes.subarray(at), from + at, nextOffset, limits, out, row);
    if (error !== BATCH_ERROR.none) {
      out[SCAN.reason] = error;
      if (error === BATCH_ERROR.incomplete) out[SCAN.bytesNeeded] = bytesNeeded(bytes.subarray(at));
      break;
    }
    at += out[row + ROW.sizeInBytes] ?? 0;
    nextOffset = (out[row + ROW.lastOffset] ?? 0) + 1;
    rows++;
  }
  out[SCAN.stoppedAt] = from + at;
  return rows;
}

export function findTimestamp(
  buffer: Uint8Array,
  from: number,
  to: number,
  timestampHi: number,
  timestampLo: number,
  minDelta: number,
  maxUncompressedBytes: number,
  out: Float64Array,
): number {
  const batch = bytesOf(buffer, from, to);
  if (batch.length < HEADER_BYTES || out.length < 2)
    throw new RangeError('the range holds no batch, or out no timestamp');
  const codec = batch.readUInt16BE(AT.attributes) & CODEC_MASK;
  const records =
    codec === CODEC.none
      ? batch.subarray(HEADER_BYTES)
      : decompress(codec, batch, HEADER_BYTES, batch.length, maxUncompressedBytes);
  if (typeof records === 'number') return -1 - records;
  const timestamp = BigInt(timestampHi) * 2n ** 32n + BigInt(timestampLo);
  return findRecord(batch, records, timestamp, minDelta, out);
}

function bytesNeeded(bytes: Buffer): number {
  return bytes.length < LOG_OVERHEAD ? HEADER_BYTES : LOG_OVERHEAD + bytes.readInt32BE(AT.length);
}

/** The batch at the start of `bytes`: what is wrong with it, or none and its row. */
function scanOne(
  bytes: Buffer,
  position: number,
  minOffset: number,
  limits: Limits,
  out: Float64Array,
  row: number,
): number {
  if (bytes.length < LOG_OVERHEAD) return BATCH_ERROR.incomplete;
  const length = bytes.readInt32BE(AT.length);
  if (length < SMALLEST_LENGTH) return BATCH_ERROR.badLength;
  const size = LOG_OVERHEAD + length;
  if (size > limits.batchBytes) return BATCH_ERROR.tooLarge;
  const magic = bytes.length >= UP_TO_MAGIC ? (bytes[AT.magic] ?? 0) : 2;
  if (magic !== 2) return magic < 2 ? BATCH_ERROR.oldMagic : BATCH_ERROR.badMagic;
  if (size < HEADER_BYTES) return BATCH_ERROR.badLength;
  if (bytes.length < size) return BATCH_ERROR.incomplete;
  const batch = bytes.subarray(0, size);
  if (!crcMatches(batch)) return BATCH_ERROR.badCrc;
  const lastDelta = batch.readInt32BE(AT.lastOffsetDelta);
  const count = batch.readInt32BE(AT.recordsCount);
  if (lastDelta < 0 || count < 0 || count > lastDelta + 1) return BATCH_ERROR.badCount;
  const baseOffset = numberAt(batch, AT.baseOffset);
  if (baseOffset < minOffset || baseOffset < 0 || baseOffset + lastDelta > Number.MAX_SAFE_INTEGER)
    return BATCH_ERROR.offsetOutOfOrder;
  startRow(out, row, position);
  out[row + ROW.sizeInBytes] = size;
  writeHeader(out, row, batch);
  if (limits.uncompressedBytes <= 0) return BATCH_ERROR.none;
  const fault = readRecords(batch, limits, out, row);
  return fault === null || fault.error === BATCH_ERROR.offsetsNotDense ? BATCH_ERROR.none : fault.error;
}

export function sealBatches(buffer: Uint8Array, rows: Float64Array, count: number): number {
  if (rows.length / SEAL_SIZE < count) throw new RangeError('count is more than rows hold');
  const bytes = bytesOf(buffer, 0, buffer.length);
  for (let index = 0; index < count; index++) {
    const row = rows.subarray(index * SEAL_SIZE, (index + 1) * SEAL_SIZE);
    const position = row[SEAL.position] ?? 0;
    if (bytes.length - position < HEADER_BYTES) return index;
    const length = bytes.readInt32BE(position + AT.length);
    if (length < HEADER_BYTES - LOG_OVERHEAD || bytes.length - position - LOG_OVERHEAD < length) return index;
    sealBatch(bytes.subarray(position, position + LOG_OVERHEAD + length), row);
  }
  return count;
}

function sealBatch(batch: Buffer, row: Float64Array): void {
  batch.writeBigInt64BE(BigInt(row[SEAL.baseOffset] ?? 0), AT.baseOffset);
  batch.writeInt32BE(row[SEAL.partitionLeaderEpoch] ?? 0, AT.leaderEpoch);
  if (row[SEAL.timestamp] === SEAL_TIMESTAMP.keep) return;
  const attributes = batch.readUInt16BE(AT.attributes);
  const wanted =
    row[SEAL.timestamp] === SEAL_TIMESTAMP.logAppendTime ? attributes | LOG_APPEND_TIME : attributes & ~LOG_APPEND_TIME;
  const hi = row[SEAL.maxTimestampHi] ?? 0;
  const lo = row[SEAL.maxTimestampLo] ?? 0;
  if (
    wanted === attributes &&
    batch.readInt32BE(AT.maxTimestamp) === hi &&
    batch.readUInt32BE(AT.maxTimestamp + 4) === lo
  )
    return;
  batch.writeUInt16BE(wanted, AT.attributes);
  batch.writeInt32BE(hi, AT.maxTimestamp);
  batch.writeUInt32BE(lo, AT.maxTimestamp + 4);
  batch.writeUInt32BE(loadPackages().crc32.crc32c(batch.subarray(AT.attributes)), AT.crc);
}
