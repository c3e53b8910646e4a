/** Zstandard by zstd-napi, or by node:zlib where that is not installed. Frames with and without a declared size, one or several. */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { corrupt, isTooLarge, Output } from './output.ts';
import { loadPackages, type ZstdBinding, type ZstdDecoder } from './packages.ts';

const MIN_LEVEL = -131072;
const MAX_LEVEL = 22;
const WINDOW_BYTES = 128 << 10;

export function compressZstd(level: number, input: Buffer): Buffer {
  if (level < MIN_LEVEL || level > MAX_LEVEL) throw new RangeError('zstd levels are -131072 to 22');
  const { zstd } = loadPackages();
  if (zstd === null) return zstdCompressSync(input, { params: { [constants.ZSTD_c_compressionLevel]: level } });
  const output = Buffer.allocUnsafe(zstd.compressBound(input.length));
  const context = new zstd.CCtx();
  context.setParameter(zstd.CParameter.compressionLevel, level);
  return output.subarray(0, context.compress2(output, input));
}

export function decompressZstd(input: Buffer, limit: number): Buffer {
  const { zstd } = loadPackages();
  return zstd === null ? byNode(input, limit) : byPackage(zstd, input, limit);
}

function byPackage(zstd: ZstdBinding, input: Buffer, limit: number): Buffer {
  const output = new Output(limit);
  const context = new zstd.DCtx();
  let at = 0;
  let inFrame = false;
  while (at < input.length || inFrame) {
    const window = Buffer.allocUnsafe(WINDOW_BYTES);
    const [wanted, produced, consumed] = step(context, window, input.subarray(at));
    if (produced > 0) output.push(window.subarray(0, produced));
    at += consumed;
    inFrame = wanted !== 0;
    if (produced === 0 && consumed === 0 && inFrame) throw corrupt();
  }
  return output.take();
}

function step(context: ZstdDecoder, window: Buffer, input: Buffer): readonly [number, number, number] {
  try {
    return context.decompressStream(window, input);
  } catch {
    throw corrupt();
  }
}

function byNode(input: Buffer, limit: number): Buffer {
  if (input.length === 0) return Buffer.alloc(0);
  const output = new Output(limit);
  try {
    output.push(zstdDecompressSync(input, { maxOutputLength: Math.min(limit + 1, 2 ** 32) }));
  } catch (error) {
    if (isTooLarge(error)) output.expect(Number.POSITIVE_INFINITY);
    throw corrupt();
  }
  return output.take();
}
