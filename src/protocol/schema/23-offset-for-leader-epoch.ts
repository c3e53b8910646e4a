/**
 * OffsetForLeaderEpoch (key 23). Where a leader epoch ends in the log (KIP-101).
 *
 * v2 fences by the current epoch (KIP-320); v3 the replica id.
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i64, string } from '../schema-language.ts';

export const offsetForLeaderEpochRequest = message('OffsetForLeaderEpochRequest', {
  versions: '2-4',
  flexible: '4+',
  fields: {
    replicaId: i32('3+', { default: -2, ignorable: true, entityType: 'brokerId' }),
    topics: array('0+', {
      topic: string('0+', { mapKey: true, entityType: 'topicName' }),
      partitions: array('0+', {
        partition: i32('0+'),
        currentLeaderEpoch: i32('2+', { default: -1, ignorable: true }),
        leaderEpoch: i32('0+'),
      }),
    }),
  },
});
export type OffsetForLeaderEpochRequest = Decoded<typeof offsetForLeaderEpochRequest>;
export type OffsetForLeaderEpochRequestInput = Input<typeof offsetForLeaderEpochRequest>;

export const offsetForLeaderEpochResponse = message('OffsetForLeaderEpochResponse', {
  versions: '2-4',
  flexible: '4+',
  fields: {
    throttleTimeMs: i32('2+', { ignorable: true }),
    topics: array('0+', {
      topic: string('0+', { mapKey: true, entityType: 'topicName' }),
      partitions: array('0+', {
        errorCode: i16('0+'),
        partition: i32('0+'),
        leaderEpoch: i32('1+', { default: -1, ignorable: true }),
        endOffset: i64('0+', { default: -1 }),
      }),
    }),
  },
});
export type OffsetForLeaderEpochResponse = Decoded<typeof offsetForLeaderEpochResponse>;
export type OffsetForLeaderEpochResponseInput = Input<typeof offsetForLeaderEpochResponse>;
