/**
 * EndTxn: the outcome of a transaction is decided, and the markers follow.
 *
 * From version 5 on every end raises the epoch (KIP-890), and the answer says with which id and epoch the producer goes on: so a retry is known by
 * the epoch before, and is answered as the first time. A transaction without partitions may be aborted too, as the producer cannot know
 * whether it has any. Before, a retry had the same epoch, and an end without a transaction was an error.
 */
import { ERRORS } from '../../protocol/errors.ts';
import type { RequestOf, ResponseOf } from '../../protocol/schema/index.ts';
import { NEEDS_PRODUCER_ID, type TransactionContext } from './decision.ts';
import type { DecideTransaction } from './machine.ts';
import {
  bumpsEpoch,
  completed,
  fenced,
  isExhausted,
  isPrepared,
  isRecordable,
  LAST_EPOCH,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  prepared,
  type Transaction,
} from './state.ts';

type Request = RequestOf<'EndTxn'>;
type Response = ResponseOf<'EndTxn'>;

/** The first version whose producers speak version 2 of transactions. */
const FIRST_WITH_EPOCH_BUMP = 5;
const BUMPING = 2;

function respond(
  errorCode: number,
  producer: { readonly producerId: number; readonly producerEpoch: number } | null = null,
): Response {
  const { producerId, producerEpoch } = producer ?? { producerId: NO_PRODUCER_ID, producerEpoch: NO_PRODUCER_EPOCH };
  return { throttleTimeMs: 0, errorCode, producerId, producerEpoch };
}

/** 'prepare' the outcome, or what is answered at once. */
type Verdict = 'prepare' | number;

/** Of a producer whose epochs do not go up. */
function judgeOld(transaction: Transaction, { producerId, producerEpoch, committed }: Request): Verdict {
  if (transaction.producerId !== producerId) return ERRORS.INVALID_PRODUCER_ID_MAPPING;
  if (transaction.producerEpoch !== producerEpoch) return ERRORS.PRODUCER_FENCED;
  switch (transaction.status) {
    case 'Ongoing':
      return 'prepare';
    case 'PrepareCommit':
    case 'PrepareAbort':
      return ERRORS.CONCURRENT_TRANSACTIONS;
    case 'CompleteCommit':
      return committed ? ERRORS.NONE : ERRORS.INVALID_TXN_STATE;
    case 'CompleteAbort':
      return committed ? ERRORS.INVALID_TXN_STATE : ERRORS.NONE;
    case 'Empty':
      return ERRORS.INVALID_TXN_STATE;
  }
}

/** Of a producer whose epoch goes up with every end. */
function judge(transaction: Transaction, { producerId, producerEpoch, committed }: Request): Verdict {
  if (isPrepared(transaction)) return ERRORS.CONCURRENT_TRANSACTIONS;
  // The end that is asked for again has raised the epoch, or has given a new id as there was none left.
  const isBumped = transaction.producerEpoch === producerEpoch + 1;
  const isRotated =
    transaction.previousProducerId === producerId && producerEpoch === LAST_EPOCH && transaction.producerEpoch === 0;
  if (transaction.producerId !== producerId && !isRotated) return ERRORS.INVALID_PRODUCER_ID_MAPPING;
  const isComplete = transaction.status === 'CompleteCommit' || transaction.status === 'CompleteAbort';
  const isRetry = isBumped || isRotated;
  if (transaction.producerEpoch !== producerEpoch && !(isComplete && isRetry)) return ERRORS.PRODUCER_FENCED;
  if (transaction.status === 'Ongoing') return 'prepare';
  if (isComplete && isRetry) {
    return committed === (transaction.status === 'CompleteCommit') ? ERRORS.NONE : ERRORS.INVALID_TXN_STATE;
  }
  return committed ? ERRORS.INVALID_TXN_STATE : 'prepare';
}

/** The id that a producer goes on with whose epochs are used up; -1 where they are not, null where there is none at hand. */
function nextProducerId({ producerEpoch }: Transaction, context: TransactionContext): number | null {
  return isExhausted(producerEpoch) ? context.producerId() : NO_PRODUCER_ID;
}

/** The abort of a transaction whose producer is fenced with it. Null: there is no producer id at hand. */
export function abortFenced(transaction: Transaction, context: TransactionContext): Transaction | null {
  const { transactionVersion: clientTransactionVersion, now } = context;
  if (!bumpsEpoch(clientTransactionVersion)) return fenced(transaction, now);
  const next = nextProducerId(transaction, context);
  return next === null ? null : prepared(transaction, false, { clientTransactionVersion, nextProducerId: next }, now);
}

export const endTxn: DecideTransaction<'EndTxn'> = (state, { request, version }, context) => {
  if (request.transactionalId === '') return { records: [], answer: respond(ERRORS.INVALID_REQUEST) };
  const transaction = state.transactions.get(request.transactionalId);
  if (transaction === undefined) return { records: [], answer: respond(ERRORS.INVALID_PRODUCER_ID_MAPPING) };

  const clientTransactionVersion = version >= FIRST_WITH_EPOCH_BUMP ? BUMPING : 0;
  const isBumping = bumpsEpoch(clientTransactionVersion);
  const verdict = isBumping ? judge(transaction, request) : judgeOld(transaction, request);
  if (verdict !== 'prepare') {
    return { records: [], answer: respond(verdict, verdict === ERRORS.NONE && isBumping ? transaction : null) };
  }
  if (!isRecordable(clientTransactionVersion, context.transactionVersion)) {
    return { records: [], answer: respond(ERRORS.UNSUPPORTED_VERSION) };
  }
  const next = isBumping ? nextProducerId(transaction, context) : NO_PRODUCER_ID;
  if (next === null) return { records: [], answer: NEEDS_PRODUCER_ID };
  const versions = { clientTransactionVersion, nextProducerId: next };
  const ended = prepared(transaction, request.committed, versions, context.now);
  // The client may go on while the markers are being written: it is told what it will be by then.
  return { records: [state.record(ended, context)], answer: respond(ERRORS.NONE, completed(ended, context.now)) };
};
