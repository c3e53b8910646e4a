/**
 * StreamsGroupCurrentMemberAssignment (type 22 of __consumer_offsets). The tasks that a member of a streams group has
 * now (KIP-1071).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, i32, i8, string } from '../../schema-language.ts';

export const streamsGroupCurrentMemberAssignmentKey = message('StreamsGroupCurrentMemberAssignmentKey', {
  versions: '0',
  flexible: 'none',
  fields: {
    groupId: string('0'),
    memberId: string('0'),
  },
});
export type StreamsGroupCurrentMemberAssignmentKey = Decoded<typeof streamsGroupCurrentMemberAssignmentKey>;
export type StreamsGroupCurrentMemberAssignmentKeyInput = Input<typeof streamsGroupCurrentMemberAssignmentKey>;

const taskIds = {
  subtopologyId: string('0+'),
  partitions: array('0+', 'i32'),
  assignmentEpochs: array('0+', 'i32', { nullable: '0+', tag: 0 }),
};

export const streamsGroupCurrentMemberAssignmentValue = message('StreamsGroupCurrentMemberAssignmentValue', {
  versions: '0',
  flexible: '0+',
  fields: {
    memberEpoch: i32('0+'),
    previousMemberEpoch: i32('0+'),
    state: i8('0+'),
    activeTasks: array('0+', taskIds),
    standbyTasks: array('0+', taskIds),
    warmupTasks: array('0+', taskIds),
    activeTasksPendingRevocation: array('0+', taskIds),
    standbyTasksPendingRevocation: array('0+', taskIds),
    warmupTasksPendingRevocation: array('0+', taskIds),
  },
});
export type StreamsGroupCurrentMemberAssignmentValue = Decoded<typeof streamsGroupCurrentMemberAssignmentValue>;
export type StreamsGroupCurrentMemberAssignmentValueInput = Input<typeof streamsGroupCurrentMemberAssignmentValue>;
