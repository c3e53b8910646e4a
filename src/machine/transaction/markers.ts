/** The markers of a transaction whose outcome is decided, and what follows when they stand in all its partitions. */
import type { PendingMarkers } from './decision.ts';
import type { DecideTransaction } from './machine.ts';
import { completed, isPrepared, type Transaction } from './state.ts';

/** Of a transaction that is prepared. A marker has the epoch that the end has raised, where it did (KIP-890). */
export function pendingMarkersOf(transaction: Transaction): PendingMarkers {
  const { transactionalId, producerId, producerEpoch, status, clientTransactionVersion, partitions } = transaction;
  return {
    transactionalId,
    producerId,
    producerEpoch,
    commit: status === 'PrepareCommit',
    transactionVersion: clientTransactionVersion,
    topics: Array.from(partitions, ([topic, ids]) => ({ topic, partitionIds: [...ids] })),
  };
}

export const markersWritten: DecideTransaction<'markersWritten'> = (state, event, context) => {
  const transaction = state.transactions.get(event.transactionalId);
  const isMeant =
    transaction !== undefined &&
    isPrepared(transaction) &&
    transaction.producerId === event.producerId &&
    transaction.producerEpoch === event.producerEpoch;
  if (!isMeant) return { records: [], answer: null };
  return { records: [state.record(completed(transaction, context.now), context)], answer: null };
};
