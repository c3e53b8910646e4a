/**
 * EndTxn (key 26). Commits or aborts a transaction (KIP-98).
 *
 * v5 answers with the epoch that the producer goes on with (KIP-890).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { bool, i16, i32, i64, string } from '../schema-language.ts';

export const endTxnRequest = message('EndTxnRequest', {
  versions: '0-5',
  flexible: '3+',
  fields: {
    transactionalId: string('0+', { entityType: 'transactionalId' }),
    producerId: i64('0+', { entityType: 'producerId' }),
    producerEpoch: i16('0+'),
    committed: bool('0+'),
  },
});
export type EndTxnRequest = Decoded<typeof endTxnRequest>;
export type EndTxnRequestInput = Input<typeof endTxnRequest>;

export const endTxnResponse = message('EndTxnResponse', {
  versions: '0-5',
  flexible: '3+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    producerId: i64('5+', { default: -1, ignorable: true, entityType: 'producerId' }),
    producerEpoch: i16('5+', { default: -1, ignorable: true }),
  },
});
export type EndTxnResponse = Decoded<typeof endTxnResponse>;
export type EndTxnResponseInput = Input<typeof endTxnResponse>;
