/**
 * Record batches of magic 2 (KIP-98): the header, and walking from one batch to the next. Batches stay bytes; only what must look
 * inside decodes them (batch-records.ts), and only what writes to internal logs builds them (batch-builder.ts).
 *
 *    0 baseOffset i64            21 attributes i16        43 producerId i64       61 records,
 *    8 batchLength i32 (after)   23 lastOffsetDelta i32   51 producerEpoch i16       compressed as one piece
 *   12 partitionLeaderEpoch i32  27 baseTimestamp i64     53 baseSequence i32
 *   16 magic i8  17 crc u32      35 maxTimestamp i64      57 recordsCount i32
 *
 *   attributes  │ 0-2 compression │ 3 timestamp type │ 4 transactional │ 5 control │ 6 delete horizon │
 *
 * The checksum is CRC-32C of everything from the attributes on; offset and leader epoch stand before it, so that the log can set
 * them without touching it.
 */
import { readI16, readI32, readI64 } from '../base/bytes.ts';
import { DecodeError } from './codec/errors.ts';

/** Where each field of the header begins. */
export const BATCH = {
  baseOffset: 0,
  batchLength: 8,
  partitionLeaderEpoch: 12,
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
  records: 61,
} as const;

/** Bytes before those that batchLength counts. */
export const LOG_OVERHEAD = 12;
export const BATCH_HEADER_SIZE = 61;
export const MAGIC = 2;

/** Bits of the attributes. */
export const ATTRIBUTE = {
  compressionMask: 0x07,
  logAppendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
  deleteHorizon: 0x40,
} as const;

export const COMPRESSION = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;
export type Compression = keyof typeof COMPRESSION;

export const NO_PRODUCER_ID = -1;
export const NO_PRODUCER_EPOCH = -1;
export const NO_SEQUENCE = -1;
export const NO_TIMESTAMP = -1n;
export const NO_LEADER_EPOCH = -1;

export interface BatchHeader {
  /** Where the batch begins in the buffer, and its bytes with the header. */
  readonly position: number;
  readonly sizeInBytes: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly leaderEpoch: number;
  readonly crc: number;
  readonly attributes: number;
  /** The timestamp that the records' deltas are added to; with a delete horizon, the horizon. */
  readonly baseTimestamp: bigint;
  readonly maxTimestamp: bigint;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordsCount: number;
}

/** The number in the lowest three bits; 5 to 7 are no codec. */
export function compressionOf(attributes: number): number {
  return attributes & ATTRIBUTE.compressionMask;
}

export function isLogAppendTime(attributes: number): boolean {
  return (attributes & ATTRIBUTE.logAppendTime) !== 0;
}

export function isTransactional(attributes: number): boolean {
  return (attributes & ATTRIBUTE.transactional) !== 0;
}

export function isControl(attributes: number): boolean {
  return (attributes & ATTRIBUTE.control) !== 0;
}

export function hasDeleteHorizon(attributes: number): boolean {
  return (attributes & ATTRIBUTE.deleteHorizon) !== 0;
}

/**
 * The header at `position`. A `DecodeError` where the 61 bytes are not there, the magic is another, or the length is less than a header;
 * whether the whole batch is there is the caller's question.
 */
export function readBatchHeader(bytes: Buffer, position = 0): BatchHeader {
  if (bytes.length - position < BATCH_HEADER_SIZE) throw new DecodeError('truncated', 'batch header', position);
  const sizeInBytes = LOG_OVERHEAD + readI32(bytes, position + BATCH.batchLength);
  if (bytes[position + BATCH.magic] !== MAGIC) throw new DecodeError('unknown', 'batch magic', position + BATCH.magic);
  if (sizeInBytes < BATCH_HEADER_SIZE) throw new DecodeError('negative length', 'batch length', position);
  const baseOffset = i64(bytes, position + BATCH.baseOffset, 'base offset');
  return {
    position,
    sizeInBytes,
    baseOffset,
    lastOffset: baseOffset + readI32(bytes, position + BATCH.lastOffsetDelta),
    leaderEpoch: readI32(bytes, position + BATCH.partitionLeaderEpoch),
    crc: readI32(bytes, position + BATCH.crc) >>> 0,
    attributes: readI16(bytes, position + BATCH.attributes),
    baseTimestamp: bytes.readBigInt64BE(position + BATCH.baseTimestamp),
    maxTimestamp: bytes.readBigInt64BE(position + BATCH.maxTimestamp),
    producerId: i64(bytes, position + BATCH.producerId, 'producer id'),
    producerEpoch: readI16(bytes, position + BATCH.producerEpoch),
    baseSequence: readI32(bytes, position + BATCH.baseSequence),
    recordsCount: readI32(bytes, position + BATCH.recordsCount),
  };
}

function i64(bytes: Buffer, position: number, field: string): number {
  const value = readI64(bytes, position);
  if (Number.isNaN(value)) throw new DecodeError('i64', `batch ${field}`, position);
  return value;
}

/**
 * The headers of the whole batches from `offset` to `end`, one after the other. An incomplete one at the end is left out, as a
 * Fetch response may end in one; anything else that is no batch is a `DecodeError`.
 */
export function* batchesOf(bytes: Buffer, offset = 0, end = bytes.length): Generator<BatchHeader, void> {
  let position = offset;
  while (end - position >= BATCH_HEADER_SIZE) {
    const header = readBatchHeader(bytes, position);
    if (header.sizeInBytes > end - position) return;
    yield header;
    position += header.sizeInBytes;
  }
}

/** What stands behind the header: the records, compressed or not. A view. */
export function batchPayload(bytes: Buffer, header: BatchHeader): Buffer {
  return bytes.subarray(header.position + BATCH_HEADER_SIZE, header.position + header.sizeInBytes);
}

/** Whether the checksum is right. `crc32c` gives that of a piece of memory as an unsigned number. */
export function isChecksumRight(bytes: Buffer, header: BatchHeader, crc32c: (bytes: Buffer) => number): boolean {
  const covered = bytes.subarray(header.position + BATCH.attributes, header.position + header.sizeInBytes);
  return crc32c(covered) >>> 0 === header.crc;
}
