/**
 * ConsumerGroupTargetAssignmentMember (type 7 of __consumer_offsets). What a member of a consumer group shall own
 * (KIP-848).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, string, uuid } from '../../schema-language.ts';

export const consumerGroupTargetAssignmentMemberKey = message('ConsumerGroupTargetAssignmentMemberKey', {
  versions: '0',
  flexible: 'none',
  fields: {
    groupId: string('0'),
    memberId: string('0'),
  },
});
export type ConsumerGroupTargetAssignmentMemberKey = Decoded<typeof consumerGroupTargetAssignmentMemberKey>;
export type ConsumerGroupTargetAssignmentMemberKeyInput = Input<typeof consumerGroupTargetAssignmentMemberKey>;

export const consumerGroupTargetAssignmentMemberValue = message('ConsumerGroupTargetAssignmentMemberValue', {
  versions: '0',
  flexible: '0+',
  fields: {
    topicPartitions: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', 'i32'),
    }),
  },
});
export type ConsumerGroupTargetAssignmentMemberValue = Decoded<typeof consumerGroupTargetAssignmentMemberValue>;
export type ConsumerGroupTargetAssignmentMemberValueInput = Input<typeof consumerGroupTargetAssignmentMemberValue>;
