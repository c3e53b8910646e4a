/**
 * The log of one coordinator: its records as bytes of `__consumer_offsets` or `__transaction_state`, one batch an append. What a producer commits in its
 * transaction is a transactional batch of that producer, and a marker ends it (KIP-98).
 *
 * On the thread that owns the partition.
 */
import type { BatchFunctions, Codec } from '../port/native.ts';
import { CODEC } from '../port/native.ts';
import { BatchBuilder, type Compressor } from '../protocol/batch-builder.ts';
import { ERRORS } from '../protocol/errors.ts';
import { markerBatch, type TransactionMarker } from '../protocol/transaction-marker.ts';
import type { Encoded, MachineLog, RecordProducer, Written } from './contract.ts';
import type { RecordCodec } from './record-codec.ts';

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
   * Appends one batch as acks=all does: an ordinary one, a transactional one, or a marker, which comes with its transaction version (else 0).
   * `applied` is called when it stands in the log; `settled` when it is committed, or with a code: the one or the other may not come before a
   * failure.
   */
  append(
    bytes: Buffer,
    transactionVersion: number,
    applied: (baseOffset: number) => void,
    settled: (errorCode: number) => void,
  ): void;
  /** Whole batches from `offset` on, up to the end of the log. Rejects, or resolves to null, where they cannot be read. */
  read(offset: number, maxBytes: number): Promise<Buffer | null>;
  /** What stands in the log is as safe as what is acknowledged. Rejects where it cannot be made so: the log is lost. */
  makeSafe(): Promise<void>;
}

/** Length, attributes, deltas, lengths of key and value, count of headers: at most. */
const RECORD_OVERHEAD = 32;

/** The codecs that offsets.topic.compression.codec and its like may name. */
const COMPRESSORS = { 1: 'gzip', 2: 'snappy', 3: 'lz4', 4: 'zstd' } as const;
const LEVELS: Readonly<Record<number, number>> = { 1: -1, 2: 0, 3: 9, 4: 3 };

export class CoordinatorLog<Record> implements MachineLog<Record> {
  readonly #partition: CoordinatorPartition;
  readonly #native: BatchFunctions;
  readonly #codec: RecordCodec<Record>;
  readonly #compressor: Compressor | undefined;
  readonly #crc32c = (bytes: Buffer): number => this.#native.crc32c(bytes, 0, bytes.length, 0);
  /** What is safe: called in the order of the log. */
  onCommitted: (endOffset: number) => void = () => {};
  /** What was written is not safe and will not be: the log is lost. */
  onLost: () => void = () => {};

  /** `compression`: the number of the codec that batches are compressed with; 0 none. */
  constructor(
    partition: CoordinatorPartition,
    native: BatchFunctions,
    codec: RecordCodec<Record>,
    compression: number,
  ) {
    this.#partition = partition;
    this.#native = native;
    this.#codec = codec;
    const name = COMPRESSORS[compression as keyof typeof COMPRESSORS];
    const number: Codec = name === undefined ? CODEC.none : CODEC[name];
    const level = LEVELS[compression] ?? 0;
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

  encode(record: Record): Encoded<Record> {
    const { key, value } = this.#codec.encode(record);
    const again = this.#codec.decode(key, value) as Record;
    return { record: again, key, value, sizeInBytes: key.length + (value?.length ?? 0) + RECORD_OVERHEAD };
  }

  append(
    batch: readonly Encoded<Record>[],
    baseOffset: number,
    now: number,
    producer: RecordProducer | null,
    done: (written: Written) => void,
  ): void {
    const timestamp = BigInt(now);
    const { leaderEpoch } = this.#partition;
    const builder = new BatchBuilder({
      baseOffset,
      leaderEpoch,
      baseSequence: this.#codec.baseSequence,
      ...(producer === null ? {} : { ...producer, isTransactional: true }),
    });
    for (const { key, value } of batch) builder.append({ timestamp, key, value });
    this.#append(builder.build(this.#crc32c, this.#compressor), 0, baseOffset + batch.length, done);
  }

  appendMarker(marker: TransactionMarker, baseOffset: number, now: number, done: (written: Written) => void): void {
    const { leaderEpoch } = this.#partition;
    const bytes = markerBatch(marker, { baseOffset, leaderEpoch, timestamp: now }, this.#crc32c);
    this.#append(bytes, marker.transactionVersion, baseOffset + 1, done);
  }

  #append(bytes: Buffer, transactionVersion: number, endOffset: number, done: (written: Written) => void): void {
    let isApplied = false;
    this.#partition.append(
      bytes,
      transactionVersion,
      (at) => {
        isApplied = true;
        done({ ok: true, baseOffset: at });
      },
      (errorCode) => {
        if (!isApplied) done({ ok: false, errorCode });
        else if (isCommitted(errorCode)) this.onCommitted(endOffset);
        else this.onLost();
      },
    );
  }
}

/** What the ISR is at that moment does not take back what the high watermark has passed. */
function isCommitted(errorCode: number): boolean {
  return errorCode === ERRORS.NONE || errorCode === ERRORS.NOT_ENOUGH_REPLICAS_AFTER_APPEND;
}
