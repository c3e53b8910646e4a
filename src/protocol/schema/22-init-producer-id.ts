/**
 * InitProducerId (key 22). Gives a producer its id and epoch (KIP-98).
 *
 * v3 raises the epoch (KIP-360); v4 PRODUCER_FENCED (KIP-588); v5 TRANSACTION_ABORTABLE (KIP-890); v6 two-phase commit
 * (KIP-939).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { bool, i16, i32, i64, string } from '../schema-language.ts';

export const initProducerIdRequest = message('InitProducerIdRequest', {
  versions: '0-6',
  flexible: '2+',
  latestVersionUnstable: true,
  fields: {
    transactionalId: string('0+', { nullable: '0+', entityType: 'transactionalId' }),
    transactionTimeoutMs: i32('0+'),
    producerId: i64('3+', { default: -1, entityType: 'producerId' }),
    producerEpoch: i16('3+', { default: -1 }),
    enable2Pc: bool('6+', { default: false }),
    keepPreparedTxn: bool('6+', { default: false }),
  },
});
export type InitProducerIdRequest = Decoded<typeof initProducerIdRequest>;
export type InitProducerIdRequestInput = Input<typeof initProducerIdRequest>;

export const initProducerIdResponse = message('InitProducerIdResponse', {
  versions: '0-6',
  flexible: '2+',
  fields: {
    throttleTimeMs: i32('0+', { ignorable: true }),
    errorCode: i16('0+'),
    producerId: i64('0+', { default: -1, entityType: 'producerId' }),
    producerEpoch: i16('0+'),
    ongoingTxnProducerId: i64('6+', { default: -1, entityType: 'producerId' }),
    ongoingTxnProducerEpoch: i16('6+', { default: -1 }),
  },
});
export type InitProducerIdResponse = Decoded<typeof initProducerIdResponse>;
export type InitProducerIdResponseInput = Input<typeof initProducerIdResponse>;
