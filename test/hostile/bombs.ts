/** Small batches that inflate to much: records of a mebibyte of zeros each, compressed once and told apart by their first bytes. */
import { loadNative } from '../../src/host/addon.ts';
import { xxh32 } from '../../src/host/codec/xxh32.ts';
import { CODEC } from '../../src/port/native.ts';
import { BATCH, BATCH_HEADER_SIZE, COMPRESSION, type Compression, LOG_OVERHEAD } from '../../src/protocol/batch.ts';
import { sizeOfVarint, writeVarint } from '../../src/base/varint.ts';
import { batchOf, crc32c, THEN } from '../harness/batches.ts';

const { native } = loadNative();
export type BombCodec = Exclude<Compression, 'none'>;

function varint(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  return bytes.subarray(0, writeVarint(bytes, 0, value));
}

/** What stands before the value of a record: no key, no time. */
function recordHead(offsetDelta: number, valueSize: number): Buffer {
  const body = [Buffer.of(0, 0), varint(offsetDelta), varint(-1), varint(valueSize)];
  const size = 2 + sizeOfVarint(offsetDelta) + 1 + sizeOfVarint(valueSize) + valueSize + 1;
  return Buffer.concat([varint(size), ...body]);
}

function compressed(codec: BombCodec, bytes: Buffer): Buffer {
  const level = codec === 'gzip' ? 9 : codec === 'zstd' ? 3 : 9;
  return native.compress(CODEC[codec], level, bytes, 0, bytes.length);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

const LZ4_BLOCK = 64 * 1024;
const STORED = 0x8000_0000;

/** One frame, whose blocks of zeros are all the same one. */
function lz4(heads: readonly Buffer[], valueSize: number): Buffer {
  const descriptor = Buffer.of(0x60, 0x40);
  const start = Buffer.concat([u32(0x184d2204), descriptor, Buffer.of((xxh32(descriptor) >>> 8) & 0xff)]);
  const blockOf = (size: number): Buffer => {
    const frame = compressed('lz4', Buffer.alloc(size));
    const at = start.length;
    return frame.subarray(at, at + 4 + (frame.readUInt32LE(at) & ~STORED));
  };
  const blocks: Buffer[] = Array.from({ length: Math.floor(valueSize / LZ4_BLOCK) }, () => blockOf(LZ4_BLOCK));
  const body = Buffer.concat(blocks);
  const pieces = heads.map((head, index) => {
    const bytes = index === 0 ? head : Buffer.concat([Buffer.of(0), head]);
    return Buffer.concat([u32((bytes.length | STORED) >>> 0), bytes, body]);
  });
  return Buffer.concat([start, ...pieces, u32((1 | STORED) >>> 0), Buffer.of(0), u32(0)]);
}

/** Frames or members one behind the other. The last byte of a record, the count of its headers, is a zero like those of the value. */
function concatenated(codec: 'gzip' | 'zstd', heads: readonly Buffer[], valueSize: number): Buffer {
  const body = compressed(codec, Buffer.alloc(valueSize + 1));
  return Buffer.concat(heads.flatMap((head) => [compressed(codec, head), body]));
}

/** Snappy inflates to 21 times its size at most: in one piece. */
function snappy(heads: readonly Buffer[], valueSize: number): Buffer {
  return compressed('snappy', Buffer.concat(heads.flatMap((head) => [head, Buffer.alloc(valueSize + 1)])));
}

/** A batch of `count` records of `valueSize` zeros (a multiple of 64 KiB). */
export function bomb(codec: BombCodec, count: number, valueSize = 1024 * 1024): Buffer {
  const heads = Array.from({ length: count }, (_, index) => recordHead(index, valueSize));
  const payload =
    codec === 'lz4'
      ? lz4(heads, valueSize)
      : codec === 'snappy'
        ? snappy(heads, valueSize)
        : concatenated(codec, heads, valueSize);
  const batch = Buffer.concat([batchOf([{ timestamp: THEN, value: '' }]).subarray(0, BATCH_HEADER_SIZE), payload]);
  batch.writeInt32BE(batch.length - LOG_OVERHEAD, BATCH.batchLength);
  batch.writeInt16BE(COMPRESSION[codec], BATCH.attributes);
  batch.writeInt32BE(count - 1, BATCH.lastOffsetDelta);
  batch.writeInt32BE(count, BATCH.recordsCount);
  batch.writeUInt32BE(crc32c(batch.subarray(BATCH.attributes)), BATCH.crc);
  return batch;
}
