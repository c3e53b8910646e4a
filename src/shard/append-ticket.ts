/**
 * One append on its way through a log: what the log is given, and who is told what came of it. Lives on the owner's thread.
 */
import { ERRORS } from '../protocol/errors.ts';
import { SEAL_TIMESTAMP } from '../port/native.ts';
import type { Append, AppendError, SealTimestamp } from '../storage/append.ts';
import type { Log } from '../storage/log.ts';
import type { AppendOrigin, Verification } from '../storage/producer-state.ts';
import type { Partition } from './partition.ts';

/** What an append came to: a code of Kafka's, and where the batch stands. */
export interface Appended {
  readonly errorCode: number;
  readonly baseOffset: number;
  readonly logAppendTimeMs: bigint;
  readonly logStartOffset: number;
}

/** Takes what an append came to; with it a message, where Kafka says more than the code. */
export type Settle = (appended: Appended, errorMessage?: string | null) => void;

const APPEND_ERRORS: Readonly<Record<AppendError, number>> = {
  'out-of-order-sequence-number': ERRORS.OUT_OF_ORDER_SEQUENCE_NUMBER,
  'invalid-producer-epoch': ERRORS.INVALID_PRODUCER_EPOCH,
  'invalid-txn-state': ERRORS.INVALID_TXN_STATE,
  'transaction-coordinator-fenced': ERRORS.TRANSACTION_COORDINATOR_FENCED,
  'record-list-too-large': ERRORS.RECORD_LIST_TOO_LARGE,
  'invalid-record': ERRORS.INVALID_RECORD,
  'unexpected-offset': ERRORS.UNKNOWN_SERVER_ERROR,
  'kafka-storage-error': ERRORS.KAFKA_STORAGE_ERROR,
};

/** Producers whose batch does not fit to those before are told where the log starts (KAFKA-5793). */
const TELLING_START: ReadonlySet<AppendError> = new Set([
  'out-of-order-sequence-number',
  'invalid-producer-epoch',
  'invalid-txn-state',
  'invalid-record',
]);

/** One append on its way: the log fills the lower half (see storage/log), `settle` tells the asker. */
export class Ticket implements Append {
  readonly bytes: Buffer;
  readonly leaderEpoch: number;
  readonly origin: AppendOrigin;
  readonly sealTimestamp: SealTimestamp;
  readonly maxTimestamp: bigint;
  readonly verification: Verification;
  baseOffset = -1;
  lastOffset = -1;
  duplicate = false;
  duplicateTimestamp = -1n;
  readonly acks: number;
  readonly #partition: Partition;
  readonly #settle: Settle;
  #consumed: (() => void) | null;
  readonly #applied: ((baseOffset: number) => void) | null;

  constructor(
    partition: Partition,
    bytes: Buffer,
    leaderEpoch: number,
    logAppendTime: bigint | null,
    origin: AppendOrigin,
    verification: Verification,
    acks: number,
    settle: Settle,
    consumed: (() => void) | null,
    applied: ((baseOffset: number) => void) | null,
  ) {
    this.origin = origin;
    this.verification = verification;
    this.#partition = partition;
    this.#consumed = consumed;
    this.#applied = applied;
    this.bytes = bytes;
    this.leaderEpoch = leaderEpoch;
    this.sealTimestamp = logAppendTime === null ? SEAL_TIMESTAMP.keep : SEAL_TIMESTAMP.logAppendTime;
    this.maxTimestamp = logAppendTime ?? -1n;
    this.acks = acks;
    this.#settle = settle;
  }

  /** The bytes are needed no more: written, or refused. */
  consume(): void {
    const consumed = this.#consumed;
    this.#consumed = null;
    consumed?.();
  }

  complete(error: AppendError | null): void {
    this.consume();
    this.#partition.applied(this, error);
  }

  /** It stands in the log. */
  tellApplied(): void {
    this.#applied?.(this.baseOffset);
  }

  /** The log has refused it. */
  refuse(error: AppendError, log: Log): void {
    this.settle(APPEND_ERRORS[error], TELLING_START.has(error) ? log.startOffset : -1);
  }

  settle(errorCode: number, logStartOffset: number): void {
    this.#settle({
      errorCode,
      baseOffset: errorCode === ERRORS.NONE ? this.baseOffset : -1,
      logAppendTimeMs: errorCode === ERRORS.NONE ? this.#logAppendTime() : -1n,
      logStartOffset,
    });
  }

  /** Of a duplicate, as Kafka: the maximum timestamp of the batch that was written, whatever the timestamp type. */
  #logAppendTime(): bigint {
    if (this.duplicate) return this.duplicateTimestamp;
    return this.sealTimestamp === SEAL_TIMESTAMP.logAppendTime ? this.maxTimestamp : -1n;
  }
}
