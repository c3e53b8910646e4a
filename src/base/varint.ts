/**
 * Variable-length integers: seven bits a byte, the lowest first, the high bit set on all but the last byte.
 *
 * *Unsigned* ones carry lengths and tags (KIP-482). *Signed* ones are zig-zag coded and carry the deltas, lengths and counts
 * inside a record (KIP-98); the long form of a timestamp delta needs the whole 64 bits and is a bigint.
 *
 * Readers return the value and leave the position after it in `cursor.offset`. They check the end of the data themselves and
 * answer `NaN` (or null for bigints) where it is cut short or too long; they never read past `end`.
 */
// oxlint-disable typescript/no-unsafe-type-assertion -- an index below a checked end

/** Where a reader stopped. One a caller, reused, so that reading allocates nothing. */
export interface Cursor {
  offset: number;
}

/** Bytes that `value` (0 to 2^32-1) takes. */
export function sizeOfUvarint(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
}

/** An unsigned integer of up to 32 bits, as Kafka reads it: at most five bytes, of the fifth the lowest four bits. */
export function readUvarint(bytes: Uint8Array, offset: number, end: number, cursor: Cursor): number {
  let value = 0;
  for (let shift = 0, at = offset; shift < 35; shift += 7) {
    if (at >= end) return NaN;
    const byte = bytes[at++] as number;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      cursor.offset = at;
      return value >>> 0;
    }
  }
  return NaN;
}

/** Writes 0 to 2^32-1 and returns the position after it. */
export function writeUvarint(bytes: Uint8Array, offset: number, value: number): number {
  let rest = value >>> 0;
  let at = offset;
  while (rest > 0x7f) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}

/** Bytes that the signed 32-bit `value` takes. */
export function sizeOfVarint(value: number): number {
  return sizeOfUvarint(((value << 1) ^ (value >> 31)) >>> 0);
}

/** A zig-zag coded signed 32-bit integer. */
export function readVarint(bytes: Uint8Array, offset: number, end: number, cursor: Cursor): number {
  const value = readUvarint(bytes, offset, end, cursor);
  return Number.isNaN(value) ? NaN : (value >>> 1) ^ -(value & 1);
}

/** Writes a signed 32-bit integer and returns the position after it. */
export function writeVarint(bytes: Uint8Array, offset: number, value: number): number {
  return writeUvarint(bytes, offset, ((value << 1) ^ (value >> 31)) >>> 0);
}

/** Bytes that the signed 64-bit `value` takes. */
export function sizeOfVarlong(value: bigint): number {
  let rest = zigzag(value);
  let size = 1;
  while (rest > 0x7fn) {
    rest >>= 7n;
    size++;
  }
  return size;
}

/** A zig-zag coded signed 64-bit integer, null where it is cut short or longer than ten bytes. */
export function readVarlong(bytes: Uint8Array, offset: number, end: number, cursor: Cursor): bigint | null {
  let low = 0;
  let scale = 1;
  let at = offset;
  for (let count = 0; count < 7; count++) {
    if (at >= end) return null;
    const byte = bytes[at++] as number;
    low += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      cursor.offset = at;
      return low % 2 === 0 ? BigInt(low / 2) : -BigInt((low + 1) / 2);
    }
    scale *= 128;
  }
  let value = BigInt(low);
  for (let shift = 49n; shift < 70n; shift += 7n) {
    if (at >= end) return null;
    const byte = bytes[at++] as number;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) {
      cursor.offset = at;
      const whole = BigInt.asUintN(64, value);
      return BigInt.asIntN(64, (whole >> 1n) ^ -(whole & 1n));
    }
  }
  return null;
}

/** Writes a signed 64-bit integer and returns the position after it. */
export function writeVarlong(bytes: Uint8Array, offset: number, value: bigint): number {
  let rest = zigzag(value);
  let at = offset;
  while (rest > 0x7fn) {
    bytes[at++] = Number(rest & 0x7fn) | 0x80;
    rest >>= 7n;
  }
  bytes[at++] = Number(rest);
  return at;
}

function zigzag(value: bigint): bigint {
  return BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
}
