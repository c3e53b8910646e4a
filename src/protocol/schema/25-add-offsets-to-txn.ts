/**
 * AddOffsetsToTxn (key 25). Adds the offsets of a group to a transaction (KIP-98).
 *
 * v4 TRANSACTION_ABORTABLE (KIP-890).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { i16, i32, i64, string } from '../schema-language.ts';

export const addOffsetsToTxnRequest = message('AddOffsetsToTxnRequest', {
  versions: '0-4',
  flexible: '3+',
  fields: {
    transactionalId: string('0+', { entityType: 'transactionalId' }),
    producerId: i64('0+', { entityType: 'producerId' }),
    producerEpoch: i16('0+'),
    groupId: string('0+', { entityType: 'groupId' }),
  },
});
export type AddOffsetsToTxnRequest = Decoded<typeof addOffsetsToTxnRequest>;
export type AddOffsetsToTxnRequestInput = Input<typeof addOffsetsToTxnRequest>;

export const addOffsetsToTxnResponse = message('AddOffsetsToTxnResponse', {
  versions: '0-4',
  flexible: '3+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
  },
});
export type AddOffsetsToTxnResponse = Decoded<typeof addOffsetsToTxnResponse>;
export type AddOffsetsToTxnResponseInput = Input<typeof addOffsetsToTxnResponse>;
