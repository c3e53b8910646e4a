/**
 * ConsumerGroupMemberMetadata (type 5 of __consumer_offsets). A member of a consumer group (KIP-848).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, bytes, i32, string, struct } from '../../schema-language.ts';

export const consumerGroupMemberMetadataKey = message('ConsumerGroupMemberMetadataKey', {
  versions: '0',
  flexible: 'none',
  fields: {
    groupId: string('0'),
    memberId: string('0'),
  },
});
export type ConsumerGroupMemberMetadataKey = Decoded<typeof consumerGroupMemberMetadataKey>;
export type ConsumerGroupMemberMetadataKeyInput = Input<typeof consumerGroupMemberMetadataKey>;

export const consumerGroupMemberMetadataValue = message('ConsumerGroupMemberMetadataValue', {
  versions: '0',
  flexible: '0+',
  fields: {
    instanceId: string('0+', { nullable: '0+' }),
    rackId: string('0+', { nullable: '0+' }),
    clientId: string('0+'),
    clientHost: string('0+'),
    subscribedTopicNames: array('0+', 'string'),
    subscribedTopicRegex: string('0+', { nullable: '0+' }),
    rebalanceTimeoutMs: i32('0+', { default: -1 }),
    serverAssignor: string('0+', { nullable: '0+' }),
    classicMemberMetadata: struct(
      '0+',
      {
        sessionTimeoutMs: i32('0+'),
        supportedProtocols: array('0+', {
          name: string('0+'),
          metadata: bytes('0+'),
        }),
      },
      { nullable: '0+', tag: 0 },
    ),
  },
});
export type ConsumerGroupMemberMetadataValue = Decoded<typeof consumerGroupMemberMetadataValue>;
export type ConsumerGroupMemberMetadataValueInput = Input<typeof consumerGroupMemberMetadataValue>;
