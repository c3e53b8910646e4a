/** The four codecs: each implementation reads what the other wrote, what other writers may write, and nothing without a bound. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as zlib from 'node:zlib';
import * as fc from 'fast-check';
import { xxh32 } from '../../src/host/codec/xxh32.ts';
import { BATCH_ERROR, CODEC, type Codec, type Native } from '../../src/port/native.ts';
import { anyBytes, lanes, LEVELS } from './native-batches.ts';

const COMPRESSED = [CODEC.gzip, CODEC.snappy, CODEC.lz4, CODEC.zstd] as const;
const ALL_LEVELS: Record<number, number[]> = {
  [CODEC.gzip]: [-1, 1, 5, 9],
  [CODEC.snappy]: [0],
  [CODEC.lz4]: [1, 9, 12, 17],
  [CODEC.zstd]: [-5, 1, 3, 22],
};
const TEXT = Buffer.from('the quick brown fox jumps over the lazy dog; '.repeat(4000));

function compress(native: Native, codec: Codec, input: Uint8Array, level = LEVELS[codec] ?? 0): Buffer {
  return native.compress(codec, level, input, 0, input.length);
}

function decompress(native: Native, codec: number, input: Uint8Array, limit = 2 ** 28): Buffer | number {
  return native.decompress(codec, input, 0, input.length, limit);
}

/** LZ4 frame of stored or given blocks, with the flags that are asked for. */
function lz4Frame(flg: number, bd: number, blocks: Buffer[], contentSize?: number): Buffer {
  const size = Buffer.alloc(contentSize === undefined ? 0 : 8);
  if (contentSize !== undefined) size.writeBigUInt64LE(BigInt(contentSize));
  const descriptor = Buffer.concat([Buffer.from([flg, bd]), size]);
  const parts = blocks.flatMap((block) => {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(0x80000000 + block.length);
    const sum = Buffer.alloc(flg & 16 ? 4 : 0);
    if (sum.length > 0) sum.writeUInt32LE(xxh32(block));
    return [head, block, sum];
  });
  const check = Buffer.from([(xxh32(descriptor) >>> 8) & 255]);
  return Buffer.concat([Buffer.from('04224d18', 'hex'), descriptor, check, ...parts, Buffer.alloc(4)]);
}

function xerial(...blocks: Buffer[]): Buffer {
  const header = Buffer.from('82534e415050590000000001 00000001'.replace(' ', ''), 'hex');
  const parts = blocks.flatMap((block) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(block.length);
    return [length, block];
  });
  return Buffer.concat([header, ...parts]);
}

/** Raw Snappy of up to 60 literal bytes. */
function rawSnappy(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([bytes.length, (bytes.length - 1) << 2]), bytes]);
}

for (const writer of lanes()) {
  for (const reader of lanes()) {
    describe(`what ${writer.name} wrote, read by ${reader.name}`, () => {
      for (const codec of COMPRESSED) {
        for (const level of ALL_LEVELS[codec] ?? []) {
          it(`codec ${codec}, level ${level}`, () => {
            fc.assert(
              fc.property(anyBytes, (bytes) => {
                assert.deepEqual(decompress(reader.native, codec, compress(writer.native, codec, bytes, level)), bytes);
              }),
              { numRuns: level === 22 ? 5 : 25 },
            );
          });
        }
      }

      it('nothing at all', () => {
        for (const codec of COMPRESSED) {
          assert.deepEqual(
            decompress(reader.native, codec, compress(writer.native, codec, Buffer.alloc(0))),
            Buffer.alloc(0),
          );
        }
      });
    });
  }
}

for (const { name, native } of lanes()) {
  describe(`codecs, ${name}`, () => {
    it('read and write shared memory, within a range', () => {
      const shared = Buffer.from(new SharedArrayBuffer(1 << 20));
      TEXT.copy(shared, 33);
      for (const codec of COMPRESSED) {
        const compressed = native.compress(codec, LEVELS[codec] ?? 0, shared, 33, 33 + TEXT.length);
        compressed.copy(shared, 500_000);
        const again = native.decompress(codec, shared, 500_000, 500_000 + compressed.length, TEXT.length);
        assert.deepEqual(again, TEXT);
      }
    });

    it('no codec copies; an unknown one is said', () => {
      assert.deepEqual(decompress(native, 0, compress(native, 0, TEXT)), TEXT);
      assert.equal(decompress(native, 0, TEXT, TEXT.length - 1), BATCH_ERROR.uncompressedTooLarge);
      for (const codec of [5, 6, 7, -1, 100]) assert.equal(decompress(native, codec, TEXT), BATCH_ERROR.unknownCodec);
      const unknown: Codec = JSON.parse('5');
      assert.throws(() => native.compress(unknown, 0, TEXT, 0, 1));
    });

    it('levels that do not exist are refused', () => {
      for (const [codec, level] of [
        [CODEC.gzip, 10],
        [CODEC.gzip, -2],
        [CODEC.lz4, 0],
        [CODEC.lz4, 18],
        [CODEC.zstd, 23],
      ] as const) {
        assert.throws(() => native.compress(codec, level, TEXT, 0, TEXT.length));
      }
    });

    for (const codec of COMPRESSED) {
      it(`codec ${codec} gives at most what is allowed`, () => {
        const compressed = compress(native, codec, TEXT);
        assert.deepEqual(decompress(native, codec, compressed, TEXT.length), TEXT);
        for (const limit of [TEXT.length - 1, 70_000, 1, 0]) {
          assert.equal(decompress(native, codec, compressed, limit), BATCH_ERROR.uncompressedTooLarge);
        }
      });

      it(`codec ${codec} does not take a stream that was cut`, () => {
        const compressed = compress(native, codec, TEXT);
        for (let cut = 1; cut < compressed.length; cut += Math.max(1, compressed.length >> 6)) {
          const answer = decompress(native, codec, compressed.subarray(0, compressed.length - cut));
          // Snappy has no end: cut between blocks it is only shorter.
          if (codec === CODEC.snappy && typeof answer !== 'number') assert.ok(answer.length < TEXT.length);
          else assert.equal(answer, BATCH_ERROR.badCompression, `cut by ${cut}`);
        }
      });
    }

    it('bombs are bounded', () => {
      const zeros = Buffer.alloc(64 << 20);
      for (const codec of [CODEC.gzip, CODEC.zstd] as const) {
        let bomb = compress(native, codec, zeros);
        bomb = Buffer.concat(Array.from({ length: 64 }, () => bomb));
        assert.equal(decompress(native, codec, bomb, 1 << 20), BATCH_ERROR.uncompressedTooLarge);
      }
      // Blocks that declare gigabytes.
      const liar = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0, 1]);
      assert.equal(decompress(native, CODEC.snappy, liar), BATCH_ERROR.badCompression);
      assert.equal(decompress(native, CODEC.snappy, xerial(liar)), BATCH_ERROR.badCompression);
    });

    it('gzip: members joined, optional header fields, bytes after the end, wrong checksums', () => {
      const one = zlib.gzipSync(TEXT);
      assert.deepEqual(decompress(native, CODEC.gzip, Buffer.concat([one, one])), Buffer.concat([TEXT, TEXT]));
      assert.deepEqual(decompress(native, CODEC.gzip, Buffer.concat([one, Buffer.from('tail')])), TEXT);
      assert.deepEqual(decompress(native, CODEC.gzip, Buffer.concat([one, Buffer.alloc(20)])), TEXT);
      const head = Buffer.from([0x1f, 0x8b, 8, 2 | 4 | 8 | 16, 0, 0, 0, 0, 0, 3, 2, 0, 65, 66]);
      const full = Buffer.concat([head, Buffer.from('name\0comment\0'), Buffer.from([1, 2]), one.subarray(10)]);
      assert.deepEqual(decompress(native, CODEC.gzip, full), TEXT);
      const cutHead = full.subarray(0, 20);
      assert.equal(decompress(native, CODEC.gzip, cutHead), BATCH_ERROR.badCompression);
      for (const at of [1, 8]) {
        const bad = Buffer.from(one);
        bad[bad.length - at] = (bad[bad.length - at] ?? 0) ^ 1;
        assert.equal(decompress(native, CODEC.gzip, bad), BATCH_ERROR.badCompression);
      }
      assert.equal(decompress(native, CODEC.gzip, Buffer.alloc(0)), BATCH_ERROR.badCompression);
      assert.equal(decompress(native, CODEC.gzip, zlib.deflateSync(TEXT)), BATCH_ERROR.badCompression);
    });

    it('snappy: raw, joined streams, damaged framing', () => {
      const hello = Buffer.from('hello');
      assert.deepEqual(decompress(native, CODEC.snappy, rawSnappy(hello)), hello);
      assert.deepEqual(
        decompress(native, CODEC.snappy, xerial(rawSnappy(hello), rawSnappy(hello))),
        Buffer.from('hellohello'),
      );
      const joined = Buffer.concat([xerial(rawSnappy(hello)), xerial(rawSnappy(hello))]);
      assert.deepEqual(decompress(native, CODEC.snappy, joined), Buffer.from('hellohello'));
      assert.deepEqual(decompress(native, CODEC.snappy, xerial()), Buffer.alloc(0));
      assert.deepEqual(decompress(native, CODEC.snappy, xerial(Buffer.from([0]), rawSnappy(hello))), hello);
      for (const bad of [
        Buffer.concat([xerial(), Buffer.from([0, 0])]),
        Buffer.concat([xerial(), Buffer.from([0, 0, 0, 9, 1])]),
        Buffer.concat([xerial(), Buffer.from([0xff, 0xff, 0xff, 0xff, 1])]),
        xerial(Buffer.alloc(0)),
        xerial(rawSnappy(hello).subarray(0, -1)),
        hello,
      ]) {
        assert.equal(decompress(native, CODEC.snappy, bad), BATCH_ERROR.badCompression, bad.toString('hex'));
      }
    });

    it('snappy is framed as xerial does, in blocks of 32 KiB', () => {
      const compressed = compress(native, CODEC.snappy, TEXT);
      assert.deepEqual(compressed.subarray(0, 16), xerial());
      let blocks = 0;
      for (let at = 16; at < compressed.length; at += 4 + compressed.readInt32BE(at)) blocks++;
      assert.equal(blocks, Math.ceil(TEXT.length / 32768));
    });

    it('lz4: frames as others write them', () => {
      const data = Buffer.from('some data that is stored');
      for (const [flg, bd, size] of [
        [0x60, 0x40],
        [0x60, 0x70],
        [0x70, 0x50],
        [0x68, 0x60, 24],
        [0x78, 0x40, 24],
        [0x64, 0x40],
      ] as const) {
        const frame = lz4Frame(flg, bd, [data.subarray(0, 10), data.subarray(10)], size);
        assert.deepEqual(decompress(native, CODEC.lz4, frame), data, flg.toString(16));
        assert.deepEqual(decompress(native, CODEC.lz4, Buffer.concat([frame, Buffer.from('tail')])), data);
      }
    });

    it('lz4: frames that Kafka does not take', () => {
      const data = Buffer.from('some data that is stored');
      for (const [flg, bd, what] of [
        [0x40, 0x40, 'dependent blocks'],
        [0x61, 0x40, 'a dictionary'],
        [0x62, 0x40, 'a reserved flag'],
        [0xa0, 0x40, 'another version'],
        [0x60, 0x30, 'blocks below 64 KiB'],
        [0x60, 0xc0, 'a reserved bit'],
        [0x60, 0x41, 'a reserved low bit'],
      ] as const) {
        assert.equal(decompress(native, CODEC.lz4, lz4Frame(flg, bd, [data])), BATCH_ERROR.badCompression, what);
      }
      const frame = lz4Frame(0x70, 0x40, [data]);
      for (const at of [0, 6, 12, frame.length - 6]) {
        const bad = Buffer.from(frame);
        bad[at] = (bad[at] ?? 0) ^ 1;
        assert.equal(decompress(native, CODEC.lz4, bad), BATCH_ERROR.badCompression, `byte ${at}`);
      }
      assert.equal(
        decompress(native, CODEC.lz4, lz4Frame(0x60, 0x40, [Buffer.alloc(65537)])),
        BATCH_ERROR.badCompression,
      );
      assert.equal(decompress(native, CODEC.lz4, Buffer.alloc(0)), BATCH_ERROR.badCompression);
    });

    it('lz4 is written in independent blocks of 64 KiB without checksums', () => {
      const compressed = compress(native, CODEC.lz4, TEXT);
      assert.equal(compressed.toString('hex', 0, 7), '04224d18604082');
      let blocks = 0;
      let at = 7;
      for (; compressed.readUInt32LE(at) !== 0; at += 4 + (compressed.readUInt32LE(at) & 0x7fffffff)) blocks++;
      assert.equal(blocks, Math.ceil(TEXT.length / 65536));
      assert.equal(at + 4, compressed.length);
    });

    it('zstd: frames joined, with checksum, without a size', async () => {
      const one = zlib.zstdCompressSync(TEXT, { params: { [zlib.constants.ZSTD_c_checksumFlag]: 1 } });
      assert.deepEqual(decompress(native, CODEC.zstd, Buffer.concat([one, one])), Buffer.concat([TEXT, TEXT]));
      const bad = Buffer.from(one);
      bad[bad.length - 1] = (bad[bad.length - 1] ?? 0) ^ 1;
      assert.equal(decompress(native, CODEC.zstd, bad), BATCH_ERROR.badCompression);
      const stream = zlib.createZstdCompress();
      stream.write(TEXT.subarray(0, 1000));
      stream.end(TEXT.subarray(1000));
      const streamed = Buffer.concat(await stream.toArray());
      assert.deepEqual(decompress(native, CODEC.zstd, streamed), TEXT);
      assert.deepEqual(decompress(native, CODEC.zstd, Buffer.alloc(0)), Buffer.alloc(0));
    });
  });
}
