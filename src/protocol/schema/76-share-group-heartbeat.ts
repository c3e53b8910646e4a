/**
 * ShareGroupHeartbeat (key 76). The whole protocol of a share group's members (KIP-932).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, string, struct, uuid } from '../schema-language.ts';

export const shareGroupHeartbeatRequest = message('ShareGroupHeartbeatRequest', {
  versions: '1',
  flexible: '0+',
  fields: {
    groupId: string('0+', { entityType: 'groupId' }),
    memberId: string('0+'),
    memberEpoch: i32('0+'),
    rackId: string('0+', { nullable: '0+', default: null }),
    subscribedTopicNames: array('0+', 'string', { nullable: '0+', default: null, entityType: 'topicName' }),
  },
});
export type ShareGroupHeartbeatRequest = Decoded<typeof shareGroupHeartbeatRequest>;
export type ShareGroupHeartbeatRequestInput = Input<typeof shareGroupHeartbeatRequest>;

const topicPartitions = {
  topicId: uuid('0+'),
  partitions: array('0+', 'i32'),
};

export const shareGroupHeartbeatResponse = message('ShareGroupHeartbeatResponse', {
  versions: '1',
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
export type ShareGroupHeartbeatResponse = Decoded<typeof shareGroupHeartbeatResponse>;
export type ShareGroupHeartbeatResponseInput = Input<typeof shareGroupHeartbeatResponse>;
