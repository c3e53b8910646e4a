/**
 * ShareGroupTargetAssignmentMember (type 13 of __consumer_offsets). What a member of a share group shall have
 * (KIP-932).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, string, uuid } from '../../schema-language.ts';

export const shareGroupTargetAssignmentMemberKey = message('ShareGroupTargetAssignmentMemberKey', {
  versions: '0',
  flexible: 'none',
  fields: {
    groupId: string('0'),
    memberId: string('0'),
  },
});
export type ShareGroupTargetAssignmentMemberKey = Decoded<typeof shareGroupTargetAssignmentMemberKey>;
export type ShareGroupTargetAssignmentMemberKeyInput = Input<typeof shareGroupTargetAssignmentMemberKey>;

export const shareGroupTargetAssignmentMemberValue = message('ShareGroupTargetAssignmentMemberValue', {
  versions: '0',
  flexible: '0+',
  fields: {
    topicPartitions: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', 'i32'),
    }),
  },
});
export type ShareGroupTargetAssignmentMemberValue = Decoded<typeof shareGroupTargetAssignmentMemberValue>;
export type ShareGroupTargetAssignmentMemberValueInput = Input<typeof shareGroupTargetAssignmentMemberValue>;
