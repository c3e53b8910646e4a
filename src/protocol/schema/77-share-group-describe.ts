/**
 * ShareGroupDescribe (key 77). State and members of share groups (KIP-932).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, string, struct, uuid } from '../schema-language.ts';

export const shareGroupDescribeRequest = message('ShareGroupDescribeRequest', {
  versions: '1',
  flexible: '0+',
  fields: {
    groupIds: array('0+', 'string', { entityType: 'groupId' }),
    includeAuthorizedOperations: bool('0+'),
  },
});
export type ShareGroupDescribeRequest = Decoded<typeof shareGroupDescribeRequest>;
export type ShareGroupDescribeRequestInput = Input<typeof shareGroupDescribeRequest>;

const topicPartitions = {
  topicId: uuid('0+'),
  topicName: string('0+', { entityType: 'topicName' }),
  partitions: array('0+', 'i32'),
};

const assignment = {
  topicPartitions: array('0+', topicPartitions),
};

export const shareGroupDescribeResponse = message('ShareGroupDescribeResponse', {
  versions: '1',
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
        rackId: string('0+', { nullable: '0+', default: null }),
        memberEpoch: i32('0+'),
        clientId: string('0+'),
        clientHost: string('0+'),
        subscribedTopicNames: array('0+', 'string', { entityType: 'topicName' }),
        assignment: struct('0+', assignment),
      }),
      authorizedOperations: i32('0+', { default: -2147483648 }),
    }),
  },
});
export type ShareGroupDescribeResponse = Decoded<typeof shareGroupDescribeResponse>;
export type ShareGroupDescribeResponseInput = Input<typeof shareGroupDescribeResponse>;
