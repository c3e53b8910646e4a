/**
 * The log of one coordinator of groups: its records as bytes of `__consumer_offsets`, one batch an append.
 *
 * On the thread that owns the partition.
 */
import type { GroupRecord } from '../machine/group/records.ts';
import type { BatchFunctions, Codec } from '../port/native.ts';
import { CODEC } from '../port/native.ts';
import { BatchBuilder, type Compressor } from '../protocol/batch-builder.ts';
import { ERRORS } from '../protocol/errors.ts';
import { groupRecords } from '../protocol/record/coordinator-records.ts';
import type { Encoded, MachineLog, Written } from './contract.ts';

/** The partition, as a coordinator sees it. */
export interface CoordinatorPartition {
  readonly topic: string;
  readonly partition: number;
  readonly leaderEpoch: number;
  readonly startOffset: number;
  /** Where the next batch will stand. */
  readonly endOffset: number;
  readonly maxBatchBytes: number;
  /**
   * Appends one batch as acks=all does. `applied` is called when it stands in the log; `settled` when it is committed, or with a code: the one or
   * the other may not come before a failure.
   */
  append(bytes: Buffer, applied: (baseOffset: number) => void, settled: (errorCode: number) => void): void;
  /** Whole batches from `offset` on, up to the end of the log. Rejects, or resolves to null, where they cannot be read. */
  read(offset: number, maxBytes: number): Promise<Buffer | null>;
}

/** Length, attributes, deltas, lengths of key and value, count of headers: at most. */
const RECORD_OVERHEAD = 32;

/** The codecs that offsets.topic.compression.codec may name. */
const COMPRESSORS = { 1: 'gzip', 2: 'snappy', 3: 'lz4', 4: 'zstd' } as const;
const LEVELS: Readonly<Record<number, number>> = { 1: -1, 2: 0, 3: 9, 4: 3 };

export class GroupLog implements MachineLog<GroupRecord> {
  readonly #partition: CoordinatorPartition;
  readonly #native: BatchFunctions;
  readonly #compressor: Compressor | undefined;
  readonly #crc32c = (bytes: Buffer): number => this.#native.crc32c(bytes, 0, bytes.length, 0);
  /** What is safe: called in the order of the log. */
  onCommitted: (endOffset: number) => void = () => {};
  /** What was written is not safe and will not be: the log is lost. */
  onLost: () => void = () => {};

  constructor(partition: CoordinatorPartition, native: BatchFunctions, codec: number) {
    this.#partition = partition;
    this.#native = native;
    const name = COMPRESSORS[codec as keyof typeof COMPRESSORS];
    const number: Codec = name === undefined ? CODEC.none : CODEC[name];
    const level = LEVELS[codec] ?? 0;
    if (name !== undefined) {
      this.#compressor = {
        codec: name,
        compress: (records) => native.compress(number, level, records, 0, records.length),
      };
    }
  }

  get endOffset(): number {
    return this.#partition.endOffset;
  }

  get maxBatchBytes(): number {
    return this.#partition.maxBatchBytes;
  }

  encode({ type, key, version, value }: GroupRecord): Encoded<GroupRecord> {
    const keyBytes = groupRecords.encodeKey(type, key);
    const valueBytes = value === null ? null : groupRecords.encodeValue(type, version, value);
    const record = decodeGroupRecord(keyBytes, valueBytes) as GroupRecord;
    const sizeInBytes = keyBytes.length + (valueBytes?.length ?? 0) + RECORD_OVERHEAD;
    return { record, key: keyBytes, value: valueBytes, sizeInBytes };
  }

  append(
    batch: readonly Encoded<GroupRecord>[],
    baseOffset: number,
    now: number,
    done: (written: Written) => void,
  ): void {
    const timestamp = BigInt(now);
    const builder = new BatchBuilder({ baseOffset, leaderEpoch: this.#partition.leaderEpoch });
    for (const { key, value } of batch) builder.append({ timestamp, key, value });
    const bytes = builder.build(this.#crc32c, this.#compressor);
    let isApplied = false;
    this.#partition.append(
      bytes,
      (at) => {
        isApplied = true;
        done({ ok: true, baseOffset: at });
      },
      (errorCode) => {
        if (!isApplied) done({ ok: false, errorCode });
        else if (isCommitted(errorCode)) this.onCommitted(baseOffset + batch.length);
        else this.onLost();
      },
    );
  }
}

/** What the ISR is at that moment does not take back what the high watermark has passed. */
function isCommitted(errorCode: number): boolean {
  return errorCode === ERRORS.NONE || errorCode === ERRORS.NOT_ENOUGH_REPLICAS_AFTER_APPEND;
}

/** Null for a type that this program does not know. Throws a DecodeError. */
export function decodeGroupRecord(key: Buffer, value: Buffer | null): GroupRecord | null {
  const decoded = groupRecords.decodeKey(key);
  if (decoded === null) return null;
  if (value === null) return { ...decoded, version: 0, value: null };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the value is of the key's type
  return { ...decoded, ...groupRecords.decodeValue(decoded.type, value) } as unknown as GroupRecord;
}
