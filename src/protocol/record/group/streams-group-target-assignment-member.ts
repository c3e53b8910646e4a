/**
 * StreamsGroupTargetAssignmentMember (type 21 of __consumer_offsets). The tasks that a member of a streams group shall
 * have (KIP-1071).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, string } from '../../schema-language.ts';

export const streamsGroupTargetAssignmentMemberKey = message('StreamsGroupTargetAssignmentMemberKey', {
  versions: '0',
  flexible: 'none',
  fields: {
    groupId: string('0'),
    memberId: string('0'),
  },
});
export type StreamsGroupTargetAssignmentMemberKey = Decoded<typeof streamsGroupTargetAssignmentMemberKey>;
export type StreamsGroupTargetAssignmentMemberKeyInput = Input<typeof streamsGroupTargetAssignmentMemberKey>;

const taskIds = {
  subtopologyId: string('0+'),
  partitions: array('0+', 'i32'),
};

export const streamsGroupTargetAssignmentMemberValue = message('StreamsGroupTargetAssignmentMemberValue', {
  versions: '0',
  flexible: '0+',
  fields: {
    activeTasks: array('0+', taskIds),
    standbyTasks: array('0+', taskIds),
    warmupTasks: array('0+', taskIds),
  },
});
export type StreamsGroupTargetAssignmentMemberValue = Decoded<typeof streamsGroupTargetAssignmentMemberValue>;
export type StreamsGroupTargetAssignmentMemberValueInput = Input<typeof streamsGroupTargetAssignmentMemberValue>;
