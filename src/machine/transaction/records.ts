/** The records of `__transaction_state` as the machine says and replays them: a transactional id, and its state or null (a tombstone). */
import { required } from '../../base/assert.ts';
import type { TransactionLogKey, TransactionLogValue } from '../../protocol/record/transaction/transaction-log.ts';
import { NO_PRODUCER_EPOCH, NO_PRODUCER_ID, STATUSES, type Transaction } from './state.ts';

export interface TransactionRecord {
  readonly type: 'transactionLog';
  readonly key: TransactionLogKey;
  /** Of the value: 0, or 1 (flexible) from transaction version 1 on. */
  readonly version: number;
  readonly value: TransactionLogValue | null;
}

/** What the values of version 0 have no place for. */
const WITHOUT_TAGS = {
  previousProducerId: NO_PRODUCER_ID,
  nextProducerId: NO_PRODUCER_ID,
  clientTransactionVersion: 0,
} as const;

/** The record that sets the state of an id. */
export function recordOf(transaction: Transaction, transactionVersion: number): TransactionRecord {
  const version = transactionVersion >= 1 ? 1 : 0;
  const { previousProducerId, nextProducerId, clientTransactionVersion } = transaction;
  return {
    type: 'transactionLog',
    key: { transactionalId: transaction.transactionalId },
    version,
    value: {
      producerId: transaction.producerId,
      producerEpoch: transaction.producerEpoch,
      // Kafka knows the field and never sets it.
      nextProducerEpoch: NO_PRODUCER_EPOCH,
      transactionTimeoutMs: transaction.timeoutMs,
      transactionStatus: STATUSES.indexOf(transaction.status),
      transactionPartitions:
        transaction.status === 'Empty'
          ? null
          : Array.from(transaction.partitions, ([topic, ids]) => ({ topic, partitionIds: [...ids] })),
      transactionLastUpdateTimestampMs: transaction.lastUpdateTimestamp,
      transactionStartTimestampMs: transaction.startTimestamp,
      ...(version === 0 ? WITHOUT_TAGS : { previousProducerId, nextProducerId, clientTransactionVersion }),
    },
  };
}

/** The record that forgets an id. */
export function tombstone(transactionalId: string): TransactionRecord {
  return { type: 'transactionLog', key: { transactionalId }, version: 0, value: null };
}

/** The state that a value says. `decided` is the same as it was decided, where it was here: records do not have a place for all of it. */
export function transactionOf(
  transactionalId: string,
  value: TransactionLogValue,
  decided: Transaction | null = null,
): Transaction {
  return {
    transactionalId,
    producerId: value.producerId,
    previousProducerId: decided?.previousProducerId ?? value.previousProducerId,
    nextProducerId: value.nextProducerId,
    producerEpoch: value.producerEpoch,
    lastProducerEpoch: decided?.lastProducerEpoch ?? NO_PRODUCER_EPOCH,
    timeoutMs: value.transactionTimeoutMs,
    status: required(STATUSES[value.transactionStatus], `the state ${value.transactionStatus} of a transaction`),
    partitions: new Map(
      (value.transactionPartitions ?? []).map(({ topic, partitionIds }) => [topic, new Set(partitionIds)]),
    ),
    startTimestamp: value.transactionStartTimestampMs,
    lastUpdateTimestamp: value.transactionLastUpdateTimestampMs,
    clientTransactionVersion: value.clientTransactionVersion,
  };
}
