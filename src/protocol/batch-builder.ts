/**
 * Writes record batches: internal logs, markers, the first records of a topic, tests. What producers send is never rebuilt here.
 *
 *     const batch = new BatchBuilder({ baseOffset: 10, leaderEpoch: 3 });
 *     batch.append({ timestamp: 1700000000000n, key: null, value });
 *     const bytes = batch.build(crc32c);
 */
import { EMPTY_BYTES, writeI16, writeI32, writeI64 } from '../base/bytes.ts';
import { sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from '../base/varint.ts';
import {
  ATTRIBUTE,
  BATCH,
  BATCH_HEADER_SIZE,
  COMPRESSION,
  type Compression,
  LOG_OVERHEAD,
  MAGIC,
  NO_LEADER_EPOCH,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  NO_SEQUENCE,
  NO_TIMESTAMP,
} from './batch.ts';
import type { RecordHeader } from './batch-records.ts';

export interface BatchFields {
  /** The offset of the first record, unless records bring their own. */
  readonly baseOffset: number;
  readonly leaderEpoch?: number;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly isTransactional?: boolean;
  readonly isControl?: boolean;
  /** The time that the log gives to all records, where the topic says so. */
  readonly logAppendTime?: bigint;
  /** When tombstones of the batch may go. */
  readonly deleteHorizon?: bigint;
  /** Where it is after the last record: compaction keeps the end of a batch whose last records are gone. */
  readonly lastOffset?: number;
  /** Where it is not that of the records: of a batch that compaction has emptied. */
  readonly maxTimestamp?: bigint;
}

export interface NewRecord {
  readonly timestamp: bigint;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: readonly RecordHeader[];
  /** Where not the one after the record before. */
  readonly offset?: number;
}

/** Compresses the records as one piece. */
export interface Compressor {
  readonly codec: Exclude<Compression, 'none'>;
  compress(records: Buffer): Buffer;
}

const INITIAL_CAPACITY = 1024;

export class BatchBuilder {
  readonly #fields: BatchFields;
  #bytes = Buffer.allocUnsafe(INITIAL_CAPACITY);
  #end = BATCH_HEADER_SIZE;
  #count = 0;
  #lastOffset: number;
  #baseTimestamp: bigint;
  #maxTimestamp = NO_TIMESTAMP;

  constructor(fields: BatchFields) {
    this.#fields = fields;
    this.#lastOffset = fields.baseOffset - 1;
    this.#baseTimestamp = fields.deleteHorizon ?? NO_TIMESTAMP;
  }

  get recordsCount(): number {
    return this.#count;
  }

  /** Bytes so far, uncompressed, with the header. */
  get sizeInBytes(): number {
    return this.#end;
  }

  /** The offset of the last record; before the first one, the offset before. */
  get lastOffset(): number {
    return this.#lastOffset;
  }

  append(record: NewRecord): void {
    const offset = record.offset ?? this.#lastOffset + 1;
    if (offset <= this.#lastOffset && this.#count > 0)
      throw new RangeError(`offset ${offset} after ${this.#lastOffset}`);
    if (this.#count === 0 && this.#fields.deleteHorizon === undefined) this.#baseTimestamp = record.timestamp;
    const timestampDelta = BigInt.asIntN(64, record.timestamp - this.#baseTimestamp);
    const offsetDelta = offset - this.#fields.baseOffset;
    const headers = record.headers ?? [];
    const keys = headers.map((header) => Buffer.from(header.key));
    const size = bodySize(record, headers, keys, timestampDelta, offsetDelta);
    this.#reserve(sizeOfVarint(size) + size);
    let at = writeVarint(this.#bytes, this.#end, size);
    this.#bytes[at++] = 0;
    at = writeVarlong(this.#bytes, at, timestampDelta);
    at = writeVarint(this.#bytes, at, offsetDelta);
    at = putBytes(this.#bytes, at, record.key);
    at = putBytes(this.#bytes, at, record.value);
    at = writeVarint(this.#bytes, at, headers.length);
    headers.forEach((header, index) => {
      at = putBytes(this.#bytes, at, keys[index] ?? EMPTY_BYTES);
      at = putBytes(this.#bytes, at, header.value);
    });
    this.#end = at;
    this.#count++;
    this.#lastOffset = offset;
    if (record.timestamp > this.#maxTimestamp) this.#maxTimestamp = record.timestamp;
  }

  /** The batch. `crc32c` gives the checksum of a piece of memory. Nothing is appended afterwards. */
  build(crc32c: (bytes: Buffer) => number, compressor?: Compressor): Buffer {
    const plain = this.#bytes.subarray(0, this.#end);
    const payload = compressor?.compress(plain.subarray(BATCH_HEADER_SIZE));
    const bytes = payload === undefined ? plain : Buffer.allocUnsafe(BATCH_HEADER_SIZE + payload.length);
    if (payload !== undefined) bytes.set(payload, BATCH_HEADER_SIZE);
    this.#writeHeader(bytes, compressor === undefined ? 0 : COMPRESSION[compressor.codec]);
    writeI32(bytes, BATCH.crc, crc32c(bytes.subarray(BATCH.attributes)));
    return bytes;
  }

  #writeHeader(bytes: Buffer, codec: number): void {
    const fields = this.#fields;
    const lastOffset = fields.lastOffset ?? this.#lastOffset;
    put64(bytes, BATCH.baseOffset, fields.baseOffset);
    writeI32(bytes, BATCH.batchLength, bytes.length - LOG_OVERHEAD);
    writeI32(bytes, BATCH.partitionLeaderEpoch, fields.leaderEpoch ?? NO_LEADER_EPOCH);
    bytes[BATCH.magic] = MAGIC;
    writeI16(bytes, BATCH.attributes, codec | this.#flags());
    writeI32(bytes, BATCH.lastOffsetDelta, lastOffset - fields.baseOffset);
    bytes.writeBigInt64BE(this.#baseTimestamp, BATCH.baseTimestamp);
    bytes.writeBigInt64BE(fields.logAppendTime ?? fields.maxTimestamp ?? this.#maxTimestamp, BATCH.maxTimestamp);
    put64(bytes, BATCH.producerId, fields.producerId ?? NO_PRODUCER_ID);
    writeI16(bytes, BATCH.producerEpoch, fields.producerEpoch ?? NO_PRODUCER_EPOCH);
    writeI32(bytes, BATCH.baseSequence, fields.baseSequence ?? NO_SEQUENCE);
    writeI32(bytes, BATCH.recordsCount, this.#count);
  }

  #flags(): number {
    const { logAppendTime, isTransactional, isControl, deleteHorizon } = this.#fields;
    return (
      (logAppendTime === undefined ? 0 : ATTRIBUTE.logAppendTime) |
      (isTransactional === true ? ATTRIBUTE.transactional : 0) |
      (isControl === true ? ATTRIBUTE.control : 0) |
      (deleteHorizon === undefined ? 0 : ATTRIBUTE.deleteHorizon)
    );
  }

  #reserve(size: number): void {
    const needed = this.#end + size;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = larger;
  }
}

function bodySize(
  record: NewRecord,
  headers: readonly RecordHeader[],
  keys: readonly Buffer[],
  timestampDelta: bigint,
  offsetDelta: number,
): number {
  let size = 1 + sizeOfVarlong(timestampDelta) + sizeOfVarint(offsetDelta) + sizeOfVarint(headers.length);
  size += sizeOfBytes(record.key) + sizeOfBytes(record.value);
  for (const key of keys) size += sizeOfBytes(key);
  for (const header of headers) size += sizeOfBytes(header.value);
  return size;
}

function sizeOfBytes(bytes: Buffer | null): number {
  return bytes === null ? 1 : sizeOfVarint(bytes.length) + bytes.length;
}

function putBytes(bytes: Buffer, offset: number, value: Buffer | null): number {
  if (value === null) return writeVarint(bytes, offset, -1);
  const start = writeVarint(bytes, offset, value.length);
  bytes.set(value, start);
  return start + value.length;
}

function put64(bytes: Buffer, offset: number, value: number): void {
  if (!writeI64(bytes, offset, value)) throw new RangeError(`${value} is no 64-bit integer`);
}
