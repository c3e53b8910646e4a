/**
 * Numbers in bytes, big-endian, for code that reads a few fields by hand (batch headers, indexes, checkpoints, rings).
 *
 * A 64-bit integer is a number here: exact within ±2^53, and the two extremes of its range, which Kafka uses for "none" and
 * "no limit", are ±Infinity. Whoever needs the whole range reads a bigint with Buffer's own methods.
 */
// oxlint-disable typescript/no-unsafe-type-assertion -- the caller has checked that the bytes are there

const TWO_32 = 4294967296;
const SAFE_HIGH = 0x200000;

/** No bytes. Shared: nobody writes to it. */
export const EMPTY_BYTES: Buffer = Buffer.alloc(0);

/** NaN where the value is neither within ±2^53 nor one of the two extremes. */
export function readI64(bytes: Uint8Array, offset: number): number {
  const high = readI32(bytes, offset);
  const low = readU32(bytes, offset + 4);
  return i64OfHalves(high, low);
}

/** From the signed high and the unsigned low half; NaN where it is neither within ±2^53 nor an extreme. */
export function i64OfHalves(high: number, low: number): number {
  if (high >= -SAFE_HIGH && (high < SAFE_HIGH || (high === SAFE_HIGH && low === 0))) return high * TWO_32 + low;
  if (high === 0x7fffffff && low === 0xffffffff) return Infinity;
  return high === -0x80000000 && low === 0 ? -Infinity : NaN;
}

/** Writes a whole number within ±2^53, or an extreme. Returns whether it was one. */
export function writeI64(bytes: Uint8Array, offset: number, value: number): boolean {
  if (value === Infinity || value === -Infinity) {
    writeI32(bytes, offset, value > 0 ? 0x7fffffff : -0x80000000);
    writeI32(bytes, offset + 4, value > 0 ? -1 : 0);
    return true;
  }
  if (!Number.isInteger(value) || value > 9007199254740992 || value < -9007199254740992) return false;
  writeI32(bytes, offset, Math.floor(value / TWO_32));
  writeI32(bytes, offset + 4, value >>> 0);
  return true;
}

export function readI32(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset] as number) << 24) |
    ((bytes[offset + 1] as number) << 16) |
    ((bytes[offset + 2] as number) << 8) |
    (bytes[offset + 3] as number)
  );
}

export function readU32(bytes: Uint8Array, offset: number): number {
  return readI32(bytes, offset) >>> 0;
}

export function readI16(bytes: Uint8Array, offset: number): number {
  return (((bytes[offset] as number) << 24) >> 16) | (bytes[offset + 1] as number);
}

export function writeI32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >> 24;
  bytes[offset + 1] = value >> 16;
  bytes[offset + 2] = value >> 8;
  bytes[offset + 3] = value;
}

export function writeI16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >> 8;
  bytes[offset + 1] = value;
}

/** Methods of Node's Buffer that its type package leaves out; one call into C++ each. */
declare global {
  interface Buffer<TArrayBuffer extends ArrayBufferLike = ArrayBufferLike> {
    latin1Slice(start?: number, end?: number): string;
    utf8Slice(start?: number, end?: number): string;
    latin1Write(text: string, offset?: number, length?: number): number;
    utf8Write(text: string, offset?: number, length?: number): number;
  }
}
