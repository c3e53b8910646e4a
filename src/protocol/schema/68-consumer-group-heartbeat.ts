/**
 * ConsumerGroupHeartbeat (key 68). The whole protocol of a consumer group: joins, stays, leaves, learns its assignment
 * (KIP-848).
 *
 * v1 subscription by a regular expression.
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, string, struct, uuid } from '../schema-language.ts';

export const consumerGroupHeartbeatRequest = message('ConsumerGroupHeartbeatRequest', {
  versions: '0-1',
  flexible: '0+',
  fields: {
    groupId: string('0+', { entityType: 'groupId' }),
    memberId: string('0+'),
    memberEpoch: i32('0+'),
    instanceId: string('0+', { nullable: '0+', default: null }),
    rackId: string('0+', { nullable: '0+', default: null }),
    rebalanceTimeoutMs: i32('0+', { default: -1 }),
    subscribedTopicNames: array('0+', 'string', { nullable: '0+', default: null, entityType: 'topicName' }),
    subscribedTopicRegex: string('1+', { nullable: '1+', default: null }),
    serverAssignor: string('0+', { nullable: '0+', default: null }),
    topicPartitions: array(
      '0+',
      {
        topicId: uuid('0+'),
        partitions: array('0+', 'i32'),
      },
      { nullable: '0+', default: null },
    ),
  },
});
export type ConsumerGroupHeartbeatRequest = Decoded<typeof consumerGroupHeartbeatRequest>;
export type ConsumerGroupHeartbeatRequestInput = Input<typeof consumerGroupHeartbeatRequest>;

const topicPartitions = {
  topicId: uuid('0+'),
  partitions: array('0+', 'i32'),
};

export const consumerGroupHeartbeatResponse = message('ConsumerGroupHeartbeatResponse', {
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    errorMessage: string('0+', { nullable: '0+', default: null }),
    memberId: string('0+', { nullable: '0+', default: null }),
    memberEpoch: i32('0+'),
    heartbeatIntervalMs: i32('0+'),
    assignment: struct(
      '0+',
      {
        topicPartitions: array('0+', topicPartitions),
      },
      { nullable: '0+', default: null },
    ),
  },
});
export type ConsumerGroupHeartbeatResponse = Decoded<typeof consumerGroupHeartbeatResponse>;
export type ConsumerGroupHeartbeatResponseInput = Input<typeof consumerGroupHeartbeatResponse>;
