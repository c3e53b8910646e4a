/** GZIP by node:zlib: member by member, so that what follows the last one is ignored, as Java does. */
import { constants, crc32, gzipSync, inflateRawSync } from 'node:zlib';
import { corrupt, isTooLarge, Output } from './output.ts';

const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
const FLAG_HEADER_CRC = 2;
const FLAG_EXTRA = 4;
const FLAG_NAME = 8;
const FLAG_COMMENT = 16;

interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

export function compressGzip(level: number, input: Buffer): Buffer {
  if (level < -1 || level > 9) throw new RangeError('gzip levels are -1 to 9');
  return gzipSync(input, { level: level === -1 ? constants.Z_DEFAULT_COMPRESSION : level });
}

export function decompressGzip(input: Buffer, limit: number): Buffer {
  const output = new Output(limit);
  let at = 0;
  for (let members = 0; ; members++) {
    const header = memberHeader(input, at);
    if (header === 0) {
      if (members === 0) throw corrupt();
      return output.take();
    }
    at = readMember(input, at + header, output);
  }
}

/** Inflates the member whose deflate stream starts at `from`; where the next member would start. */
function readMember(input: Buffer, from: number, output: Output): number {
  const inflated = inflate(input.subarray(from), output);
  output.push(inflated.buffer);
  const end = from + inflated.engine.bytesWritten;
  if (end + TRAILER_BYTES > input.length) throw corrupt();
  if (input.readUInt32LE(end) !== crc32(inflated.buffer)) throw corrupt();
  if (input.readUInt32LE(end + 4) !== inflated.buffer.length >>> 0) throw corrupt();
  return end + TRAILER_BYTES;
}

function inflate(deflated: Buffer, output: Output): Inflated {
  // One byte more than may come, so that the output finds out; zlib wants a bound above zero.
  const inflated = inflateBounded(deflated, Math.min(output.remaining + 1, MAX_OUTPUT), output);
  if (!isInflated(inflated)) throw corrupt();
  return inflated;
}

/** With `info` the answer is an object, which Node's types do not know. */
function inflateBounded(deflated: Buffer, maxOutputLength: number, output: Output): unknown {
  try {
    return inflateRawSync(deflated, { maxOutputLength, info: true });
  } catch (error) {
    if (isTooLarge(error)) output.expect(Number.POSITIVE_INFINITY);
    throw corrupt();
  }
}

function isInflated(value: unknown): value is Inflated {
  return typeof value === 'object' && value !== null && 'engine' in value && 'buffer' in value;
}

/** The largest length that node:zlib takes for a bound. */
const MAX_OUTPUT = 2 ** 32;

/** How long the header of the member at `at` is, 0 where there is no whole header. */
function memberHeader(input: Buffer, at: number): number {
  if (input.length - at < HEADER_BYTES || input[at] !== 0x1f || input[at + 1] !== 0x8b || input[at + 2] !== 8) return 0;
  const flags = input[at + 3] ?? 0;
  let end = at + HEADER_BYTES;
  if (flags & FLAG_EXTRA) {
    if (end + 2 > input.length) return 0;
    end += 2 + input.readUInt16LE(end);
  }
  for (const flag of [FLAG_NAME, FLAG_COMMENT]) {
    if (!(flags & flag)) continue;
    const zero = end > input.length ? -1 : input.indexOf(0, end);
    if (zero < 0) return 0;
    end = zero + 1;
  }
  if (flags & FLAG_HEADER_CRC) end += 2;
  return end <= input.length ? end - at : 0;
}
