/**
 * What members and leader of a classic consumer group tell each other inside JoinGroup and SyncGroup, opaque to the
 * broker but for tools that describe groups.
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, bytes, i32, string } from '../../schema-language.ts';

export const consumerProtocolSubscription = message('ConsumerProtocolSubscription', {
  versions: '0-3',
  flexible: 'none',
  fields: {
    topics: array('0+', 'string'),
    userData: bytes('0+', { nullable: '0+', default: null }),
    ownedPartitions: array(
      '1+',
      {
        topic: string('1+', { mapKey: true, entityType: 'topicName' }),
        partitions: array('1+', 'i32'),
      },
      { ignorable: true },
    ),
    generationId: i32('2+', { default: -1, ignorable: true }),
    rackId: string('3+', { nullable: '3+', default: null, ignorable: true }),
  },
});
export type ConsumerProtocolSubscription = Decoded<typeof consumerProtocolSubscription>;
export type ConsumerProtocolSubscriptionInput = Input<typeof consumerProtocolSubscription>;

export const consumerProtocolAssignment = message('ConsumerProtocolAssignment', {
  versions: '0-3',
  flexible: 'none',
  fields: {
    assignedPartitions: array('0+', {
      topic: string('0+', { mapKey: true, entityType: 'topicName' }),
      partitions: array('0+', 'i32'),
    }),
    userData: bytes('0+', { nullable: '0+', default: null }),
  },
});
export type ConsumerProtocolAssignment = Decoded<typeof consumerProtocolAssignment>;
export type ConsumerProtocolAssignmentInput = Input<typeof consumerProtocolAssignment>;
