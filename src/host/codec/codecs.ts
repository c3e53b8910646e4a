/** Compression and decompression by codec number: the fallback's half of what `port/native.ts` describes. */
import { BATCH_ERROR, CODEC, type Codec } from '../../port/native.ts';
import { compressGzip, decompressGzip } from './gzip.ts';
import { compressLz4, decompressLz4 } from './lz4.ts';
import { Fault } from './output.ts';
import { compressSnappy, decompressSnappy } from './snappy.ts';
import { compressZstd, decompressZstd } from './zstd.ts';

/**
 * The fallback holds what it decompresses, where the addon streams; so it has a bound of its own, above which it answers
 * `uncompressedTooLarge` whatever the caller allows.
 */
export const MOST_UNCOMPRESSED_BYTES = 256 << 20;

export function compress(codec: Codec, level: number, buffer: Uint8Array, from: number, to: number): Buffer {
  const input = bytesOf(buffer, from, to);
  switch (codec) {
    case CODEC.none:
      return Buffer.from(input);
    case CODEC.gzip:
      return compressGzip(level, input);
    case CODEC.snappy:
      return compressSnappy(input);
    case CODEC.lz4:
      return compressLz4(level, input);
    case CODEC.zstd:
      return compressZstd(level, input);
    default:
      throw new RangeError('no such codec');
  }
}

export function decompress(
  codec: number,
  buffer: Uint8Array,
  from: number,
  to: number,
  maxOutput: number,
): Buffer | number {
  const input = bytesOf(buffer, from, to);
  const limit = Math.min(maxOutput, MOST_UNCOMPRESSED_BYTES);
  try {
    switch (codec) {
      case CODEC.none:
        return input.length > maxOutput ? BATCH_ERROR.uncompressedTooLarge : Buffer.from(input);
      case CODEC.gzip:
        return decompressGzip(input, limit);
      case CODEC.snappy:
        return decompressSnappy(input, limit);
      case CODEC.lz4:
        return decompressLz4(input, limit);
      case CODEC.zstd:
        return decompressZstd(input, limit);
      default:
        return BATCH_ERROR.unknownCodec;
    }
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
}

/** The range as a Buffer over the same memory. A range that does not lie in the buffer is the caller's bug. */
export function bytesOf(buffer: Uint8Array, from: number, to: number): Buffer {
  if (!(from >= 0 && from <= to && to <= buffer.length)) {
    throw new RangeError(`range [${from}, ${to}) does not lie in a buffer of ${buffer.length} bytes`);
  }
  return Buffer.from(buffer.buffer, buffer.byteOffset + from, to - from);
}
