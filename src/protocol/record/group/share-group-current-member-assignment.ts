/**
 * ShareGroupCurrentMemberAssignment (type 14 of __consumer_offsets). What a member of a share group has now (KIP-932).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, i32, i8, string, uuid } from '../../schema-language.ts';

export const shareGroupCurrentMemberAssignmentKey = message('ShareGroupCurrentMemberAssignmentKey', {
  versions: '0',
  flexible: 'none',
  fields: {
    groupId: string('0'),
    memberId: string('0'),
  },
});
export type ShareGroupCurrentMemberAssignmentKey = Decoded<typeof shareGroupCurrentMemberAssignmentKey>;
export type ShareGroupCurrentMemberAssignmentKeyInput = Input<typeof shareGroupCurrentMemberAssignmentKey>;

const topicPartitions = {
  topicId: uuid('0+'),
  partitions: array('0+', 'i32'),
};

export const shareGroupCurrentMemberAssignmentValue = message('ShareGroupCurrentMemberAssignmentValue', {
  versions: '0',
  flexible: '0+',
  fields: {
    memberEpoch: i32('0+'),
    previousMemberEpoch: i32('0+'),
    state: i8('0+'),
    assignedPartitions: array('0+', topicPartitions),
  },
});
export type ShareGroupCurrentMemberAssignmentValue = Decoded<typeof shareGroupCurrentMemberAssignmentValue>;
export type ShareGroupCurrentMemberAssignmentValueInput = Input<typeof shareGroupCurrentMemberAssignmentValue>;
