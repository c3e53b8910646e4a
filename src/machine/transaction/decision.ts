/**
 * What deciding about a transaction takes and gives. As with groups: a decision reads the newest state, its records alone change it, and its
 * answer leaves when they are committed.
 *
 * The markers are not the machine's to send. Whoever runs it sees PrepareCommit and PrepareAbort committed (or loaded), has the markers
 * written into every partition, and then tells the machine by `markersWritten`.
 */
import type { BrokerConfig } from '../../config/broker-config.ts';
import type { TransactionApi } from '../../protocol/coordinator-key.ts';
import type { RequestOf, ResponseOf } from '../../protocol/schema/index.ts';
import type { TransactionRecord } from './records.ts';

/** The circumstances of one decision. */
export interface TransactionContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Of an `onFailed` event: why the records could not be written. 0 else. */
  readonly errorCode: number;
  /** The level of transaction.version that the cluster has agreed on: 0, 1 or 2. */
  readonly transactionVersion: number;
  /** Partitions of `__consumer_offsets`: AddOffsetsToTxn adds the one that a group falls on. */
  readonly offsetsPartitionCount: number;
  /** A producer id that nobody had; null where none is at hand: then the answer is NEEDS_PRODUCER_ID and the event comes again. */
  producerId(): number | null;
}

/**
 * In the place of an answer: whoever runs the machine gets producer ids and submits the event again. Without records, but for `abortTimedOut`,
 * which comes again by its own timer.
 */
export const NEEDS_PRODUCER_ID: unique symbol = Symbol('needs a producer id');

/**
 * One request about one transactional id, but for ListTransactions. AddPartitionsToTxn from version 4 on has exactly one transaction in its list,
 * DescribeTransactions exactly one id.
 */
export interface TransactionApiEvent<N extends TransactionApi> {
  readonly kind: N;
  readonly version: number;
  readonly request: RequestOf<N>;
}

type ApiEvents = { [N in TransactionApi]: { event: TransactionApiEvent<N>; answer: ResponseOf<N> } };

/** What is answered from what is committed, without a decision. */
export type TransactionQuery = 'DescribeTransactions' | 'ListTransactions';

export interface TransactionEvents extends ApiEvents {
  /** The coordinator has loaded its state and begins: its timers are set. */
  began: { event: { readonly kind: 'began' }; answer: null };
  /** Aborts transactions that are past their timeout. Sets its own next timer (transaction.abort.timed.out.transaction.cleanup.interval.ms). */
  abortTimedOut: { event: { readonly kind: 'abortTimedOut' }; answer: null };
  /** Forgets ids that were not used for transactional.id.expiration.ms. Sets its own next timer. */
  expireIds: { event: { readonly kind: 'expireIds' }; answer: null };
  /** The markers of a transaction stand in all its partitions. Of an older epoch than the state's: ignored. */
  markersWritten: {
    event: {
      readonly kind: 'markersWritten';
      readonly transactionalId: string;
      readonly producerId: number;
      readonly producerEpoch: number;
    };
    answer: null;
  };
}

export type TransactionEventKind = keyof TransactionEvents;
export type TransactionEvent<K extends TransactionEventKind = TransactionEventKind> = {
  [N in K]: TransactionEvents[N]['event'];
}[K];
export type TransactionAnswer<K extends TransactionEventKind = TransactionEventKind> =
  | { [N in K]: TransactionEvents[N]['answer'] }[K]
  | typeof NEEDS_PRODUCER_ID;

export interface TransactionTimer {
  readonly key: string;
  readonly delayMs: number;
  readonly event: TransactionEvent | null;
}

export interface TransactionDecision<Answer = TransactionAnswer> {
  readonly records: readonly TransactionRecord[];
  readonly answer: Answer | typeof NEEDS_PRODUCER_ID;
  readonly timers?: readonly TransactionTimer[];
  /** The records may be spread over several batches. */
  readonly divisible?: boolean;
}

export interface TransactionMachineSettings {
  readonly config: BrokerConfig;
}

/** The markers that a transaction which is prepared still needs. */
export interface PendingMarkers {
  readonly transactionalId: string;
  readonly producerId: number;
  /** Of the markers. */
  readonly producerEpoch: number;
  readonly commit: boolean;
  /** Of the markers (KIP-1228). */
  readonly transactionVersion: number;
  readonly topics: readonly { readonly topic: string; readonly partitionIds: readonly number[] }[];
}
