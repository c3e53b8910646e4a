/**
 * DescribeProducers (key 61). Producers that a partition knows (KIP-664).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i64, i64x, string } from '../schema-language.ts';

export const describeProducersRequest = message('DescribeProducersRequest', {
  versions: '0',
  flexible: '0+',
  fields: {
    topics: array('0+', {
      name: string('0+', { mapKey: true, entityType: 'topicName' }),
      partitionIndexes: array('0+', 'i32'),
    }),
  },
});
export type DescribeProducersRequest = Decoded<typeof describeProducersRequest>;
export type DescribeProducersRequestInput = Input<typeof describeProducersRequest>;

export const describeProducersResponse = message('DescribeProducersResponse', {
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    topics: array('0+', {
      name: string('0+', { entityType: 'topicName' }),
      partitions: array('0+', {
        partitionIndex: i32('0+'),
        errorCode: i16('0+'),
        errorMessage: string('0+', { nullable: '0+', default: null }),
        activeProducers: array('0+', {
          producerId: i64('0+', { entityType: 'producerId' }),
          producerEpoch: i32('0+'),
          lastSequence: i32('0+', { default: -1 }),
          lastTimestamp: i64x('0+', { default: -1n }),
          coordinatorEpoch: i32('0+'),
          currentTxnStartOffset: i64('0+', { default: -1 }),
        }),
      }),
    }),
  },
});
export type DescribeProducersResponse = Decoded<typeof describeProducersResponse>;
export type DescribeProducersResponseInput = Input<typeof describeProducersResponse>;
