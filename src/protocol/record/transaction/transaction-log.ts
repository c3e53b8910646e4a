/**
 * TransactionLog (type 0 of __transaction_state). The state of a transaction, by transactional id (KIP-98).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, i16, i32, i64, i8, string } from '../../schema-language.ts';

export const transactionLogKey = message('TransactionLogKey', {
  versions: '0',
  flexible: 'none',
  fields: {
    transactionalId: string('0'),
  },
});
export type TransactionLogKey = Decoded<typeof transactionLogKey>;
export type TransactionLogKeyInput = Input<typeof transactionLogKey>;

export const transactionLogValue = message('TransactionLogValue', {
  versions: '0-1',
  flexible: '1+',
  fields: {
    producerId: i64('0+'),
    previousProducerId: i64('1+', { default: -1, tag: 0 }),
    nextProducerId: i64('1+', { default: -1, tag: 1 }),
    producerEpoch: i16('0+'),
    nextProducerEpoch: i16('1+', { default: -1, tag: 3 }),
    transactionTimeoutMs: i32('0+'),
    transactionStatus: i8('0+'),
    transactionPartitions: array(
      '0+',
      {
        topic: string('0+'),
        partitionIds: array('0+', 'i32'),
      },
      { nullable: '0+' },
    ),
    transactionLastUpdateTimestampMs: i64('0+'),
    transactionStartTimestampMs: i64('0+'),
    clientTransactionVersion: i16('1+', { default: 0, tag: 2 }),
  },
});
export type TransactionLogValue = Decoded<typeof transactionLogValue>;
export type TransactionLogValueInput = Input<typeof transactionLogValue>;
