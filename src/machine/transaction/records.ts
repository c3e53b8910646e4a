/** The records of `__transaction_state` as the machine says and replays them: a transactional id, and its state or null (a tombstone). */
import type { TransactionLogKey, TransactionLogValue } from '../../protocol/record/transaction/transaction-log.ts';

export interface TransactionRecord {
  readonly type: 'transactionLog';
  readonly key: TransactionLogKey;
  /** Of the value: 0, or 1 (flexible) from transaction version 1 on. */
  readonly version: number;
  readonly value: TransactionLogValue | null;
}
