/**
 * Snappy in xerial's framing, over the package's raw blocks:
 *
 *   0x82 'SNAPPY' 0x00 | version i32 = 1 | oldest compatible version i32 = 1 | then blocks: length i32, raw Snappy
 *
 * Streams may be joined; what does not start with the header is one raw block.
 */
import { corrupt, Output } from './output.ts';
import { loadPackages } from './packages.ts';

const HEADER = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
const MAGIC_BYTES = 8;
const BLOCK_BYTES = 32 << 10;
/** A copy element makes 64 bytes of 3 at best, so that no block gives more than this many times its size. */
const MOST_EXPANSION = 22;

export function compressSnappy(input: Buffer): Buffer {
  const { snappy } = loadPackages();
  const parts: Buffer[] = [HEADER];
  for (let at = 0; at < input.length; at += BLOCK_BYTES) {
    const block = snappy.compressSync(input.subarray(at, Math.min(at + BLOCK_BYTES, input.length)));
    const length = Buffer.allocUnsafe(4);
    length.writeInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

export function decompressSnappy(input: Buffer, limit: number): Buffer {
  const output = new Output(limit);
  if (!isHeader(input, 0)) {
    if (input.length > 0) readBlock(input, output);
    return output.take();
  }
  let at = 0;
  for (;;) {
    while (isHeader(input, at)) at += HEADER.length;
    if (at === input.length) return output.take();
    if (at + 4 > input.length) throw corrupt();
    const start = at + 4;
    at = start + input.readUInt32BE(at);
    if (at > input.length) throw corrupt();
    readBlock(input.subarray(start, at), output);
  }
}

function readBlock(block: Buffer, output: Output): void {
  const length = uncompressedLength(block);
  if (length < 0 || length > block.length * MOST_EXPANSION) throw corrupt();
  output.expect(length);
  const bytes = uncompress(block);
  if (typeof bytes === 'string') throw corrupt();
  output.push(bytes);
}

function uncompress(block: Buffer): Buffer | string {
  try {
    return loadPackages().snappy.uncompressSync(block, { asBuffer: true });
  } catch {
    throw corrupt();
  }
}

/** The length that a raw block declares (an unsigned varint), -1 where it declares none. */
function uncompressedLength(block: Buffer): number {
  let value = 0;
  for (let index = 0; index < Math.min(5, block.length); index++) {
    const byte = block[index] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return value < 2 ** 32 ? value : -1;
  }
  return -1;
}

function isHeader(input: Buffer, at: number): boolean {
  return input.length - at >= HEADER.length && input.compare(HEADER, 0, MAGIC_BYTES, at, at + MAGIC_BYTES) === 0;
}
