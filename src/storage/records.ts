/** The timestamps inside a batch, for looking offsets up by time: compressed batches are decompressed, values are passed over. */
import { readVarint, readVarlong } from '../base/varint.ts';
import type { Cursor } from '../base/varint.ts';
import { BATCH_ERROR } from '../port/native.ts';
import { BATCH_HEADER_SIZE } from './batch-header.ts';
import type { BatchHeader } from './batch-header.ts';
import type { LogPorts } from './environment.ts';

/** What may come out of a batch on the loop; more is left to the pool. */
const INLINE_OUTPUT = 1024 * 1024;
/** What may come out of one batch at all, as it is in memory as a whole. Beyond it look-ups pass the batch over. */
const MAX_OUTPUT = 256 * 1024 * 1024;

const cursor: Cursor = { offset: 0 };

/** The records of a batch, whose bytes are all of `bytes`. Null where they do not decompress. */
export async function payloadOf(
  ports: Pick<LogPorts, 'native' | 'decompressLarge'>,
  bytes: Buffer,
  header: BatchHeader,
): Promise<Buffer | null> {
  const { codec } = header;
  if (codec === 0) return bytes.subarray(BATCH_HEADER_SIZE);
  const { native, decompressLarge } = ports;
  let payload = native.decompress(codec, bytes, BATCH_HEADER_SIZE, bytes.length, INLINE_OUTPUT);
  if (payload === BATCH_ERROR.uncompressedTooLarge) {
    payload =
      decompressLarge === undefined
        ? native.decompress(codec, bytes, BATCH_HEADER_SIZE, bytes.length, MAX_OUTPUT)
        : await decompressLarge(codec, bytes.subarray(BATCH_HEADER_SIZE), MAX_OUTPUT);
  }
  return typeof payload === 'number' ? null : payload;
}

/**
 * Calls `visit` with the offset and timestamp of each record while that answers true. `baseTimestamp` and `header` are those of the
 * batch. False where the records are damaged.
 */
export function visitTimestamps(
  payload: Buffer,
  header: BatchHeader,
  baseTimestamp: bigint,
  visit: (offset: number, timestamp: bigint) => boolean,
): boolean {
  let at = 0;
  for (let index = 0; index < header.recordsCount; index++) {
    const length = readVarint(payload, at, payload.length, cursor);
    const end = cursor.offset + length;
    if (!(length > 0) || end > payload.length) return false;
    const timestampDelta = readVarlong(payload, cursor.offset + 1, end, cursor);
    if (timestampDelta === null) return false;
    const offsetDelta = readVarint(payload, cursor.offset, end, cursor);
    if (Number.isNaN(offsetDelta)) return false;
    const timestamp = header.isLogAppendTime ? header.maxTimestamp : baseTimestamp + timestampDelta;
    if (!visit(header.baseOffset + offsetDelta, timestamp)) return true;
    at = end;
  }
  return true;
}
