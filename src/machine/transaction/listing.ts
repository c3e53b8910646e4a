/**
 * DescribeTransactions and ListTransactions (KIP-664): what is committed of a transactional id, and which ids there are, filtered by state,
 * producer id, duration (KIP-994) and a pattern of the id (KIP-1152). Names of states are exact; unknown ones are told back and match nothing.
 */
import { RE2JS } from 're2js';
import { ERRORS } from '../../protocol/errors.ts';
import type { ResponseOf } from '../../protocol/schema/index.ts';
import type { QueryTransactions, TransactionState } from './machine.ts';
import { HIDDEN_STATUSES, STATUSES, type Transaction } from './state.ts';

type Described = ResponseOf<'DescribeTransactions'>['transactionStates'][number];
type Listed = ResponseOf<'ListTransactions'>;

const STATUS_NAMES: ReadonlySet<string> = new Set([...STATUSES, ...HIDDEN_STATUSES]);

function undescribed(transactionalId: string, errorCode: number): Described {
  return {
    errorCode,
    transactionalId,
    transactionState: '',
    transactionTimeoutMs: 0,
    transactionStartTimeMs: 0,
    producerId: 0,
    producerEpoch: 0,
    topics: [],
  };
}

function describe(state: TransactionState, transactionalId: string, committed: number): Described {
  if (transactionalId === '') return undescribed(transactionalId, ERRORS.INVALID_REQUEST);
  const transaction = state.transactions.getAt(transactionalId, committed);
  if (transaction === undefined) return undescribed(transactionalId, ERRORS.TRANSACTIONAL_ID_NOT_FOUND);
  return {
    errorCode: ERRORS.NONE,
    transactionalId,
    transactionState: transaction.status,
    transactionTimeoutMs: transaction.timeoutMs,
    transactionStartTimeMs: transaction.startTimestamp,
    producerId: transaction.producerId,
    producerEpoch: transaction.producerEpoch,
    topics: Array.from(transaction.partitions, ([topic, ids]) => ({ topic, partitions: [...ids] })),
  };
}

export const describeTransactions: QueryTransactions<'DescribeTransactions'> = (state, { request }, committed) => {
  const transactionStates = request.transactionalIds.map((id) => describe(state, id, committed));
  return { throttleTimeMs: 0, transactionStates };
};

/** Null: no pattern. Undefined: it is none. Compiling throws for one reason only, the pattern. */
function compiled(pattern: string | null): RE2JS | null | undefined {
  if (pattern === null || pattern === '') return null;
  try {
    return RE2JS.compile(pattern);
  } catch {
    return undefined;
  }
}

function respond(
  errorCode: number,
  unknownStateFilters: string[] = [],
  transactionStates: Listed['transactionStates'] = [],
): Listed {
  return { throttleTimeMs: 0, errorCode, unknownStateFilters, transactionStates };
}

export const listTransactions: QueryTransactions<'ListTransactions'> = (state, { request }, committed, { now }) => {
  const states = new Set(request.stateFilters);
  const producerIds = new Set(request.producerIdFilters);
  const { durationFilter } = request;
  const pattern = compiled(request.transactionalIdPattern);
  if (pattern === undefined) return respond(ERRORS.INVALID_REGULAR_EXPRESSION);

  const isListed = ({ transactionalId, producerId, status, startTimestamp }: Transaction): boolean => {
    if (producerIds.size > 0 && !producerIds.has(producerId)) return false;
    if (states.size > 0 && !states.has(status)) return false;
    // As in Kafka: an id without a transaction counts as begun before everything.
    if (durationFilter >= 0 && now - startTimestamp <= durationFilter) return false;
    return pattern?.matches(transactionalId) !== false;
  };
  const listed = [];
  for (const [transactionalId, transaction] of state.transactions.entriesAt(committed)) {
    const { producerId, status } = transaction;
    if (isListed(transaction)) listed.push({ transactionalId, producerId, transactionState: status });
  }
  const unknown = [...states].filter((name) => !STATUS_NAMES.has(name));
  return respond(ERRORS.NONE, unknown, listed);
};
