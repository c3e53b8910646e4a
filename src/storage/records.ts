/** The records inside a batch, for looking offsets up by time: they come out of the codec one by one, and none is kept. */
import { BATCH_ERROR } from '../port/native.ts';
import type { BatchFunctions } from '../port/native.ts';

/** What may come out of a batch on the loop; more is left to the pool. */
const INLINE_OUTPUT = 1024 * 1024;

/** What a look-up asks a batch. Plain, so that it can go to the pool. */
export interface RecordQuestion {
  /** All of the batch. */
  readonly bytes: Uint8Array;
  readonly timestamp: bigint;
  /** The lowest offset delta that counts. */
  readonly minDelta: number;
}

export interface RecordFound {
  readonly offsetDelta: number;
  readonly timestamp: bigint;
}

/** Null: there is none. One of BATCH_ERROR: the records cannot be read. */
export type RecordAnswer = RecordFound | null | number;

const row = new Float64Array(2);

/** The first record with at least the timestamp and the offset delta, on this thread, however much comes out of the batch. */
export function findRecord(native: BatchFunctions, question: RecordQuestion, maxOutput = Infinity): RecordAnswer {
  const { bytes, timestamp, minDelta } = question;
  const hi = Number(timestamp >> 32n);
  const lo = Number(timestamp & 0xffffffffn);
  const found = native.findTimestamp(bytes, 0, bytes.length, hi, lo, minDelta, maxOutput, row);
  if (found < 0) return found === -1 ? null : -1 - found;
  const [foundHi = 0, foundLo = 0] = row;
  return { offsetDelta: found, timestamp: (BigInt(foundHi) << 32n) + BigInt(foundLo) };
}

/** The same, in the background where a lot comes out. */
export async function lookUpRecord(
  ports: { readonly native: BatchFunctions; findLarge?: (question: RecordQuestion) => Promise<RecordAnswer> },
  question: RecordQuestion,
): Promise<RecordAnswer> {
  if (ports.findLarge === undefined) return findRecord(ports.native, question);
  const answer = findRecord(ports.native, question, INLINE_OUTPUT);
  return answer === BATCH_ERROR.uncompressedTooLarge ? await ports.findLarge(question) : answer;
}
