/**
 * Batches that cannot be appended as they came: another codec is wanted (compression.type), or a compressed batch's offset deltas
 * have gaps. Only the producers that make it necessary pay for it.
 */
import type { LogConfig } from '../config/log-config.ts';
import { type BatchFunctions, CODEC, type Codec } from '../port/native.ts';
import { ATTRIBUTE, BATCH, BATCH_HEADER_SIZE, batchPayload, LOG_OVERHEAD, readBatchHeader } from '../protocol/batch.ts';
import { BatchBuilder } from '../protocol/batch-builder.ts';
import { type LogRecord, readRecords } from '../protocol/batch-records.ts';

const COMPRESSION_MASK = 0x07;
const CODECS = [CODEC.none, CODEC.gzip, CODEC.snappy, CODEC.lz4, CODEC.zstd] as const;

const CODEC_OF_TYPE: Readonly<Record<Exclude<LogConfig['compressionType'], 'producer'>, Codec>> = {
  uncompressed: CODEC.none,
  gzip: CODEC.gzip,
  snappy: CODEC.snappy,
  lz4: CODEC.lz4,
  zstd: CODEC.zstd,
};

/** The codec that the topic keeps a batch in that came with `codec`. */
export function targetCodec(config: LogConfig, codec: number): Codec {
  return config.compressionType === 'producer' ? (CODECS[codec] ?? CODEC.none) : CODEC_OF_TYPE[config.compressionType];
}

function levelOf(config: LogConfig, codec: Codec): number {
  if (codec === CODEC.gzip) return config.gzipLevel;
  if (codec === CODEC.lz4) return config.lz4Level;
  return codec === CODEC.zstd ? config.zstdLevel : 0;
}

/** The records of a batch, decompressed; null where the compression is damaged. */
export function decodeRecords(native: BatchFunctions, batch: Buffer): LogRecord[] | null {
  const header = readBatchHeader(batch);
  const payload = decompressed(native, batch, header.attributes);
  return payload === null ? null : readRecords(header, payload);
}

function decompressed(native: BatchFunctions, batch: Buffer, attributes: number): Buffer | null {
  const codec = attributes & COMPRESSION_MASK;
  if (codec === CODEC.none) return batchPayload(batch, readBatchHeader(batch));
  const output = native.decompress(codec, batch, BATCH_HEADER_SIZE, batch.length, Number.POSITIVE_INFINITY);
  return typeof output === 'number' ? null : output;
}

/** Bytes of records that a batch may have for being rewritten: they are in memory as a whole then. */
export function rewriteLimit(config: LogConfig): number {
  return Math.max(64 * 1024 * 1024, 8 * config.maxMessageBytes);
}

/** Records that are rewritten one by one: each is an object then. */
const REWRITTEN_RECORDS = 200_000;

/** What the caller knows of the batch. */
export interface Rewritten {
  /** The offset deltas are 0, 1, 2 …: then the records stay the bytes that they are. */
  readonly isDense: boolean;
  /** The highest timestamp of the records. */
  readonly maxTimestamp: bigint;
}

/** The batch anew, with dense offset deltas and compressed with `target`; null where its compression is damaged. */
export function rewriteBatch(
  native: BatchFunctions,
  batch: Buffer,
  target: Codec,
  config: LogConfig,
  known: Rewritten,
): Buffer | null | 'too large' {
  const header = readBatchHeader(batch);
  const records = decompressed(native, batch, header.attributes);
  if (records === null) return null;
  let head = batch;
  let plain = records;
  const keepsBytes = known.isDense && (header.attributes & ATTRIBUTE.logAppendTime) === 0;
  if (!keepsBytes || !beginsAtBase(records)) {
    if (header.recordsCount > REWRITTEN_RECORDS) return 'too large';
    const builder = new BatchBuilder({ baseOffset: 0 });
    for (const { timestamp, key, value, headers } of readRecords(header, records)) {
      builder.append({ timestamp, key, value, headers });
    }
    head = builder.build(() => 0);
    plain = head.subarray(BATCH_HEADER_SIZE);
  }
  const payload =
    target === CODEC.none ? plain : native.compress(target, levelOf(config, target), plain, 0, plain.length);
  const bytes = Buffer.allocUnsafe(BATCH_HEADER_SIZE + payload.length);
  head.copy(bytes, 0, 0, BATCH_HEADER_SIZE);
  payload.copy(bytes, BATCH_HEADER_SIZE);
  // Producer id, epoch, sequence and the flags stay those of the batch that came.
  batch.copy(bytes, BATCH.producerId, BATCH.producerId, BATCH.recordsCount);
  if (head === batch) bytes.writeBigInt64BE(known.maxTimestamp, BATCH.maxTimestamp);
  bytes.writeInt16BE((header.attributes & ~(COMPRESSION_MASK | ATTRIBUTE.logAppendTime)) | target, BATCH.attributes);
  bytes.writeInt32BE(bytes.length - LOG_OVERHEAD, BATCH.batchLength);
  bytes.writeUInt32BE(native.crc32c(bytes, BATCH.attributes, bytes.length, 0), BATCH.crc);
  return bytes;
}

/** Whether the first record has the base timestamp, as in every batch that a producer or Kafka itself builds. */
function beginsAtBase(records: Buffer): boolean {
  let at = 0;
  while ((records[at] ?? 0) > 127) at++;
  // The record's length, its attributes, its timestamp delta.
  return records[at + 2] === 0;
}
