/**
 * Which records of a refused batch are at fault, for the response's record errors (KIP-467). The slow way: every record is decoded, in
 * the order and with the words of Kafka's LogValidator.
 */
import type { BatchFunctions } from '../port/native.ts';
import { readBatchHeader } from '../protocol/batch.ts';
import type { LogRecord } from '../protocol/batch-records.ts';
import type { ErrorName } from '../protocol/errors.ts';
import { decodeRecords } from './produce-rewrite.ts';
import type { ProduceEntry, RecordError } from './produce-validation.ts';

const LOG_APPEND_TIME_BIT = 0x08;
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
  if (records === null) return { error: 'CORRUPT_MESSAGE', message: null, recordErrors: [] };
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
  if (config.timestampType !== 'CreateTime') return null;
  const text = timestampFault(record.timestamp, config.timestampBeforeMaxMs, config.timestampAfterMaxMs, attributes, now);
  return text === null ? null : { error: 'INVALID_TIMESTAMP', batchIndexErrorMessage: text };
}

function timestampFault(timestamp: bigint, before: number, after: number, attributes: number, now: number): string | null {
  if ((attributes & LOG_APPEND_TIME_BIT) !== 0) {
    return `Invalid timestamp type in message: producers should not set timestamp type to LogAppendTime.`;
  }
  if (timestamp < 0n) return null;
  const difference = Number(timestamp) - now;
  if (difference <= after && -difference <= before) return null;
  const earliest = before === Number.POSITIVE_INFINITY ? -9223372036854775808n : BigInt(now - before);
  const latest = after === Number.POSITIVE_INFINITY ? 9223372036854775807n : BigInt(now + after);
  return `Timestamp ${timestamp} of message with offset 0 is out of range. The timestamp should be within [${earliest}, ${latest}]`;
}
