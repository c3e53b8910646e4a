/**
 * The addon against its fallback: CRC32C, validation, codecs. `node bench/native.ts [filter]`
 *
 * Figures are CPU time of one thread. MB/s count uncompressed bytes.
 */
import { Bench } from 'tinybench';
import { loadNative } from '../src/host/addon.ts';
import { CODEC, type Codec, type Native, ROW_SIZE, SCAN } from '../src/port/native.ts';

const LEVELS = { 0: 0, 1: -1, 2: 0, 3: 9, 4: 3 } as const;
const CODEC_NAMES = { 0: 'none', 1: 'gzip', 2: 'snappy', 3: 'lz4', 4: 'zstd' } as const;

/** Text as events are: half of it repeats. */
function valueOf(index: number, size: number): Buffer {
  const head = `{"id":${index},"user":"user-${(index * 7919) % 1000}","at":${1_700_000_000_000 + index},"text":"`;
  const noise = Array.from({ length: size }, (_, at) => String.fromCharCode(97 + ((index * 31 + at * at) % 26))).join(
    '',
  );
  return Buffer.from(`${head}${noise.slice(0, Math.max(0, size - head.length))}`);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value * 2;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

/** Records of 200 bytes, `size` in all. */
function recordsOf(size: number): { bytes: Buffer; count: number } {
  const parts: Buffer[] = [];
  let count = 0;
  for (let length = 0; length < size; count++) {
    const key = Buffer.from(`key-${count}`);
    const value = valueOf(count, 180);
    const body = Buffer.concat([
      Buffer.from([0]),
      varint(count),
      varint(count),
      varint(key.length),
      key,
      varint(value.length),
      value,
      varint(0),
    ]);
    const record = Buffer.concat([varint(body.length), body]);
    parts.push(record);
    length += record.length;
  }
  return { bytes: Buffer.concat(parts), count };
}

function batchOf(native: Native, codec: Codec, size: number): Buffer {
  const { bytes, count } = recordsOf(size);
  const records = native.compress(codec, LEVELS[codec], bytes, 0, bytes.length);
  const batch = Buffer.from(new SharedArrayBuffer(61 + records.length));
  records.copy(batch, 61);
  batch.writeInt32BE(batch.length - 12, 8);
  batch[16] = 2;
  batch.writeUInt16BE(codec, 21);
  batch.writeInt32BE(count - 1, 23);
  batch.writeBigInt64BE(1_700_000_000_000n, 27);
  batch.writeInt32BE(count, 57);
  batch.writeUInt32BE(native.crc32c(batch, 21, batch.length, 0), 17);
  return batch;
}

interface Case {
  readonly name: string;
  readonly bytes: number;
  readonly run: (native: Native) => () => unknown;
}

function cases(maker: Native): Case[] {
  const all: Case[] = [];
  const regions = new Float64Array(2);
  const out = new Float64Array(SCAN.firstRow + 16 * ROW_SIZE);
  for (const [label, size] of [
    ['16 KiB', 16 << 10],
    ['1 MiB', 1 << 20],
  ] as const) {
    const plain = recordsOf(size).bytes;
    all.push({
      name: `crc32c ${label}`,
      bytes: plain.length,
      run: (native) => () => native.crc32c(plain, 0, plain.length, 0),
    });
    for (const codec of [CODEC.none, CODEC.gzip, CODEC.snappy, CODEC.lz4, CODEC.zstd]) {
      const codecName = CODEC_NAMES[codec];
      const batch = batchOf(maker, codec, size);
      all.push({
        name: `validate ${codecName} ${label}`,
        bytes: plain.length,
        run: (native) => () => {
          regions[1] = batch.length;
          const wrong = native.validateBatches(batch, regions, 1, out, 2 ** 31, 2 ** 31, 2 ** 31);
          if (wrong > 0) throw new Error(`error ${out[2]}`);
        },
      });
      if (codec === CODEC.none) {
        all.push({
          name: `scan ${label}`,
          bytes: plain.length,
          run: (native) => () => native.scanBatches(batch, 0, batch.length, 0, out, 2 ** 31, 0),
        });
        continue;
      }
      const compressed = maker.compress(codec, LEVELS[codec], plain, 0, plain.length);
      all.push({
        name: `compress ${codecName} ${label}`,
        bytes: plain.length,
        run: (native) => () => native.compress(codec, LEVELS[codec], plain, 0, plain.length),
      });
      all.push({
        name: `decompress ${codecName} ${label}`,
        bytes: plain.length,
        run: (native) => () => native.decompress(codec, compressed, 0, compressed.length, 2 ** 30),
      });
    }
  }
  return all;
}

const { native: addon, kind, reason } = loadNative();
if (kind !== 'addon') console.error(`no addon: ${reason}`);
const fallback = loadNative('off').native;
const filter = process.argv[2] ?? '';
const wanted = cases(fallback).filter(({ name }) => name.includes(filter));
const rows: Record<string, Record<string, string>> = {};
for (const { name, bytes, run } of wanted) {
  const bench = new Bench({ time: 200, warmupTime: 50 });
  bench.add('addon', run(addon));
  bench.add('fallback', run(fallback));
  await bench.run();
  const figures = bench.tasks.map(({ result }) => ('latency' in result ? result.latency.p50 : Number.NaN));
  const [fast = Number.NaN, slow = Number.NaN] = figures;
  const rate = (milliseconds: number): string => Math.round(bytes / 1e3 / milliseconds).toLocaleString('en');
  rows[name] = {
    'addon µs': (fast * 1000).toFixed(1),
    'addon MB/s': rate(fast),
    'fallback µs': (slow * 1000).toFixed(1),
    'fallback MB/s': rate(slow),
    times: (slow / fast).toFixed(2),
  };
}
console.table(rows);
