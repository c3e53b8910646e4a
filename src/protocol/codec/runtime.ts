/**
 * What compiled decoders and encoders call: the paths that are not worth repeating in their text, and all failures.
 */
import { EMPTY_BYTES, i64OfHalves, writeI64 } from '../../base/bytes.ts';
import { type Cursor, readUvarint, sizeOfUvarint, writeUvarint } from '../../base/varint.ts';
import { memoryRecords, type Records } from '../records.ts';
import { DecodeError, UnsupportedVersionError } from './errors.ts';

/** Limits of Kafka 4.4: beyond them nothing is allocated. */
export const MAX_ARRAY_LENGTH = 1_000_000;
export const MAX_TAGGED_FIELDS = 10_000;
export const MAX_STRING_LENGTH = 0x7fff;
/** An array grows beyond this only as elements arrive. */
export const MAX_INITIAL_CAPACITY = 1_000;

/**
 * Where a decoded struct keeps the tagged fields that its version does not know, so that encoding writes them again. Absent
 * where there are none.
 */
export const UNKNOWN_TAGS: unique symbol = Symbol('unknown tagged fields');

/** The bytes are a view of the input. */
export interface UnknownTag {
  readonly tag: number;
  readonly bytes: Buffer;
}

function truncated(field: string, offset: number): never {
  throw new DecodeError('truncated', field, offset);
}

function nullValue(field: string, offset: number): never {
  throw new DecodeError('null', field, offset);
}

function tooLong(field: string, offset: number): never {
  throw new DecodeError('too long', field, offset);
}

function refusedTag(field: string, offset: number): never {
  throw new DecodeError('tag', field, offset);
}

function uvarint(bytes: Buffer, offset: number, end: number, cursor: Cursor, field: string): number {
  const value = readUvarint(bytes, offset, end, cursor);
  if (Number.isNaN(value)) throw new DecodeError(end - offset < 5 ? 'truncated' : 'varint', field, offset);
  if (value > 0x7fffffff) throw new DecodeError('negative length', field, offset);
  return value;
}

/** A compact length as Java reads it: an int32, which may be negative. */
function lengthVarint(bytes: Buffer, offset: number, end: number, cursor: Cursor, field: string): number {
  const value = readUvarint(bytes, offset, end, cursor);
  if (Number.isNaN(value)) throw new DecodeError(end - offset < 5 ? 'truncated' : 'varint', field, offset);
  return value | 0;
}

function tagCount(bytes: Buffer, offset: number, end: number, cursor: Cursor, field: string): number {
  const count = uvarint(bytes, offset, end, cursor, field);
  if (count > MAX_TAGGED_FIELDS) tooLong(field, offset);
  if (count * 2 > end - cursor.offset) truncated(field, offset);
  return count;
}

function unknownTag(
  keep: boolean,
  known: UnknownTag[] | null,
  tag: number,
  bytes: Buffer,
  offset: number,
  size: number,
): UnknownTag[] | null {
  if (!keep) return null;
  const list = known ?? [];
  list.push({ tag, bytes: bytes.subarray(offset, offset + size) });
  return list;
}

function i64(high: number, low: number, field: string, offset: number): number {
  if (high === 0 || high === -1) return high * 4294967296 + low;
  const value = i64OfHalves(high, low);
  if (Number.isNaN(value)) throw new DecodeError('i64', field, offset);
  return value;
}

/** Bad UTF-8 becomes replacement characters, as in Java. */
function text(bytes: Buffer, offset: number, length: number): string {
  return length === 0 ? '' : bytes.utf8Slice(offset, offset + length);
}

export const decoderRuntime = {
  truncated,
  nullValue,
  tooLong,
  refusedTag,
  uvarint,
  lengthVarint,
  tagCount,
  unknownTag,
  i64,
  text,
  memory: memoryRecords,
  EMPTY: EMPTY_BYTES,
  UNKNOWN_TAGS,
};

/** A value of the wrong type or range reached an encoder: a bug of the caller, not of a peer. */
function wrong(field: string, value: unknown): never {
  throw new RangeError(`${field} cannot be ${typeof value === 'bigint' ? value : JSON.stringify(value)}`);
}

function absent(field: string, version: number): never {
  throw new UnsupportedVersionError(`version ${version} has no ${field}, which is not the default`);
}

function putI64(bytes: Buffer, offset: number, value: number, field: string): void {
  if (!writeI64(bytes, offset, value)) wrong(field, value);
}

/** The bytes of a string in UTF-8, checked against Kafka's limit. */
function textSize(value: string, field: string): number {
  const length = value.length;
  if (length > 24) {
    const size = Buffer.byteLength(value, 'utf8');
    if (size > MAX_STRING_LENGTH) wrong(field, `${size} bytes`);
    return size;
  }
  for (let i = 0; i < length; i++) {
    if (value.charCodeAt(i) > 127) return Buffer.byteLength(value, 'utf8');
  }
  return length;
}

function putText(bytes: Buffer, offset: number, value: string, size: number): void {
  if (size !== value.length || size > 24) {
    bytes.utf8Write(value, offset, size);
    return;
  }
  for (let i = 0; i < size; i++) bytes[offset + i] = value.charCodeAt(i);
}

function unknownSize(tags: readonly UnknownTag[]): number {
  let size = 0;
  for (const { tag, bytes } of tags) size += sizeOfUvarint(tag) + sizeOfUvarint(bytes.length) + bytes.length;
  return size;
}

function putTag(bytes: Buffer, offset: number, unknown: UnknownTag): number {
  const start = writeUvarint(bytes, writeUvarint(bytes, offset, unknown.tag), unknown.bytes.length);
  bytes.set(unknown.bytes, start);
  return start + unknown.bytes.length;
}

/** Bytes of records that are copied into the message: none of what stays a part of its own. */
function isOwnPart(records: Records, parts: unknown): boolean {
  if (records.kind === 'memory') return parts !== null && records.bytes.length > MAX_COPIED_RECORDS;
  if (parts === null)
    throw new UnsupportedVersionError('a slice of a file cannot be copied into a message: encode parts');
  return true;
}

/** Records up to this size are cheaper to copy than to send as a part. */
export const MAX_COPIED_RECORDS = 4096;

export const encoderRuntime = {
  wrong,
  absent,
  putI64,
  textSize,
  putText,
  uvarintSize: sizeOfUvarint,
  putUvarint: writeUvarint,
  unknownSize,
  putTag,
  isOwnPart,
  UNKNOWN_TAGS,
};
