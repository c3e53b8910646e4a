/** Batches that Kafka's own classes wrote, of every codec: what the addon and its fallback find in them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { BATCH_ERROR, CODEC, type Codec, type Native, ROW, ROW_SIZE, SCAN } from '../../src/port/native.ts';
import { readVectors } from '../golden/vectors.ts';
import { errorOf, lanes, LEVELS, timestampAt, validateOne, withCrc } from './native-batches.ts';

interface GoldenRecord {
  readonly offset: number;
  readonly timestamp: bigint;
  readonly key: string | null;
}

interface GoldenBatch {
  readonly name: string;
  readonly bytes: Buffer;
  readonly records: readonly GoldenRecord[];
}

/** Timestamps have more digits than a number: they are taken from the text. */
function parseRecord(line: string): GoldenRecord {
  const offset = Number(/"offset":(-?\d+)/.exec(line)?.[1]);
  const timestamp = BigInt(/"timestamp":(-?\d+)/.exec(line)?.[1] ?? '');
  const key = /"key":(?:null|"([^"]*)")/.exec(line)?.[1] ?? null;
  return { offset, timestamp, key };
}

function readGolden(): GoldenBatch[] {
  const file = gunzipSync(readFileSync(new URL('../golden/vectors/batches.bin.gz', import.meta.url)));
  const entries = new Map([...readVectors(file)].map(({ name, bytes }) => [name, bytes]));
  return [...entries]
    .filter(([name]) => !name.endsWith('.records'))
    .map(([name, bytes]) => {
      const lines = (entries.get(`${name}.records`) ?? Buffer.alloc(0)).toString('utf8').split('\n');
      return { name, bytes, records: lines.filter((line) => line !== '').map(parseRecord) };
    });
}

function scanOne(native: Native, bytes: Buffer): Float64Array {
  const out = new Float64Array(SCAN.firstRow + ROW_SIZE);
  assert.equal(native.scanBatches(bytes, 0, bytes.length, 0, out, 2 ** 31, 2 ** 30), 1);
  assert.equal(out[SCAN.reason], BATCH_ERROR.none);
  assert.equal(out[SCAN.stoppedAt], bytes.length);
  return out.subarray(SCAN.firstRow);
}

/** What a row must say of the records; a batch without records keeps its header's timestamps out of it. */
function assertRecords(row: Float64Array, records: readonly GoldenRecord[]): void {
  const baseOffset = row[ROW.baseOffset] ?? Number.NaN;
  const timestamps = records.map(({ timestamp }) => timestamp);
  const max = timestamps.reduce((one, other) => (other > one ? other : one), -1n);
  const first = records.find(({ timestamp }) => timestamp === max);
  const bounded = timestamps.filter((timestamp) => timestamp !== -1n);
  const min = bounded.reduce((one, other) => (other < one ? other : one), bounded[0] ?? -1n);
  assert.equal(row[ROW.recordsCount], records.length);
  assert.equal(timestampAt(row, ROW.maxTimestampHi), max);
  assert.equal(timestampAt(row, ROW.minTimestampHi), min);
  const delta = max === -1n || first === undefined ? -1 : first.offset - baseOffset;
  assert.equal(row[ROW.offsetDeltaOfMaxTimestamp], delta);
  assert.equal(
    row[ROW.firstKeylessRecord],
    records.findIndex(({ key }) => key === null),
  );
  if (max !== -1n) assert.equal(timestampAt(row, ROW.headerMaxTimestampHi), max);
}

/** The batch as a producer would send it, base offset 0, which the checksum does not cover. */
function fromZero(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeBigInt64BE(0n, 0);
  return copy;
}

const golden = readGolden();

for (const { name: lane, native } of lanes()) {
  describe(`batches that Kafka wrote, ${lane}`, () => {
    it('are of every codec', () => {
      const codecs = new Set(golden.map(({ bytes }) => bytes.readUInt16BE(21) & 7));
      assert.deepEqual(codecs, new Set([0, 1, 2, 3, 4]));
    });

    for (const { name, bytes, records } of golden) {
      it(name, () => {
        const row = scanOne(native, bytes);
        assert.equal(row[ROW.sizeInBytes], bytes.length);
        assertRecords(row, records);
        const baseOffset = row[ROW.baseOffset] ?? Number.NaN;
        const dense = records.every(({ offset }, index) => offset === baseOffset + index);
        const whole = row[ROW.lastOffset] === baseOffset + records.length - 1;
        const validated = validateOne(native, fromZero(bytes));
        if (records.length === 0 || !whole) assert.equal(errorOf(validated), 'badCount');
        else assert.equal(errorOf(validated), dense ? 'none' : 'offsetsNotDense');
        if (errorOf(validated) !== 'badCount') assertRecords(validated, withBase(records, baseOffset));
      });
    }

    it('come out of every other codec as they went in', () => {
      for (const { name, bytes, records } of golden) {
        const codec = bytes.readUInt16BE(21) & 7;
        const plain = native.decompress(codec, bytes, 61, bytes.length, 2 ** 30);
        assert.ok(typeof plain !== 'number', name);
        for (const other of [CODEC.gzip, CODEC.snappy, CODEC.lz4, CODEC.zstd]) {
          assertRecords(scanOne(native, recompressed(native, bytes, plain, other)), records);
        }
      }
    });
  });
}

function withBase(records: readonly GoldenRecord[], baseOffset: number): GoldenRecord[] {
  return records.map((record) => ({ ...record, offset: record.offset - baseOffset }));
}

function recompressed(native: Native, bytes: Buffer, plain: Buffer, codec: Codec): Buffer {
  const records = native.compress(codec, LEVELS[codec] ?? 0, plain, 0, plain.length);
  const batch = Buffer.concat([bytes.subarray(0, 61), records]);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeUInt16BE((batch.readUInt16BE(21) & ~7) | codec, 21);
  return withCrc(batch);
}

it('both give the same bytes of what Kafka compressed', () => {
  for (const { name, bytes } of golden) {
    const codec = bytes.readUInt16BE(21) & 7;
    const answers = lanes().map(({ native }) => native.decompress(codec, bytes, 61, bytes.length, 2 ** 30));
    for (const answer of answers) assert.deepEqual(answer, answers[0], name);
  }
});
