/**
 * LZ4 frames of independent blocks over the package's blocks, as Kafka writes and reads them:
 *
 *   magic 0x184D2204 LE | FLG | BD | content size u64 LE, if FLG bit 3 | header checksum
 *   blocks: size u32 LE (highest bit: stored as it is), bytes, checksum u32 if FLG bit 4 | end mark 0 | content checksum u32 if FLG bit 2
 *
 * As in Kafka, what follows the end mark is not read. The package has no high compression: its one level serves for all.
 */
import { corrupt, Output } from './output.ts';
import { loadPackages } from './packages.ts';
import { xxh32 } from './xxh32.ts';

const MAGIC = 0x184d2204;
const FLG_VERSION = 0x40;
const FLG_INDEPENDENT = 0x20;
const FLG_BLOCK_CHECKSUM = 0x10;
const FLG_CONTENT_SIZE = 0x08;
const FLG_RESERVED = 0x03;
const STORED = 0x80000000;
const BLOCK_BYTES = 64 << 10;
/** BD for blocks of 64 KiB. */
const BD_64_KIB = 4 << 4;
/** The package writes and wants a block's uncompressed size before the block. */
const SIZE_PREFIX = 4;

export function compressLz4(level: number, input: Buffer): Buffer {
  if (level < 1 || level > 17) throw new RangeError('lz4 levels are 1 to 17');
  const { lz4 } = loadPackages();
  const head = Buffer.alloc(7);
  head.writeUInt32LE(MAGIC, 0);
  head[4] = FLG_VERSION | FLG_INDEPENDENT;
  head[5] = BD_64_KIB;
  head[6] = headerChecksum(head.subarray(4, 6));
  const parts: Buffer[] = [head];
  for (let at = 0; at < input.length; at += BLOCK_BYTES) {
    const block = input.subarray(at, Math.min(at + BLOCK_BYTES, input.length));
    const compressed = lz4.compressSync(block).subarray(SIZE_PREFIX);
    const stored = compressed.length >= block.length;
    const size = Buffer.allocUnsafe(4);
    size.writeUInt32LE(stored ? block.length + STORED : compressed.length);
    parts.push(size, stored ? block : compressed);
  }
  parts.push(Buffer.alloc(4));
  return Buffer.concat(parts);
}

interface Frame {
  readonly at: number;
  readonly blockBytes: number;
  readonly blockChecksums: boolean;
}

export function decompressLz4(input: Buffer, limit: number): Buffer {
  const output = new Output(limit);
  const { at: start, blockBytes, blockChecksums } = readFrameHeader(input);
  for (let at = start; ; ) {
    if (at + 4 > input.length) throw corrupt();
    const head = input.readUInt32LE(at);
    if (head === 0) return output.take();
    const size = head % STORED;
    const from = at + 4;
    at = from + size + (blockChecksums ? 4 : 0);
    if (size > blockBytes || at > input.length) throw corrupt();
    const block = input.subarray(from, from + size);
    if (blockChecksums && input.readUInt32LE(from + size) !== xxh32(block)) throw corrupt();
    output.push(head >= STORED ? block : readBlock(block, blockBytes));
  }
}

function readFrameHeader(input: Buffer): Frame {
  if (input.length < 7 || input.readUInt32LE(0) !== MAGIC) throw corrupt();
  const flg = input[4] ?? 0;
  const bd = input[5] ?? 0;
  if ((flg & 0xc0) !== FLG_VERSION || (flg & FLG_RESERVED) !== 0 || (flg & FLG_INDEPENDENT) === 0) throw corrupt();
  if ((bd & 0x8f) !== 0 || bd >> 4 < 4) throw corrupt();
  const end = flg & FLG_CONTENT_SIZE ? 14 : 6;
  if (input.length <= end || input[end] !== headerChecksum(input.subarray(4, end))) throw corrupt();
  return {
    at: end + 1,
    blockBytes: BLOCK_BYTES << (2 * ((bd >> 4) - 4)),
    blockChecksums: (flg & FLG_BLOCK_CHECKSUM) !== 0,
  };
}

function readBlock(block: Buffer, blockBytes: number): Buffer {
  const prefixed = Buffer.allocUnsafe(SIZE_PREFIX + block.length);
  prefixed.writeUInt32LE(blockBytes, 0);
  block.copy(prefixed, SIZE_PREFIX);
  try {
    return loadPackages().lz4.uncompressSync(prefixed);
  } catch {
    throw corrupt();
  }
}

function headerChecksum(descriptor: Buffer): number {
  return (xxh32(descriptor) >>> 8) & 0xff;
}
