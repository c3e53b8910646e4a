/**
 * TxnOffsetCommit (key 28). Commits offsets inside a transaction (KIP-98).
 *
 * v3 member, generation and instance (KIP-447); v5 TRANSACTION_ABORTABLE and implicit adding (KIP-890); v6 topic ids
 * (KIP-1319).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i64, i64x, string, uuid } from '../schema-language.ts';

export const txnOffsetCommitRequest = message('TxnOffsetCommitRequest', {
  versions: '0-6',
  flexible: '3+',
  fields: {
    transactionalId: string('0+', { entityType: 'transactionalId' }),
    groupId: string('0+', { entityType: 'groupId' }),
    producerId: i64('0+', { entityType: 'producerId' }),
    producerEpoch: i16('0+'),
    generationIdOrMemberEpoch: i32('3+', { default: -1 }),
    memberId: string('3+', { default: '' }),
    groupInstanceId: string('3+', { nullable: '3+', default: null }),
    topics: array('0+', {
      name: string('0-5', { ignorable: true, entityType: 'topicName' }),
      topicId: uuid('6+', { ignorable: true }),
      partitions: array('0+', {
        partitionIndex: i32('0+'),
        committedOffset: i64x('0+'),
        committedLeaderEpoch: i32('2+', { default: -1, ignorable: true }),
        committedMetadata: string('0+', { nullable: '0+' }),
      }),
    }),
  },
});
export type TxnOffsetCommitRequest = Decoded<typeof txnOffsetCommitRequest>;
export type TxnOffsetCommitRequestInput = Input<typeof txnOffsetCommitRequest>;

export const txnOffsetCommitResponse = message('TxnOffsetCommitResponse', {
  versions: '0-6',
  flexible: '3+',
  fields: {
    throttleTimeMs: i32('0+'),
    topics: array('0+', {
      name: string('0-5', { ignorable: true, entityType: 'topicName' }),
      topicId: uuid('6+', { ignorable: true }),
      partitions: array('0+', {
        partitionIndex: i32('0+'),
        errorCode: i16('0+'),
      }),
    }),
  },
});
export type TxnOffsetCommitResponse = Decoded<typeof txnOffsetCommitResponse>;
export type TxnOffsetCommitResponseInput = Input<typeof txnOffsetCommitResponse>;
