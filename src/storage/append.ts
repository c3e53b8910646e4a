/** What is given to a log to append, and what comes of it. */
import type { SEAL_TIMESTAMP } from '../port/native.ts';
import type { AppendOrigin, ProducerError, Verification } from './producer-state.ts';

/**
 * Why an append was refused. Translated to Kafka's error codes at the edge.
 * `record-list-too-large`: more bytes than a segment may have. `unexpected-offset`: a follower's batches do not follow its log.
 * `kafka-storage-error`: the write failed, before or now; the log is offline.
 */
export type AppendError =
  | ProducerError
  | 'record-list-too-large'
  | 'invalid-record'
  | 'unexpected-offset'
  | 'kafka-storage-error';

export type SealTimestamp = (typeof SEAL_TIMESTAMP)[keyof typeof SEAL_TIMESTAMP];

/**
 * One append: batches for one partition. The caller's own object, so that a request needs no closure; the log reads the upper part
 * during `Log.append` and fills the lower one before it calls `complete`.
 */
export interface Append {
  /** Whole, validated batches, one after the other; a client's is exactly one. Sealed in place. */
  readonly bytes: Buffer;
  /** Sealed into the headers. A follower's batches keep their offsets and epochs. */
  readonly leaderEpoch: number;
  readonly origin: AppendOrigin;
  /** What is sealed into the headers besides: see SEAL_TIMESTAMP of port/native. `maxTimestamp` goes with it. */
  readonly sealTimestamp: SealTimestamp;
  readonly maxTimestamp: bigint;
  /** What is known of its transaction (KIP-890); `UNVERIFIED` where nothing is asked. */
  readonly verification: Verification;

  /** Offset of the first record; of a duplicate the one that it got at first. */
  baseOffset: number;
  lastOffset: number;
  /** The batch had been appended before: nothing was written, this is a success. */
  duplicate: boolean;
  /** Of a duplicate: the maximum timestamp of the batch that was written. */
  duplicateTimestamp: bigint;
  /** Called once, in the order of `append`: inside it where nothing had to wait. The offsets are visible to readers. */
  complete(error: AppendError | null): void;
}
