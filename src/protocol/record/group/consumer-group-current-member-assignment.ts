/**
 * ConsumerGroupCurrentMemberAssignment (type 8 of __consumer_offsets). What a member of a consumer group owns now
 * (KIP-848).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, i32, i8, string, uuid } from '../../schema-language.ts';

export const consumerGroupCurrentMemberAssignmentKey = message('ConsumerGroupCurrentMemberAssignmentKey', {
  versions: '0',
  flexible: 'none',
  fields: {
    groupId: string('0'),
    memberId: string('0'),
  },
});
export type ConsumerGroupCurrentMemberAssignmentKey = Decoded<typeof consumerGroupCurrentMemberAssignmentKey>;
export type ConsumerGroupCurrentMemberAssignmentKeyInput = Input<typeof consumerGroupCurrentMemberAssignmentKey>;

const topicPartitions = {
  topicId: uuid('0+'),
  partitions: array('0+', 'i32'),
  assignmentEpochs: array('0+', 'i32', { nullable: '0+', tag: 0 }),
};

export const consumerGroupCurrentMemberAssignmentValue = message('ConsumerGroupCurrentMemberAssignmentValue', {
  versions: '0',
  flexible: '0+',
  fields: {
    memberEpoch: i32('0+'),
    previousMemberEpoch: i32('0+'),
    state: i8('0+'),
    assignedPartitions: array('0+', topicPartitions),
    partitionsPendingRevocation: array('0+', topicPartitions),
  },
});
export type ConsumerGroupCurrentMemberAssignmentValue = Decoded<typeof consumerGroupCurrentMemberAssignmentValue>;
export type ConsumerGroupCurrentMemberAssignmentValueInput = Input<typeof consumerGroupCurrentMemberAssignmentValue>;
