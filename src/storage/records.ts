/** The timestamps inside a batch, for looking offsets up by time: compressed batches are decompressed, values are passed over. */
import { readVarint, readVarlong } from '../base/varint.ts';
import type { Cursor } from '../base/varint.ts';
import type { BatchFunctions } from '../port/native.ts';
import { BATCH_HEADER_SIZE } from './batch-header.ts';
import type { BatchHeader } from './batch-header.ts';

/** Bound of what one batch may decompress to: Kafka's largest array. */
const MAX_OUTPUT = 2147483639;

const cursor: Cursor = { offset: 0 };

/**
 * Calls `visit` with the offset and timestamp of each record while that answers true. `bytes` holds the whole batch from 0, `header`
 * was read from it. False where the batch is damaged.
 */
export function visitTimestamps(
  native: BatchFunctions,
  bytes: Buffer,
  header: BatchHeader,
  visit: (offset: number, timestamp: bigint) => boolean,
): boolean {
  let records: Buffer | number = bytes.subarray(BATCH_HEADER_SIZE, header.sizeInBytes);
  if (header.codec !== 0)
    records = native.decompress(header.codec, bytes, BATCH_HEADER_SIZE, header.sizeInBytes, MAX_OUTPUT);
  if (typeof records === 'number') return false;
  const baseTimestamp = bytes.readBigInt64BE(27);
  let at = 0;
  for (let index = 0; index < header.recordsCount; index++) {
    const length = readVarint(records, at, records.length, cursor);
    const end = cursor.offset + length;
    if (!(length > 0) || end > records.length) return false;
    const timestampDelta = readVarlong(records, cursor.offset + 1, end, cursor);
    if (timestampDelta === null) return false;
    const offsetDelta = readVarint(records, cursor.offset, end, cursor);
    if (Number.isNaN(offsetDelta)) return false;
    const timestamp = header.isLogAppendTime ? header.maxTimestamp : baseTimestamp + timestampDelta;
    if (!visit(header.baseOffset + offsetDelta, timestamp)) return true;
    at = end;
  }
  return true;
}
