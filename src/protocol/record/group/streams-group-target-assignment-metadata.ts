/**
 * StreamsGroupTargetAssignmentMetadata (type 20 of __consumer_offsets). The epoch of a streams group's target
 * assignment (KIP-1071).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { i32, i64, string } from '../../schema-language.ts';

export const streamsGroupTargetAssignmentMetadataKey = message('StreamsGroupTargetAssignmentMetadataKey', {
  versions: '0',
  flexible: 'none',
  fields: {
    groupId: string('0'),
  },
});
export type StreamsGroupTargetAssignmentMetadataKey = Decoded<typeof streamsGroupTargetAssignmentMetadataKey>;
export type StreamsGroupTargetAssignmentMetadataKeyInput = Input<typeof streamsGroupTargetAssignmentMetadataKey>;

export const streamsGroupTargetAssignmentMetadataValue = message('StreamsGroupTargetAssignmentMetadataValue', {
  versions: '0',
  flexible: '0+',
  fields: {
    assignmentEpoch: i32('0+'),
    assignmentTimestamp: i64('0+', { default: 0, tag: 0, ignorable: true }),
  },
});
export type StreamsGroupTargetAssignmentMetadataValue = Decoded<typeof streamsGroupTargetAssignmentMetadataValue>;
export type StreamsGroupTargetAssignmentMetadataValueInput = Input<typeof streamsGroupTargetAssignmentMetadataValue>;
