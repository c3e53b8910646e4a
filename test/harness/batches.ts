/** Record batches for tests: built with every field at hand, and told in a line of text. */
import { loadNative } from '../../src/host/addon.ts';
import { CODEC } from '../../src/port/native.ts';
import {
  ATTRIBUTE,
  type BatchHeader,
  batchesOf,
  batchPayload,
  BATCH_HEADER_SIZE,
  type Compression,
  isChecksumRight,
} from '../../src/protocol/batch.ts';
import { BatchBuilder } from '../../src/protocol/batch-builder.ts';
import { type LogRecord, readRecords, type RecordHeader } from '../../src/protocol/batch-records.ts';
import { decodeControlRecord } from '../../src/protocol/record/control-records.ts';

const { native } = loadNative();

/** A day in 2020: what tests give a record where time does not matter. */
export const THEN = 1_600_000_000_000n;

export function crc32c(bytes: Buffer): number {
  return native.crc32c(bytes, 0, bytes.length, 0);
}

export interface TestRecord {
  readonly timestamp?: bigint;
  readonly key?: string | null;
  readonly value?: string | Buffer | null;
  readonly headers?: readonly RecordHeader[];
}

export interface BatchOptions {
  readonly codec?: Compression;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly baseOffset?: number;
  readonly isTransactional?: boolean;
  readonly isControl?: boolean;
  readonly logAppendTime?: bigint;
}

function bytesOf(text: string | Buffer | null | undefined): Buffer | null {
  if (text === null || text === undefined) return null;
  return typeof text === 'string' ? Buffer.from(text) : text;
}

/** A valid batch. Texts stand for records of that value with the key `k`. */
export function batchOf(records: readonly (string | TestRecord)[], options: BatchOptions = {}): Buffer {
  const { codec, ...fields } = options;
  const builder = new BatchBuilder({ baseOffset: 0, ...fields });
  for (const each of records) {
    const { timestamp = THEN, key, value, headers } = typeof each === 'string' ? { key: 'k', value: each } : each;
    builder.append({ timestamp, key: bytesOf(key), value: bytesOf(value), ...(headers ? { headers } : {}) });
  }
  if (codec === undefined || codec === 'none') return builder.build(crc32c);
  const level = codec === 'gzip' ? 6 : codec === 'lz4' ? 9 : codec === 'zstd' ? 3 : 0;
  const compress = (bytes: Buffer): Buffer => native.compress(CODEC[codec], level, bytes, 0, bytes.length);
  return builder.build(crc32c, { codec, compress });
}

/** The batch with bytes changed at `at`, and with the checksum that it has then. */
export function patched(batch: Buffer, at: number, bytes: readonly number[] | Buffer): Buffer {
  const copy = Buffer.from(batch);
  copy.set(bytes, at);
  copy.writeUInt32BE(crc32c(copy.subarray(21)), 17);
  return copy;
}

/** The records of a batch, decompressed. */
export function recordsIn(bytes: Buffer, header: BatchHeader): LogRecord[] {
  const codec = header.attributes & ATTRIBUTE.compressionMask;
  if (codec === 0) return readRecords(header, batchPayload(bytes, header));
  const end = header.position + header.sizeInBytes;
  const plain = native.decompress(codec, bytes, header.position + BATCH_HEADER_SIZE, end, Number.POSITIVE_INFINITY);
  if (typeof plain === 'number') throw new Error(`the batch does not decompress: ${plain}`);
  return readRecords(header, plain);
}

const CODEC_NAMES = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/** How a timestamp and a producer id are told. */
export interface Telling {
  time(timestamp: bigint): string;
  producer(id: number): string;
  epoch(leaderEpoch: number): string;
  coordinatorEpoch(epoch: number): string;
}

function tellText(bytes: Buffer | null): string {
  if (bytes === null) return 'null';
  return bytes.length > 24 ? `${bytes.toString('latin1', 0, 8)}…${bytes.length}` : bytes.toString('latin1');
}

/** Null for a control record that ends no transaction. */
function tellMarker(key: Buffer | null, value: Buffer | null, telling: Telling): string | null {
  const record = decodeControlRecord(key ?? Buffer.alloc(0), value ?? Buffer.alloc(0));
  if (record?.type !== 'commit' && record?.type !== 'abort') return null;
  return `${record.type} by coordinator epoch ${telling.coordinatorEpoch(record.value.coordinatorEpoch)}`;
}

function tellBatch(bytes: Buffer, header: BatchHeader, telling: Telling): string[] {
  const { attributes, producerId } = header;
  const flags = [
    CODEC_NAMES[attributes & ATTRIBUTE.compressionMask] ?? '?',
    attributes & ATTRIBUTE.logAppendTime ? 'logAppendTime' : '',
    attributes & ATTRIBUTE.transactional ? 'transactional' : '',
    attributes & ATTRIBUTE.control ? 'control' : '',
    isChecksumRight(bytes, header, crc32c) ? '' : 'CHECKSUM WRONG',
  ].filter((flag) => flag !== '');
  const producer =
    producerId === -1 ? '' : ` ${telling.producer(producerId)}/${header.producerEpoch}/${header.baseSequence}`;
  const times = `${telling.time(header.baseTimestamp)}..${telling.time(header.maxTimestamp)}`;
  const records = recordsIn(bytes, header).map(({ offset, timestamp, key, value, headers }) => {
    const extra = headers.map((each) => ` ${each.key}:${tellText(each.value)}`).join('');
    const marker = attributes & ATTRIBUTE.control ? tellMarker(key, value, telling) : null;
    return `  ${offset} ${telling.time(timestamp)} ${marker ?? `${tellText(key)}=${tellText(value)}`}${extra}`;
  });
  const head = `${header.baseOffset}-${header.lastOffset} epoch ${telling.epoch(header.leaderEpoch)} ${flags.join(' ')}${producer} ${times}`;
  return [head, ...records];
}

/** Batches in text, a line each and a line for each record, and how many bytes of an incomplete batch follow. */
export function tellBatches(bytes: Buffer, telling: Telling): string[] {
  const lines: string[] = [];
  let end = 0;
  for (const header of batchesOf(bytes)) {
    lines.push(...tellBatch(bytes, header, telling));
    end = header.position + header.sizeInBytes;
  }
  if (end < bytes.length) lines.push(`and ${bytes.length - end} bytes`);
  return lines;
}
