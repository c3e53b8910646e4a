/** What the runtime asks of a machine and of its log, and what it gives to those who submit. */
import type { TransactionMarker } from '../protocol/transaction-marker.ts';

/** A timer that a decision sets. `event` null cancels it. A key has one timer at a time. */
export interface TimerRequest<Event> {
  readonly key: string;
  readonly delayMs: number;
  readonly event: Event | null;
}

/** An answer to somebody whose ticket an earlier decision left without one. */
export interface Reply<Answer> {
  readonly to: number;
  readonly answer: Answer;
}

/** What a machine decides. */
export interface RuntimeDecision<Event, Record, Answer> {
  readonly records: readonly Record[];
  /** Absent: the ticket is answered by `replies` of a later decision. */
  readonly answer?: Answer;
  readonly replies?: readonly Reply<Answer>[];
  readonly timers?: readonly TimerRequest<Event>[];
  /** Decided where the records could not be written. Without it those in `replies` are refused; with it their tickets still wait. */
  readonly onFailed?: Event;
  /** The records may be spread over several batches. */
  readonly divisible?: boolean;
  /** The records stand in the open transaction of this producer: they are a batch of their own. */
  readonly producer?: RecordProducer | null;
}

export interface DecisionContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Where the first record of the decision will stand. */
  readonly nextOffset: number;
  /** Names this submission in `replies`. */
  readonly ticket: number;
  /** Of an `onFailed` event: the code that the log gave. 0 else. */
  readonly errorCode: number;
}

/** The producer of a record that stands in a transaction. */
export interface RecordProducer {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** A state that decides, and changes by replaying only. */
export interface Machine<Event, Record, Answer> {
  decide(event: Event, context: DecisionContext): RuntimeDecision<Event, Record, Answer>;
  /** Answers from what is committed below `committed`; null: the event is to be decided. */
  query?(event: Event, committed: number, context: { readonly now: number }): Answer | null;
  /** Cannot fail. Offsets never go back but by `revert`. */
  replay(record: Record, offset: number, epoch: number, producer: RecordProducer | null): void;
  /** The marker of a transaction stands at `offset`. */
  endTransaction?(producerId: number, producerEpoch: number, commit: boolean, offset: number): void;
  /** Records below `endOffset` are committed. */
  commit(endOffset: number): void;
  /** Records at `endOffset` and later do not exist: the state goes back. */
  revert(endOffset: number): void;
}

/** A record as its bytes, and as a reload would decode them: a codec that loses something is found at once. */
export interface Encoded<Record> {
  readonly record: Record;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** In a batch, at most. */
  readonly sizeInBytes: number;
}

/** What became of an append: written at `baseOffset` (and committed later), or refused with a code of Kafka's, leaving nothing. */
export type Written =
  | { readonly ok: true; readonly baseOffset: number }
  | { readonly ok: false; readonly errorCode: number };

/** The log of a machine. Its owner tells the runtime by `committed` what is safe and by `failed` that the log is lost. */
export interface MachineLog<Record> {
  /** Where the next append will stand. */
  readonly endOffset: number;
  readonly maxBatchBytes: number;
  encode(record: Record): Encoded<Record>;
  /** Appends one atomic batch. `done` is called once, inside the call or later; appends come one at a time. */
  append(
    batch: readonly Encoded<Record>[],
    baseOffset: number,
    now: number,
    producer: RecordProducer | null,
    done: (written: Written) => void,
  ): void;
  /** Appends the marker that ends a producer's transaction, one record. Absent where the log has no transactions. */
  appendMarker?(marker: TransactionMarker, baseOffset: number, now: number, done: (written: Written) => void): void;
}

/**
 * Why there is no answer. 'loading': the state is not there yet. 'stopped': this node does not lead the log (any more). 'failed': the log is
 * lost. 'refused': the log did not take the records, with its code.
 */
export type RuntimeError = 'loading' | 'stopped' | 'failed' | 'overloaded' | 'timed-out' | 'refused';

export type RuntimeOutcome<Answer> =
  | { readonly ok: true; readonly answer: Answer }
  | { readonly ok: false; readonly error: RuntimeError; readonly errorCode?: number };

export type Complete<Answer> = (outcome: RuntimeOutcome<Answer>) => void;

/** Committed: the records are safe. Acknowledged: everybody who shows the state to others has applied them too. */
export type AnswerWhen = 'committed' | 'acknowledged';

export interface LoadedRecord<Record> {
  readonly record: Record;
  /** All records of a snapshot stand at its last offset. */
  readonly offset: number;
  readonly producer?: RecordProducer | null;
}

/** A batch that was read back. */
export interface Loaded<Record> {
  readonly records: Iterable<LoadedRecord<Record>>;
  readonly lastOffset: number;
  readonly epoch: number;
  /** The batch is the end of a transaction. */
  readonly marker?: (RecordProducer & { readonly commit: boolean }) | null | undefined;
}

/** A committed batch, for those who replay it elsewhere. */
export interface CommittedBatch<Record> {
  readonly records: readonly Record[];
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly epoch: number;
}
