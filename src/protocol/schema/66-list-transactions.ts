/**
 * ListTransactions (key 66). Transactions of a coordinator (KIP-664).
 *
 * v1 by duration (KIP-994); v2 by a pattern of the id (KIP-1152).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i64, string } from '../schema-language.ts';

export const listTransactionsRequest = message('ListTransactionsRequest', {
  versions: '0-2',
  flexible: '0+',
  fields: {
    stateFilters: array('0+', 'string'),
    producerIdFilters: array('0+', 'i64', { entityType: 'producerId' }),
    durationFilter: i64('1+', { default: -1 }),
    transactionalIdPattern: string('2+', { nullable: '2+', default: null }),
  },
});
export type ListTransactionsRequest = Decoded<typeof listTransactionsRequest>;
export type ListTransactionsRequestInput = Input<typeof listTransactionsRequest>;

export const listTransactionsResponse = message('ListTransactionsResponse', {
  versions: '0-2',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    unknownStateFilters: array('0+', 'string'),
    transactionStates: array('0+', {
      transactionalId: string('0+', { entityType: 'transactionalId' }),
      producerId: i64('0+', { entityType: 'producerId' }),
      transactionState: string('0+'),
    }),
  },
});
export type ListTransactionsResponse = Decoded<typeof listTransactionsResponse>;
export type ListTransactionsResponseInput = Input<typeof listTransactionsResponse>;
