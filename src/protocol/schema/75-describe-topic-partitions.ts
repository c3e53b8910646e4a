/**
 * DescribeTopicPartitions (key 75). Topics page by page, with eligible leader replicas (KIP-966).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, string, struct, uuid } from '../schema-language.ts';

export const describeTopicPartitionsRequest = message('DescribeTopicPartitionsRequest', {
  versions: '0',
  flexible: '0+',
  fields: {
    topics: array('0+', {
      name: string('0+', { entityType: 'topicName' }),
    }),
    responsePartitionLimit: i32('0+', { default: 2000 }),
    cursor: struct(
      '0+',
      {
        topicName: string('0+', { entityType: 'topicName' }),
        partitionIndex: i32('0+'),
      },
      { nullable: '0+', default: null },
    ),
  },
});
export type DescribeTopicPartitionsRequest = Decoded<typeof describeTopicPartitionsRequest>;
export type DescribeTopicPartitionsRequestInput = Input<typeof describeTopicPartitionsRequest>;

export const describeTopicPartitionsResponse = message('DescribeTopicPartitionsResponse', {
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+', { ignorable: true }),
    topics: array('0+', {
      errorCode: i16('0+'),
      name: string('0+', { nullable: '0+', mapKey: true, entityType: 'topicName' }),
      topicId: uuid('0+', { ignorable: true }),
      isInternal: bool('0+', { default: false, ignorable: true }),
      partitions: array('0+', {
        errorCode: i16('0+'),
        partitionIndex: i32('0+'),
        leaderId: i32('0+', { entityType: 'brokerId' }),
        leaderEpoch: i32('0+', { default: -1, ignorable: true }),
        replicaNodes: array('0+', 'i32', { entityType: 'brokerId' }),
        isrNodes: array('0+', 'i32', { entityType: 'brokerId' }),
        eligibleLeaderReplicas: array('0+', 'i32', { nullable: '0+', default: null, entityType: 'brokerId' }),
        lastKnownElr: array('0+', 'i32', { nullable: '0+', default: null, entityType: 'brokerId' }),
        offlineReplicas: array('0+', 'i32', { ignorable: true, entityType: 'brokerId' }),
      }),
      topicAuthorizedOperations: i32('0+', { default: -2147483648 }),
    }),
    nextCursor: struct(
      '0+',
      {
        topicName: string('0+', { entityType: 'topicName' }),
        partitionIndex: i32('0+'),
      },
      { nullable: '0+', default: null },
    ),
  },
});
export type DescribeTopicPartitionsResponse = Decoded<typeof describeTopicPartitionsResponse>;
export type DescribeTopicPartitionsResponseInput = Input<typeof describeTopicPartitionsResponse>;
