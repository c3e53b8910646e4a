/**
 * OffsetFetch (key 9). Reads committed offsets.
 *
 * v2 all topics; v7 only stable offsets (KIP-447); v8 several groups (KIP-709); v9 member id and epoch (KIP-848); v10
 * topic ids (KIP-848).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, i64x, string, uuid } from '../schema-language.ts';

export const offsetFetchRequest = message('OffsetFetchRequest', {
  versions: '1-10',
  flexible: '6+',
  fields: {
    groupId: string('0-7', { entityType: 'groupId' }),
    topics: array(
      '0-7',
      {
        name: string('0-7', { entityType: 'topicName' }),
        partitionIndexes: array('0-7', 'i32'),
      },
      { nullable: '2-7' },
    ),
    groups: array('8+', {
      groupId: string('8+', { entityType: 'groupId' }),
      memberId: string('9+', { nullable: '9+', default: null, ignorable: true }),
      memberEpoch: i32('9+', { default: -1, ignorable: true }),
      topics: array(
        '8+',
        {
          name: string('8-9', { ignorable: true, entityType: 'topicName' }),
          topicId: uuid('10+', { ignorable: true }),
          partitionIndexes: array('8+', 'i32'),
        },
        { nullable: '8+' },
      ),
    }),
    requireStable: bool('7+', { default: false }),
  },
});
export type OffsetFetchRequest = Decoded<typeof offsetFetchRequest>;
export type OffsetFetchRequestInput = Input<typeof offsetFetchRequest>;

export const offsetFetchResponse = message('OffsetFetchResponse', {
  versions: '1-10',
  flexible: '6+',
  fields: {
    throttleTimeMs: i32('3+', { ignorable: true }),
    topics: array('0-7', {
      name: string('0-7', { entityType: 'topicName' }),
      partitions: array('0-7', {
        partitionIndex: i32('0-7'),
        committedOffset: i64x('0-7'),
        committedLeaderEpoch: i32('5-7', { default: -1, ignorable: true }),
        metadata: string('0-7', { nullable: '0-7' }),
        errorCode: i16('0-7'),
      }),
    }),
    errorCode: i16('2-7', { default: 0, ignorable: true }),
    groups: array('8+', {
      groupId: string('8+', { entityType: 'groupId' }),
      topics: array('8+', {
        name: string('8-9', { ignorable: true, entityType: 'topicName' }),
        topicId: uuid('10+', { ignorable: true }),
        partitions: array('8+', {
          partitionIndex: i32('8+'),
          committedOffset: i64x('8+'),
          committedLeaderEpoch: i32('8+', { default: -1, ignorable: true }),
          metadata: string('8+', { nullable: '8+' }),
          errorCode: i16('8+'),
        }),
      }),
      errorCode: i16('8+', { default: 0 }),
    }),
  },
});
export type OffsetFetchResponse = Decoded<typeof offsetFetchResponse>;
export type OffsetFetchResponseInput = Input<typeof offsetFetchResponse>;
