/**
 * InitProducerId of a transactional id: the producer gets an id and an epoch that nobody had, and whoever had the id before is fenced.
 *
 * A transaction that is open is aborted first, and the client told to come again. A producer that says which id and epoch it has (v3,
 * KIP-360) is fenced unless they are the newest, or the ones before and this is a retry. With v6 it may take part in two-phase commit
 * (KIP-939), where the broker allows it. Epochs end at 32766: then there is a new id.
 */
import { ERRORS } from '../../protocol/errors.ts';
import type { RequestOf, ResponseOf } from '../../protocol/schema/index.ts';
import { NEEDS_PRODUCER_ID, type TransactionContext, type TransactionDecision } from './decision.ts';
import { abortFenced } from './end.ts';
import type { DecideTransaction, TransactionState } from './machine.ts';
import {
  initialized,
  isExhausted,
  isPrepared,
  newTransaction,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  NO_TIMEOUT,
  type Transaction,
} from './state.ts';

type Request = RequestOf<'InitProducerId'>;
type Response = ResponseOf<'InitProducerId'>;
type Decision = TransactionDecision<Response>;

/** What a producer says that it has. */
interface Expected {
  readonly producerId: number;
  readonly producerEpoch: number;
}

function respond(errorCode: number, producerId = NO_PRODUCER_ID, producerEpoch = NO_PRODUCER_EPOCH): Response {
  return {
    throttleTimeMs: 0,
    errorCode,
    producerId,
    producerEpoch,
    ongoingTxnProducerId: NO_PRODUCER_ID,
    ongoingTxnProducerEpoch: NO_PRODUCER_EPOCH,
  };
}

function refuse(errorCode: number): Decision {
  return { records: [], answer: respond(errorCode) };
}

function checkRequest(state: TransactionState, request: Request): number {
  const { transactionalId, transactionTimeoutMs, enable2Pc, keepPreparedTxn } = request;
  const { values } = state.settings.config;
  if (transactionalId === null || transactionalId === '') return ERRORS.INVALID_REQUEST;
  if (enable2Pc && !values['transaction.two.phase.commit.enable']) return ERRORS.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
  if (keepPreparedTxn) return ERRORS.UNSUPPORTED_VERSION;
  if (enable2Pc) return ERRORS.NONE;
  const isValid = transactionTimeoutMs > 0 && transactionTimeoutMs <= values['transaction.max.timeout.ms'];
  return isValid ? ERRORS.NONE : ERRORS.INVALID_TRANSACTION_TIMEOUT;
}

/** The newest id; or the one before with its epochs used up: then the answer that told the newest may have been lost. */
function isProducerOf(transaction: Transaction, { producerId, producerEpoch }: Expected): boolean {
  if (transaction.producerEpoch === NO_PRODUCER_EPOCH || producerId === transaction.producerId) return true;
  return producerId === transaction.previousProducerId && isExhausted(producerEpoch);
}

/** The epochs of a producer that goes on with its id; a code where it may not. */
function nextEpochs(
  { producerEpoch, lastProducerEpoch }: Transaction,
  expected: Expected | null,
): { producerEpoch: number; lastProducerEpoch: number } | number {
  // Kafka fails on its way here.
  if (isExhausted(producerEpoch)) return ERRORS.UNKNOWN_SERVER_ERROR;
  if (expected === null) return { producerEpoch: producerEpoch + 1, lastProducerEpoch: NO_PRODUCER_EPOCH };
  if (producerEpoch === NO_PRODUCER_EPOCH || expected.producerEpoch === producerEpoch) {
    return { producerEpoch: producerEpoch + 1, lastProducerEpoch: producerEpoch };
  }
  // A retry: nobody else was initialized in between, or there would be no last epoch.
  if (expected.producerEpoch === lastProducerEpoch) return { producerEpoch, lastProducerEpoch };
  return ERRORS.PRODUCER_FENCED;
}

function initialize(
  state: TransactionState,
  transaction: Transaction,
  expected: Expected | null,
  timeoutMs: number,
  context: TransactionContext,
): Decision {
  const { producerEpoch } = transaction;
  let { producerId } = transaction;
  let epochs = { producerEpoch: 0, lastProducerEpoch: expected === null ? NO_PRODUCER_EPOCH : producerEpoch };
  if (isExhausted(producerEpoch) && (expected === null || expected.producerEpoch === producerEpoch)) {
    const fresh = context.producerId();
    if (fresh === null) return { records: [], answer: NEEDS_PRODUCER_ID };
    producerId = fresh;
  } else {
    const next = nextEpochs(transaction, expected);
    if (typeof next === 'number') return refuse(next);
    epochs = next;
  }
  const next = initialized(transaction, { producerId, ...epochs, timeoutMs }, context.now);
  return { records: [state.record(next, context)], answer: respond(ERRORS.NONE, producerId, next.producerEpoch) };
}

export const initProducerId: DecideTransaction<'InitProducerId'> = (state, { request }, context) => {
  const code = checkRequest(state, request);
  const { transactionalId } = request;
  if (code !== ERRORS.NONE || transactionalId === null) return refuse(code);

  const expected = request.producerId === NO_PRODUCER_ID ? null : request;
  const timeoutMs = request.enable2Pc ? NO_TIMEOUT : request.transactionTimeoutMs;
  const known = state.transactions.get(transactionalId);
  if (known === undefined) {
    const producerId = context.producerId();
    if (producerId === null) return { records: [], answer: NEEDS_PRODUCER_ID };
    return initialize(state, newTransaction(transactionalId, producerId, context.now), expected, timeoutMs, context);
  }
  if (isPrepared(known)) return refuse(ERRORS.CONCURRENT_TRANSACTIONS);
  if (expected !== null && !isProducerOf(known, expected)) return refuse(ERRORS.PRODUCER_FENCED);
  if (known.status !== 'Ongoing') return initialize(state, known, expected, timeoutMs, context);

  const aborted = abortFenced(known, context);
  if (aborted === null) return { records: [], answer: NEEDS_PRODUCER_ID };
  return { records: [state.record(aborted, context)], answer: respond(ERRORS.CONCURRENT_TRANSACTIONS) };
};
