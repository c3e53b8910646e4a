/**
 * The records inside a batch: internal logs, look-ups, the console. Compressed batches are decompressed by the caller.
 *
 *   │ length varint │ attributes i8 │ timestamp delta varlong │ offset delta varint │ key │ value │ headers │
 *
 * Key, value: varint length, -1 for null, bytes. Headers: varint count, then key (text) and value each.
 */
import { type Cursor, readVarint, readVarlong } from '../base/varint.ts';
import { type BatchHeader, batchPayload, compressionOf, isLogAppendTime } from './batch.ts';
import { DecodeError } from './codec/errors.ts';

export interface RecordHeader {
  readonly key: string;
  readonly value: Buffer | null;
}

/** A record; its bytes are views of what it was read from. */
export interface LogRecord {
  readonly offset: number;
  /** Milliseconds since the epoch; of the whole batch where the log sets the time. */
  readonly timestamp: bigint;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
}

/** No record is shorter: length, attributes, two deltas, two lengths and a count of one byte each. */
const MIN_RECORD_SIZE = 7;
/** No header is shorter: a length and a length. */
const MIN_HEADER_SIZE = 2;
const NO_HEADERS: readonly RecordHeader[] = [];

/** The records of a batch that is not compressed, in their order. A `DecodeError` where they are not what the header says. */
export function recordsOf(bytes: Buffer, header: BatchHeader): LogRecord[] {
  if (compressionOf(header.attributes) !== 0) throw new DecodeError('unknown', 'records: compressed', header.position);
  return readRecords(header, batchPayload(bytes, header));
}

/** As `recordsOf`, from the decompressed records. */
export function readRecords(header: BatchHeader, payload: Buffer): LogRecord[] {
  const { recordsCount } = header;
  if (recordsCount < 0) throw new DecodeError('negative length', 'records count', header.position);
  if (recordsCount * MIN_RECORD_SIZE > payload.length) throw new DecodeError('truncated', 'records', header.position);
  const reader = new RecordReader(payload, header);
  const records: LogRecord[] = [];
  for (let i = 0; i < recordsCount; i++) records.push(reader.next());
  if (!reader.isAtEnd) throw new DecodeError('trailing bytes', 'records', header.position);
  return records;
}

class RecordReader {
  readonly #bytes: Buffer;
  readonly #header: BatchHeader;
  readonly #appendTime: bigint | null;
  readonly #cursor: Cursor = { offset: 0 };

  constructor(bytes: Buffer, header: BatchHeader) {
    this.#bytes = bytes;
    this.#header = header;
    this.#appendTime = isLogAppendTime(header.attributes) ? header.maxTimestamp : null;
  }

  get isAtEnd(): boolean {
    return this.#cursor.offset === this.#bytes.length;
  }

  next(): LogRecord {
    const cursor = this.#cursor;
    const size = this.#varint(this.#bytes.length, 'record length');
    const end = cursor.offset + size;
    if (size < 0) throw new DecodeError('negative length', 'record', cursor.offset);
    // The length and the attributes, of which no bit has a meaning.
    if (end > this.#bytes.length || size < 1) throw new DecodeError('truncated', 'record', cursor.offset);
    cursor.offset += 1;
    const delta = readVarlong(this.#bytes, cursor.offset, end, cursor);
    if (delta === null) throw new DecodeError('varint', 'record timestamp', cursor.offset);
    const offset = this.#header.baseOffset + this.#varint(end, 'record offset');
    const key = this.#bytesOrNull(end, 'record key');
    const value = this.#bytesOrNull(end, 'record value');
    const headers = this.#headers(end);
    if (cursor.offset !== end) throw new DecodeError('trailing bytes', 'record', cursor.offset);
    // A sum beyond 64 bits wraps around, as in Java.
    const timestamp = this.#appendTime ?? BigInt.asIntN(64, this.#header.baseTimestamp + delta);
    return { offset, timestamp, key, value, headers };
  }

  #headers(end: number): readonly RecordHeader[] {
    const count = this.#varint(end, 'record headers');
    if (count === 0) return NO_HEADERS;
    if (count < 0) throw new DecodeError('negative length', 'record headers', this.#cursor.offset);
    if (count * MIN_HEADER_SIZE > end - this.#cursor.offset) {
      throw new DecodeError('truncated', 'record headers', this.#cursor.offset);
    }
    const headers: RecordHeader[] = [];
    for (let i = 0; i < count; i++) {
      const key = this.#bytesOrNull(end, 'header key');
      if (key === null) throw new DecodeError('null', 'header key', this.#cursor.offset);
      headers.push({ key: key.utf8Slice(), value: this.#bytesOrNull(end, 'header value') });
    }
    return headers;
  }

  #bytesOrNull(end: number, field: string): Buffer | null {
    const length = this.#varint(end, field);
    if (length < 0) return null;
    const start = this.#cursor.offset;
    if (length > end - start) throw new DecodeError('truncated', field, start);
    this.#cursor.offset = start + length;
    return this.#bytes.subarray(start, start + length);
  }

  #varint(end: number, field: string): number {
    const value = readVarint(this.#bytes, this.#cursor.offset, end, this.#cursor);
    if (Number.isNaN(value)) throw new DecodeError('varint', field, this.#cursor.offset);
    return value;
  }
}
