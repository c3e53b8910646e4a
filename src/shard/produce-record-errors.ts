/**
 * Which records of a refused batch are at fault, for the response's record errors (KIP-467). The slow way: every record is decoded, in
 * the order and with the words of Kafka's LogValidator.
 */
import type { LogConfig } from '../config/log-config.ts';
import type { BatchFunctions } from '../port/native.ts';
import { isLogAppendTime, NO_TIMESTAMP, readBatchHeader } from '../protocol/batch.ts';
import type { LogRecord } from '../protocol/batch-records.ts';
import type { ErrorName } from '../protocol/errors.ts';
import { decodeRecords } from './produce-rewrite.ts';
import type { ProduceEntry, RecordError } from './produce-validation.ts';

/** Kafka's text names no more than these. */
const SHOWN = 3;

export interface RejectedRecords {
  readonly error: ErrorName;
  readonly message: string | null;
  readonly recordErrors: readonly RecordError[];
}

interface Fault extends RecordError {
  readonly error: ErrorName;
}

/** The faults of the records, and the code and text that Kafka answers with them. */
export function recordErrorsOf(native: BatchFunctions, entry: ProduceEntry, now: number): RejectedRecords {
  const records = decodeRecords(native, entry.records);
  if (records === null) return { error: 'UNKNOWN_SERVER_ERROR', message: null, recordErrors: [] };
  const { attributes } = readBatchHeader(entry.records);
  const faults: Fault[] = [];
  records.forEach((record, batchIndex) => {
    const fault = faultOf(record, entry, attributes, now);
    if (fault) faults.push({ batchIndex, ...fault });
  });
  const recordErrors = faults.map(({ batchIndex, batchIndexErrorMessage }) => ({ batchIndex, batchIndexErrorMessage }));
  if (faults[0]?.error === 'INVALID_TIMESTAMP') {
    return {
      error: 'INVALID_TIMESTAMP',
      message: 'One or more records have been rejected due to invalid timestamp',
      recordErrors,
    };
  }
  const shown = recordErrors
    .slice(0, SHOWN)
    .map((e) => `RecordError(batchIndex=${e.batchIndex}, message='${e.batchIndexErrorMessage}')`);
  return {
    error: 'INVALID_RECORD',
    message: `One or more records have been rejected due to ${faults.length} record errors in total, and only showing the first three errors at most: [${shown.join(', ')}]`,
    recordErrors,
  };
}

function faultOf(
  record: LogRecord,
  { config, topic, partition }: ProduceEntry,
  attributes: number,
  now: number,
): Omit<Fault, 'batchIndex'> | null {
  if (config.compact && record.key === null) {
    return {
      error: 'INVALID_RECORD',
      batchIndexErrorMessage: `Compacted topic cannot accept message without key in topic partition ${topic}-${partition}`,
    };
  }
  const text = timestampFault(record, config, attributes, now);
  return text === null ? null : { error: 'INVALID_TIMESTAMP', batchIndexErrorMessage: text };
}

/** KIP-937's bounds. The log's own time may not come from a producer, but Kafka looks at that only where no bound is checked. */
function timestampFault(record: LogRecord, config: LogConfig, attributes: number, now: number): string | null {
  const { offset, timestamp, key, value } = record;
  if (config.timestampType !== 'CreateTime' || timestamp === NO_TIMESTAMP) {
    if (!isLogAppendTime(attributes)) return null;
    const text = `DefaultRecord(offset=${offset}, timestamp=${timestamp}, key=${key?.length ?? 0} bytes, value=${value?.length ?? 0} bytes)`;
    return `Invalid timestamp type in message ${text}. Producer should not set timestamp type to LogAppendTime.`;
  }
  const before = long(config.timestampBeforeMaxMs);
  const after = long(config.timestampAfterMaxMs);
  const difference = timestamp - BigInt(now);
  if (difference <= after && -difference <= before) return null;
  const earliest = BigInt.asIntN(64, BigInt(now) - before);
  const latest = BigInt.asIntN(64, BigInt(now) + after);
  return `Timestamp ${timestamp} of message with offset ${offset} is out of range. The timestamp should be within [${earliest}, ${latest}]`;
}

/** Java's long, whose largest is our infinity. */
function long(value: number): bigint {
  return value === Number.POSITIVE_INFINITY ? 2n ** 63n - 1n : BigInt(value);
}
