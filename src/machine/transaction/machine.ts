/**
 * The coordinator of transactions: decides about the transactional ids whose records stand in one partition of `__transaction_state` (KIP-98,
 * KIP-890). One a partition, on the thread that owns it; the runtime around it (coordinator/runtime) appends, commits and answers, and whoever
 * runs both has the markers written.
 *
 *   init-producer-id   who may produce: id and epoch        partitions   AddPartitionsToTxn, AddOffsetsToTxn, verification
 *   end                EndTxn, and the abort of the fenced  markers      what is prepared, and its completion
 *   timeouts           transactions and ids too old         listing      DescribeTransactions, ListTransactions
 *
 * A decision takes the newest state, committed or not, for what is. So whatever Kafka answers CONCURRENT_TRANSACTIONS to while it still
 * writes is decided in its turn here. A transaction that is prepared keeps everybody off, as in Kafka, until its markers stand.
 *
 * To add an event: a row in TransactionEvents, a row in DECISIONS.
 */
import { UndoJournal, UndoMap } from '../../base/undo-map.ts';
import type {
  PendingMarkers,
  TransactionAnswer,
  TransactionContext,
  TransactionDecision,
  TransactionEvent,
  TransactionEventKind,
  TransactionEvents,
  TransactionMachineSettings,
  TransactionQuery,
} from './decision.ts';
import type { TransactionLogValue } from '../../protocol/record/transaction/transaction-log.ts';
import { endTxn } from './end.ts';
import { initProducerId } from './init-producer-id.ts';
import { describeTransactions, listTransactions } from './listing.ts';
import { markersWritten, pendingMarkersOf } from './markers.ts';
import { addOffsets, addPartitions } from './partitions.ts';
import { recordOf, type TransactionRecord, transactionOf } from './records.ts';
import { isPrepared, type Transaction } from './state.ts';
import { abortTimedOut, beginTimers, expireIds } from './timeouts.ts';

/** What all parts of the machine work on. */
export interface TransactionState {
  readonly settings: TransactionMachineSettings;
  /** By transactional id. Changed by replay only. */
  readonly transactions: UndoMap<string, Transaction>;
  /** The record that takes an id to its next state. */
  record(transaction: Transaction, context: TransactionContext): TransactionRecord;
}

/** Decides one kind of event. */
export type DecideTransaction<K extends TransactionEventKind> = (
  state: TransactionState,
  event: TransactionEvents[K]['event'],
  context: TransactionContext,
) => TransactionDecision<TransactionEvents[K]['answer']>;

/** Answers one kind of question from what is committed below `committed`. */
export type QueryTransactions<K extends TransactionQuery> = (
  state: TransactionState,
  event: TransactionEvents[K]['event'],
  committed: number,
  context: TransactionQueryContext,
) => TransactionEvents[K]['answer'];

/** The circumstances of one question. */
export type TransactionQueryContext = Pick<TransactionContext, 'now'>;

const QUERIES: { readonly [K in TransactionQuery]: QueryTransactions<K> } = {
  DescribeTransactions: describeTransactions,
  ListTransactions: listTransactions,
};

function decidedFromNewest<K extends TransactionQuery>(query: QueryTransactions<K>): DecideTransaction<K> {
  return (state, event, context) => ({ records: [], answer: query(state, event, Infinity, context) });
}

const DECISIONS: { readonly [K in TransactionEventKind]: DecideTransaction<K> } = {
  InitProducerId: initProducerId,
  AddPartitionsToTxn: addPartitions,
  AddOffsetsToTxn: addOffsets,
  EndTxn: endTxn,
  DescribeTransactions: decidedFromNewest(describeTransactions),
  ListTransactions: decidedFromNewest(listTransactions),
  began: beginTimers,
  abortTimedOut,
  expireIds,
  markersWritten,
};

export class TransactionMachine implements TransactionState {
  readonly settings: TransactionMachineSettings;
  readonly #journal = new UndoJournal();
  readonly transactions = new UndoMap<string, Transaction>(this.#journal);
  /** Soft: by id, what was decided last and not replayed yet. It says what its record has no place for. */
  readonly #decided = new Map<string, Transaction>();
  #committed = 0;

  constructor(settings: TransactionMachineSettings) {
    this.settings = settings;
  }

  decide(event: TransactionEvent, context: TransactionContext): TransactionDecision {
    const decide = DECISIONS[event.kind] as DecideTransaction<TransactionEventKind>;
    return decide(this, event, context);
  }

  /** Null: it is no question but an event to decide about. */
  query(event: TransactionEvent, committed: number, context: TransactionQueryContext): TransactionAnswer | null {
    const query = QUERIES[event.kind as TransactionQuery] as QueryTransactions<TransactionQuery> | undefined;
    if (query === undefined) return null;
    return query(this, event as TransactionEvents[TransactionQuery]['event'], committed, context);
  }

  record(transaction: Transaction, { transactionVersion }: TransactionContext): TransactionRecord {
    this.#decided.set(transaction.transactionalId, transaction);
    return recordOf(transaction, transactionVersion);
  }

  /** No record of `__transaction_state` stands in a transaction. */
  replay(record: TransactionRecord, offset: number, _epoch: number, _producer: object | null = null): void {
    const { transactionalId } = record.key;
    this.#journal.at(offset);
    if (record.value === null) this.transactions.delete(transactionalId);
    else this.transactions.set(transactionalId, this.#replayed(transactionalId, record.value));
    this.#decided.delete(transactionalId);
  }

  /** Records below `endOffset` are committed. */
  commit(endOffset: number): void {
    this.#committed = endOffset;
    this.#journal.commit(endOffset);
    this.transactions.commit(endOffset);
  }

  /** Records at `endOffset` and later were not written: the state goes back. */
  revert(endOffset: number): void {
    this.#journal.revert(endOffset);
  }

  /** What is prepared, in the committed state. */
  pendingMarkers(): PendingMarkers[] {
    const transactions = Array.from(this.transactions.entriesAt(this.#committed), ([, transaction]) => transaction);
    return transactions.filter(isPrepared).map(pendingMarkersOf);
  }

  /** The markers that a record asks for; null unless it prepares the end of a transaction. */
  markersOf({ key: { transactionalId }, value }: TransactionRecord): PendingMarkers | null {
    if (value === null) return null;
    const transaction = transactionOf(transactionalId, value);
    return isPrepared(transaction) ? pendingMarkersOf(transaction) : null;
  }

  #replayed(transactionalId: string, value: TransactionLogValue): Transaction {
    const decided = this.#decided.get(transactionalId);
    const isDecided = decided?.producerId === value.producerId && decided.producerEpoch === value.producerEpoch;
    return transactionOf(transactionalId, value, isDecided ? decided : null);
  }
}
