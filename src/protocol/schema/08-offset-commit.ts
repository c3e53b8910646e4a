/**
 * OffsetCommit (key 8). Commits the offsets of a group.
 *
 * v5 without retention; v6 leader epochs (KIP-320); v7 static members (KIP-345); v9 the member epoch of the new
 * protocol (KIP-848); v10 topic ids (KIP-848).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i64, i64x, string, uuid } from '../schema-language.ts';

export const offsetCommitRequest = message('OffsetCommitRequest', {
  versions: '2-10',
  flexible: '8+',
  fields: {
    groupId: string('0+', { entityType: 'groupId' }),
    generationIdOrMemberEpoch: i32('1+', { default: -1, ignorable: true }),
    memberId: string('1+', { ignorable: true }),
    groupInstanceId: string('7+', { nullable: '7+', default: null }),
    retentionTimeMs: i64('2-4', { default: -1, ignorable: true }),
    topics: array('0+', {
      name: string('0-9', { ignorable: true, entityType: 'topicName' }),
      topicId: uuid('10+', { ignorable: true }),
      partitions: array('0+', {
        partitionIndex: i32('0+'),
        committedOffset: i64x('0+'),
        committedLeaderEpoch: i32('6+', { default: -1, ignorable: true }),
        committedMetadata: string('0+', { nullable: '0+' }),
      }),
    }),
  },
});
export type OffsetCommitRequest = Decoded<typeof offsetCommitRequest>;
export type OffsetCommitRequestInput = Input<typeof offsetCommitRequest>;

export const offsetCommitResponse = message('OffsetCommitResponse', {
  versions: '2-10',
  flexible: '8+',
  fields: {
    throttleTimeMs: i32('3+', { ignorable: true }),
    topics: array('0+', {
      name: string('0-9', { ignorable: true, entityType: 'topicName' }),
      topicId: uuid('10+', { ignorable: true }),
      partitions: array('0+', {
        partitionIndex: i32('0+'),
        errorCode: i16('0+'),
      }),
    }),
  },
});
export type OffsetCommitResponse = Decoded<typeof offsetCommitResponse>;
export type OffsetCommitResponseInput = Input<typeof offsetCommitResponse>;
