/**
 * DescribeShareGroupOffsets (key 90). Start offsets of share groups (KIP-932).
 *
 * v1 the lag (KIP-1226).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i64, string, uuid } from '../schema-language.ts';

export const describeShareGroupOffsetsRequest = message('DescribeShareGroupOffsetsRequest', {
  versions: '0-1',
  flexible: '0+',
  fields: {
    groups: array('0+', {
      groupId: string('0+', { entityType: 'groupId' }),
      topics: array(
        '0+',
        {
          topicName: string('0+', { entityType: 'topicName' }),
          partitions: array('0+', 'i32'),
        },
        { nullable: '0+' },
      ),
    }),
  },
});
export type DescribeShareGroupOffsetsRequest = Decoded<typeof describeShareGroupOffsetsRequest>;
export type DescribeShareGroupOffsetsRequestInput = Input<typeof describeShareGroupOffsetsRequest>;

export const describeShareGroupOffsetsResponse = message('DescribeShareGroupOffsetsResponse', {
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    groups: array('0+', {
      groupId: string('0+', { entityType: 'groupId' }),
      topics: array('0+', {
        topicName: string('0+', { entityType: 'topicName' }),
        topicId: uuid('0+'),
        partitions: array('0+', {
          partitionIndex: i32('0+'),
          startOffset: i64('0+'),
          leaderEpoch: i32('0+'),
          lag: i64('1+', { default: -1, ignorable: true }),
          errorCode: i16('0+'),
          errorMessage: string('0+', { nullable: '0+', default: null }),
        }),
      }),
      errorCode: i16('0+'),
      errorMessage: string('0+', { nullable: '0+', default: null }),
    }),
  },
});
export type DescribeShareGroupOffsetsResponse = Decoded<typeof describeShareGroupOffsetsResponse>;
export type DescribeShareGroupOffsetsResponseInput = Input<typeof describeShareGroupOffsetsResponse>;
