/**
 * DescribeTransactions (key 65). State of transactions (KIP-664).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i64, string } from '../schema-language.ts';

export const describeTransactionsRequest = message('DescribeTransactionsRequest', {
  versions: '0',
  flexible: '0+',
  fields: {
    transactionalIds: array('0+', 'string', { entityType: 'transactionalId' }),
  },
});
export type DescribeTransactionsRequest = Decoded<typeof describeTransactionsRequest>;
export type DescribeTransactionsRequestInput = Input<typeof describeTransactionsRequest>;

export const describeTransactionsResponse = message('DescribeTransactionsResponse', {
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    transactionStates: array('0+', {
      errorCode: i16('0+'),
      transactionalId: string('0+', { entityType: 'transactionalId' }),
      transactionState: string('0+'),
      transactionTimeoutMs: i32('0+'),
      transactionStartTimeMs: i64('0+'),
      producerId: i64('0+', { entityType: 'producerId' }),
      producerEpoch: i16('0+'),
      topics: array('0+', {
        topic: string('0+', { mapKey: true, entityType: 'topicName' }),
        partitions: array('0+', 'i32'),
      }),
    }),
  },
});
export type DescribeTransactionsResponse = Decoded<typeof describeTransactionsResponse>;
export type DescribeTransactionsResponseInput = Input<typeof describeTransactionsResponse>;
