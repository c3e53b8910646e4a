/** The coordinators of transactions of this shard. On a shard's thread; one a shard. */
import { TransactionCoordinator, type TransactionParts } from '../coordinator/transactions.ts';
import type { TransactionAnswer, TransactionEvent } from '../machine/transaction/decision.ts';
import { TRANSACTIONS_TOPIC } from '../protocol/topic-names.ts';
import { Coordinators } from './coordinators.ts';
import type { PartitionTable } from './partition-table.ts';

export interface TransactionCoordinatorsParts {
  readonly transactions: TransactionParts;
  readonly nodeId: number;
  readonly table: PartitionTable;
  readonly crash: (error: unknown) => void;
}

export class TransactionCoordinators extends Coordinators<TransactionEvent, TransactionAnswer, TransactionCoordinator> {
  constructor({ transactions, nodeId, table, crash }: TransactionCoordinatorsParts) {
    const { image, log } = transactions;
    super({
      topic: TRANSACTIONS_TOPIC,
      what: 'transactions',
      image,
      log,
      nodeId,
      table,
      crash,
      create: (partition) => new TransactionCoordinator(transactions, partition),
    });
  }
}
