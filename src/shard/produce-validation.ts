/**
 * The stages of an append that do not depend on the offset: what Kafka's LogValidator decides, on the shard of the connection.
 * The addon has looked at every byte once (`validateBatches`); this reads its rows, a few comparisons a batch.
 *
 * Whatever must be rewritten (compression.type, offset deltas with gaps) is rewritten here, so that the owner of the
 * partition only seals and writes. Each shard has one validator; it keeps nothing between calls but its rows.
 *
 * What would keep a shard's loop too long is not done on it: such an entry's verdict is 'large', and `validateLarge` gives the real one on
 * a thread of the background pool (produce-late).
 */
import type { LogConfig } from '../config/log-config.ts';
import {
  BATCH_ERROR,
  type BatchFunctions,
  type Codec,
  CODEC,
  ROW,
  ROW_SIZE,
  SEAL,
  SEAL_SIZE,
  SEAL_TIMESTAMP,
} from '../port/native.ts';
import { BATCH, BATCH_HEADER_SIZE, isLogAppendTime } from '../protocol/batch.ts';
import type { ErrorName } from '../protocol/errors.ts';
import { recordErrorsOf } from './produce-record-errors.ts';
import { rewriteBatch, rewriteLimit, targetCodec } from './produce-rewrite.ts';

/** One partition's part of a Produce request. `records` is a view that ends with the request's first turn. */
export interface ProduceEntry {
  readonly topic: string;
  readonly partition: number;
  readonly records: Buffer;
  readonly config: LogConfig;
}

export interface RecordError {
  readonly batchIndex: number;
  readonly batchIndexErrorMessage: string | null;
}

/** What a partition's part came to before its append. */
export type Verdict =
  /** The bytes to append: the entry's own view, or new bytes where they had to be rewritten. */
  | {
      readonly ok: true;
      readonly bytes: Buffer;
      /** Of a producer's transaction; without a producer id it is none. */
      readonly isTransactional: boolean;
    }
  | {
      readonly ok: false;
      readonly error: ErrorName;
      readonly message: string | null;
      readonly recordErrors: readonly RecordError[];
    };

/** Bytes of records, decompressed, that are looked at or rewritten on a shard's loop. */
const LOOP_BYTES = 1024 * 1024;
/** Records of a refused batch that are looked at one by one on a shard's loop. */
const LOOP_RECORDS = 1000;
/** Beyond this the answer does not say which records of a batch were refused. */
const NAMED_RECORDS = 100_000;

const COMPRESSION_MASK = 0x07;
const TRANSACTIONAL_BIT = 0x10;
const CONTROL_BIT = 0x20;

/** Errors that no message goes with, as in Kafka: only rejected records have one. */
function refused(error: ErrorName): Verdict {
  return { ok: false, error, message: null, recordErrors: [] };
}

/** How much may come out of a batch that is to be unpacked or packed anew; Infinity where it stays as it is. */
function rewritingBound({ records, config }: ProduceEntry): number {
  const codec = records.readInt16BE(BATCH.attributes) & COMPRESSION_MASK;
  const target = targetCodec(config, codec);
  if (target === codec) return Number.POSITIVE_INFINITY;
  return target === CODEC.none ? config.maxMessageBytes : rewriteLimit(config);
}

export class ProduceValidator {
  readonly #native: BatchFunctions;
  #rows = new Float64Array(64 * ROW_SIZE);
  #regions = new Float64Array(128);
  readonly #seal = new Float64Array(SEAL_SIZE);
  /** In the pool: everything is done now. */
  #isLate = false;
  #bound = LOOP_BYTES;

  constructor(native: BatchFunctions) {
    this.#native = native;
  }

  /**
   * A verdict for each entry, in order. All views must lie in one buffer (they are pieces of one request).
   *
   * @param now milliseconds since the epoch, for the bounds of timestamps
   */
  validate(entries: readonly ProduceEntry[], now: number): (Verdict | 'large')[] {
    const count = entries.length;
    if (this.#regions.length < 2 * count) {
      this.#regions = new Float64Array(2 * count);
      this.#rows = new Float64Array(count * ROW_SIZE);
    }
    const verdicts: (Verdict | 'large')[] = [];
    for (let first = 0; first < count; ) {
      const end = this.#group(entries, first);
      this.#validateGroup(entries, first, end, now, verdicts);
      first = end;
    }
    return verdicts;
  }

  /**
   * The verdict on an entry that was 'large', however long it takes. Records are read as they come out of the codec and not kept, but for
   * batches that must be rewritten, which have a bound (rewriteLimit).
   *
   * @param bound the most that may come out of a batch, where the codecs keep all of it in memory; else Infinity
   */
  validateLarge(entry: ProduceEntry, now: number, bound: number): Verdict {
    this.#isLate = true;
    this.#bound = Math.min(bound, rewritingBound(entry));
    const [verdict] = this.validate([entry], now);
    this.#isLate = false;
    this.#bound = LOOP_BYTES;
    if (verdict === undefined || verdict === 'large') throw new Error('a late verdict is put off again');
    return verdict;
  }

  /** Entries with the same limits and in the same memory go to the addon in one call; a request to one topic is one group. */
  #group(entries: readonly ProduceEntry[], first: number): number {
    const head = entries[first] as ProduceEntry;
    let end = first + 1;
    while (end < entries.length) {
      const next = entries[end] as ProduceEntry;
      if (next.config !== head.config || next.records.buffer !== head.records.buffer) break;
      end++;
    }
    return end;
  }

  #validateGroup(
    entries: readonly ProduceEntry[],
    first: number,
    end: number,
    now: number,
    verdicts: (Verdict | 'large')[],
  ): void {
    let low = Number.POSITIVE_INFINITY;
    let high = 0;
    for (let i = first; i < end; i++) {
      const { records } = entries[i] as ProduceEntry;
      low = Math.min(low, records.byteOffset);
      high = Math.max(high, records.byteOffset + records.length);
    }
    const head = entries[first] as ProduceEntry;
    const whole = Buffer.from(head.records.buffer, low, high - low);
    for (let i = first; i < end; i++) {
      const { records } = entries[i] as ProduceEntry;
      this.#regions[2 * (i - first)] = records.byteOffset - low;
      this.#regions[2 * (i - first) + 1] = records.byteOffset - low + records.length;
    }
    const { maxMessageBytes, maxDecompressedMessageBytes } = head.config;
    this.#native.validateBatches(
      whole,
      this.#regions,
      end - first,
      this.#rows,
      maxMessageBytes,
      this.#bound,
      maxDecompressedMessageBytes,
    );
    for (let i = first; i < end; i++)
      verdicts.push(this.#judge(entries[i] as ProduceEntry, (i - first) * ROW_SIZE, now));
  }

  #column(row: number, column: number): number {
    return this.#rows[row + column] as number;
  }

  #judge(entry: ProduceEntry, row: number, now: number): Verdict | 'large' {
    const code = this.#column(row, ROW.error);
    if (code === BATCH_ERROR.uncompressedTooLarge) return this.#isLate ? refused('MESSAGE_TOO_LARGE') : 'large';
    if (code !== BATCH_ERROR.none && code !== BATCH_ERROR.offsetsNotDense) return this.#refuse(code);
    const attributes = this.#column(row, ROW.attributes);
    if ((attributes & CONTROL_BIT) !== 0) return refused('INVALID_RECORD');
    // Beyond 2^53: nobody was given such an id, and nothing here could tell it from its neighbours.
    if (!Number.isFinite(this.#column(row, ROW.producerId))) return refused('INVALID_RECORD');
    if (this.#column(row, ROW.producerId) >= 0 && this.#column(row, ROW.baseSequence) < 0)
      return refused('INVALID_RECORD');
    if (entry.config.compact && this.#column(row, ROW.firstKeylessRecord) >= 0)
      return this.#reject(entry, row, now, 'INVALID_RECORD');
    if (!this.#timestampsAreRight(entry.config, row, now)) return this.#reject(entry, row, now, 'INVALID_TIMESTAMP');
    const codec = attributes & COMPRESSION_MASK;
    const target = targetCodec(entry.config, codec);
    const isTransactional = (attributes & TRANSACTIONAL_BIT) !== 0 && this.#column(row, ROW.producerId) >= 0;
    if (target !== codec || (code === BATCH_ERROR.offsetsNotDense && codec !== 0)) {
      return this.#rewrite(entry, row, target, code === BATCH_ERROR.none, isTransactional);
    }
    this.#mendTimestamps(entry, row);
    return { ok: true, bytes: entry.records, isTransactional };
  }

  #refuse(code: number): Verdict {
    switch (code) {
      case BATCH_ERROR.tooLarge:
        return refused('MESSAGE_TOO_LARGE');
      case BATCH_ERROR.incomplete:
      case BATCH_ERROR.badLength:
      case BATCH_ERROR.badMagic:
      case BATCH_ERROR.badCrc:
        return refused('CORRUPT_MESSAGE');
      // Kafka has no code for them: the exception of the codec is the answer.
      case BATCH_ERROR.unknownCodec:
      case BATCH_ERROR.badCompression:
        return refused('UNKNOWN_SERVER_ERROR');
      default:
        return refused('INVALID_RECORD');
    }
  }

  /** KIP-937: how far a CreateTime may lie in the past and in the future; and who may say that it is the log's time. */
  #timestampsAreRight(config: LogConfig, row: number, now: number): boolean {
    const claimsLogTime = isLogAppendTime(this.#column(row, ROW.attributes));
    if (config.timestampType === 'LogAppendTime') return !claimsLogTime;
    // With the log's time all records have the header's.
    const max = this.#time(row, claimsLogTime ? ROW.headerMaxTimestampHi : ROW.maxTimestampHi);
    const min = claimsLogTime ? max : this.#time(row, ROW.minTimestampHi);
    if (claimsLogTime && max === -1) return false;
    const { timestampBeforeMaxMs: before, timestampAfterMaxMs: after } = config;
    return min === -1 || (max - now <= after && now - min <= before);
  }

  /** A timestamp of the row, from its two columns. Beyond 2^53 it is rounded, which no bound sees. */
  #time(row: number, hi: number): number {
    return this.#column(row, hi) * 2 ** 32 + this.#column(row, hi + 1);
  }

  /** Kafka writes type and true maximum of the timestamps into the header; honest producers have them there already. */
  #mendTimestamps(entry: ProduceEntry, row: number): void {
    if (entry.config.timestampType !== 'CreateTime') return;
    const claimsLogTime = isLogAppendTime(this.#column(row, ROW.attributes));
    const hi = this.#column(row, claimsLogTime ? ROW.headerMaxTimestampHi : ROW.maxTimestampHi);
    const lo = this.#column(row, claimsLogTime ? ROW.headerMaxTimestampLo : ROW.maxTimestampLo);
    const isSame =
      hi === this.#column(row, ROW.headerMaxTimestampHi) && lo === this.#column(row, ROW.headerMaxTimestampLo);
    if (isSame && !claimsLogTime) return;
    const seal = this.#seal;
    seal[SEAL.position] = 0;
    seal[SEAL.baseOffset] = 0;
    seal[SEAL.partitionLeaderEpoch] = this.#column(row, ROW.partitionLeaderEpoch);
    seal[SEAL.timestamp] = SEAL_TIMESTAMP.createTime;
    seal[SEAL.maxTimestampHi] = hi;
    seal[SEAL.maxTimestampLo] = lo;
    this.#native.sealBatches(entry.records, seal, 1);
  }

  #rewrite(
    entry: ProduceEntry,
    row: number,
    target: Codec,
    isDense: boolean,
    isTransactional: boolean,
  ): Verdict | 'large' {
    const { config } = entry;
    const size = this.#column(row, ROW.uncompressedBytes);
    if (target === CODEC.none && size + BATCH_HEADER_SIZE > config.maxMessageBytes) return refused('MESSAGE_TOO_LARGE');
    if (size > LOOP_BYTES && !this.#isLate) return 'large';
    if (size > rewriteLimit(config)) return refused('MESSAGE_TOO_LARGE');
    const maxTimestamp = this.#timestamp(row, ROW.maxTimestampHi);
    const bytes = rewriteBatch(this.#native, entry.records, target, config, { isDense, maxTimestamp });
    if (bytes === null) return refused('UNKNOWN_SERVER_ERROR');
    return bytes === 'too large' || bytes.length > config.maxMessageBytes
      ? refused('MESSAGE_TOO_LARGE')
      : { ok: true, bytes, isTransactional };
  }

  #timestamp(row: number, hi: number): bigint {
    return (BigInt(this.#column(row, hi)) << 32n) | BigInt(this.#column(row, hi + 1));
  }

  /** The slow way: some record is refused, so every record is looked at and the response names them. */
  #reject(entry: ProduceEntry, row: number, now: number, error: ErrorName): Verdict | 'large' {
    const count = this.#column(row, ROW.recordsCount);
    if (count > LOOP_RECORDS && !this.#isLate) return 'large';
    if (count > NAMED_RECORDS || this.#column(row, ROW.uncompressedBytes) > rewriteLimit(entry.config)) {
      return refused(error);
    }
    const found = recordErrorsOf(this.#native, entry, now);
    return { ok: false, error: found.error, message: found.message, recordErrors: found.recordErrors };
  }
}
