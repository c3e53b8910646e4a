/**
 * ConsumerGroupDescribe (key 69). State and members of consumer groups (KIP-848).
 *
 * v1 the type of a member (KIP-1099).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, i8, string, struct, uuid } from '../schema-language.ts';

export const consumerGroupDescribeRequest = message('ConsumerGroupDescribeRequest', {
  versions: '0-1',
  flexible: '0+',
  fields: {
    groupIds: array('0+', 'string', { entityType: 'groupId' }),
    includeAuthorizedOperations: bool('0+'),
  },
});
export type ConsumerGroupDescribeRequest = Decoded<typeof consumerGroupDescribeRequest>;
export type ConsumerGroupDescribeRequestInput = Input<typeof consumerGroupDescribeRequest>;

const topicPartitions = {
  topicId: uuid('0+'),
  topicName: string('0+', { entityType: 'topicName' }),
  partitions: array('0+', 'i32'),
};

const assignment = {
  topicPartitions: array('0+', topicPartitions),
};

export const consumerGroupDescribeResponse = message('ConsumerGroupDescribeResponse', {
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    groups: array('0+', {
      errorCode: i16('0+'),
      errorMessage: string('0+', { nullable: '0+', default: null }),
      groupId: string('0+', { entityType: 'groupId' }),
      groupState: string('0+'),
      groupEpoch: i32('0+'),
      assignmentEpoch: i32('0+'),
      assignorName: string('0+'),
      members: array('0+', {
        memberId: string('0+'),
        instanceId: string('0+', { nullable: '0+', default: null }),
        rackId: string('0+', { nullable: '0+', default: null }),
        memberEpoch: i32('0+'),
        clientId: string('0+'),
        clientHost: string('0+'),
        subscribedTopicNames: array('0+', 'string', { entityType: 'topicName' }),
        subscribedTopicRegex: string('0+', { nullable: '0+', default: null }),
        assignment: struct('0+', assignment),
        targetAssignment: struct('0+', assignment),
        memberType: i8('1+', { default: -1, ignorable: true }),
      }),
      authorizedOperations: i32('0+', { default: -2147483648 }),
    }),
  },
});
export type ConsumerGroupDescribeResponse = Decoded<typeof consumerGroupDescribeResponse>;
export type ConsumerGroupDescribeResponseInput = Input<typeof consumerGroupDescribeResponse>;
