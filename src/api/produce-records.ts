/**
 * What Kafka checks of a partition's bytes in a Produce request before it looks at the partition (ProduceRequest.validateRecords): how
 * many batches there are, and of which kind. What is in them is the log's to check.
 */
import { ERRORS } from '../protocol/errors.ts';
import { ATTRIBUTE, BATCH, BATCH_HEADER_SIZE, COMPRESSION, LOG_OVERHEAD, MAGIC } from '../protocol/batch.ts';

/** The smallest message that there ever was: magic 0, without key and value. */
const SMALLEST = 14;
const ZSTD_SINCE = 7;

/** Bytes of the batch at `at`, 0 where there is no whole one, or what is wrong in Kafka's words. */
export function firstBatch(bytes: Buffer, at = 0): number | string {
  const left = bytes.length - at;
  if (left < LOG_OVERHEAD) return 0;
  const size = bytes.readInt32BE(at + BATCH.batchLength);
  if (size < SMALLEST) return `Record size ${size} is less than the minimum record overhead (${SMALLEST})`;
  if (left <= BATCH.magic) return 0;
  const magic = bytes.readInt8(at + BATCH.magic);
  if (magic < 0 || magic > MAGIC) return `Invalid magic found in record: ${magic}`;
  return left < size + LOG_OVERHEAD ? 0 : size + LOG_OVERHEAD;
}

/** Of a whole batch of magic 2 or what claims to be one. */
export function attributesOf(batch: Buffer): number {
  return batch.length < BATCH_HEADER_SIZE || batch[BATCH.magic] !== MAGIC ? 0 : batch.readInt16BE(BATCH.attributes);
}

export function isTransactional(batch: Buffer): boolean {
  return (attributesOf(batch) & ATTRIBUTE.transactional) !== 0;
}

/** Id and epoch of a whole batch of magic 2, to be compared; null where it has none. */
export function producerOf(batch: Buffer): string | null {
  const producerId = batch.readBigInt64BE(BATCH.producerId);
  return producerId < 0n ? null : `${producerId}/${batch.readInt16BE(BATCH.producerEpoch)}`;
}

/** The code for bytes that are not exactly one batch of magic 2, in a codec that the version may carry. */
export function checkRecords(records: Buffer, version: number): number {
  const size = firstBatch(records);
  if (typeof size === 'string') return ERRORS.CORRUPT_MESSAGE;
  if (size === 0 || records[BATCH.magic] !== MAGIC) return ERRORS.INVALID_RECORD;
  // Shorter than its own header: its checksum cannot be right.
  if (size < BATCH_HEADER_SIZE) return ERRORS.CORRUPT_MESSAGE;
  const attributes = attributesOf(records);
  if (version < ZSTD_SINCE && (attributes & ATTRIBUTE.compressionMask) === COMPRESSION.zstd) {
    return ERRORS.UNSUPPORTED_COMPRESSION_TYPE;
  }
  const second = size === records.length ? 0 : firstBatch(records, size);
  if (second !== 0) return typeof second === 'string' ? ERRORS.CORRUPT_MESSAGE : ERRORS.INVALID_RECORD;
  return ERRORS.NONE;
}
