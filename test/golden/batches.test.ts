/** Record batches as Kafka wrote them: read to the same records, and built again byte for byte where nothing compresses. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { crc32c } from '@node-rs/crc32';
import {
  type BatchHeader,
  batchesOf,
  batchPayload,
  hasDeleteHorizon,
  isChecksumRight,
  isControl,
  isLogAppendTime,
  isTransactional,
} from '../../src/protocol/batch.ts';
import { BatchBuilder, type BatchFields } from '../../src/protocol/batch-builder.ts';
import { type LogRecord, readRecords, recordsOf } from '../../src/protocol/batch-records.ts';
import { decodeControlRecord, encodeControlRecord } from '../../src/protocol/record/control-records.ts';
import { decodeRecord, encodeRecord } from '../../src/protocol/record/metadata-records.ts';
import { readVectors } from './vectors.ts';

const vectors = new Map<string, Buffer>();
const file = gunzipSync(readFileSync(new URL('vectors/batches.bin.gz', import.meta.url)));
for (const { name, bytes } of readVectors(file)) vectors.set(name, bytes);

/** Snappy and LZ4 are the addon's, and its contract tests read these vectors too. */
const DECOMPRESS: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  none: (bytes) => bytes,
  metadata: (bytes) => bytes,
  gzip: (bytes) => gunzipSync(bytes),
  zstd: (bytes) => zstdDecompressSync(bytes),
};

function checksum(bytes: Buffer): number {
  return crc32c(bytes);
}

const text = (bytes: Buffer | null) => (bytes === null ? null : bytes.toString('base64'));

function dumpLine(record: LogRecord): string {
  return JSON.stringify({
    offset: record.offset,
    timestamp: Number(record.timestamp),
    key: text(record.key),
    value: text(record.value),
    headers: record.headers.map(({ key, value }) => [key, text(value)]),
  });
}

function theBatch(bytes: Buffer): BatchHeader {
  const [header, ...others] = batchesOf(bytes);
  assert.ok(header !== undefined && others.length === 0);
  return header;
}

for (const [name, bytes] of vectors) {
  if (name.endsWith('.records')) continue;
  const codec = name.slice(0, name.indexOf('/'));
  const decompress = DECOMPRESS[codec];

  test(`golden batch ${name}`, () => {
    const header = theBatch(bytes);
    assert.equal(header.sizeInBytes, bytes.length);
    assert.ok(isChecksumRight(bytes, header, checksum));
    if (decompress === undefined) return;
    const records = readRecords(header, decompress(batchPayload(bytes, header)));
    const expected = vectors.get(`${name}.records`)?.toString('utf8') ?? '';
    assert.equal(records.map((record) => `${dumpLine(record)}\n`).join(''), expected);
    if (codec === 'none' || codec === 'metadata') assert.ok(rebuilt(bytes, header).equals(bytes));
  });
}

/** The batch once more from its header and records. */
function rebuilt(bytes: Buffer, header: BatchHeader): Buffer {
  const { attributes } = header;
  const fields: BatchFields = {
    baseOffset: header.baseOffset,
    leaderEpoch: header.leaderEpoch,
    producerId: header.producerId,
    producerEpoch: header.producerEpoch,
    baseSequence: header.baseSequence,
    isTransactional: isTransactional(attributes),
    isControl: isControl(attributes),
    lastOffset: header.lastOffset,
    maxTimestamp: header.maxTimestamp,
    ...(isLogAppendTime(attributes) ? { logAppendTime: header.maxTimestamp } : {}),
    ...(hasDeleteHorizon(attributes) ? { deleteHorizon: header.baseTimestamp } : {}),
  };
  const builder = new BatchBuilder(fields);
  // Under log append time the records keep what the producer said: read as if the bit were not set.
  for (const record of recordsOf(bytes, { ...header, attributes: attributes & ~0x08 })) builder.append(record);
  return builder.build(checksum);
}

test('control records are read and written again', () => {
  let count = 0;
  for (const [name, bytes] of vectors) {
    if (name.endsWith('.records') || !bytes.length) continue;
    const header = theBatch(bytes);
    if (!isControl(header.attributes) || header.recordsCount === 0) continue;
    for (const { key, value } of recordsOf(bytes, header)) {
      assert.ok(key !== null && value !== null);
      const control = decodeControlRecord(key, value);
      assert.ok(control !== null, name);
      assert.deepEqual(encodeControlRecord(control), { key, value });
      count++;
    }
  }
  assert.equal(count, 7);
});

test('records of the metadata log are read and written again', () => {
  const bytes = vectors.get('metadata/records');
  assert.ok(bytes !== undefined);
  const types = recordsOf(bytes, theBatch(bytes)).map(({ value }) => {
    assert.ok(value !== null);
    const record = decodeRecord(value);
    assert.ok(encodeRecord(record).equals(value));
    return record.type;
  });
  assert.deepEqual(types, ['featureLevel', 'topic', 'partition', 'config', 'producerIds']);
});
