/**
 * ShareGroupTargetAssignmentMetadata (type 12 of __consumer_offsets). The epoch of a share group's target assignment
 * (KIP-932).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { i32, i64, string } from '../../schema-language.ts';

export const shareGroupTargetAssignmentMetadataKey = message('ShareGroupTargetAssignmentMetadataKey', {
  versions: '0',
  flexible: 'none',
  fields: {
    groupId: string('0'),
  },
});
export type ShareGroupTargetAssignmentMetadataKey = Decoded<typeof shareGroupTargetAssignmentMetadataKey>;
export type ShareGroupTargetAssignmentMetadataKeyInput = Input<typeof shareGroupTargetAssignmentMetadataKey>;

export const shareGroupTargetAssignmentMetadataValue = message('ShareGroupTargetAssignmentMetadataValue', {
  versions: '0',
  flexible: '0+',
  fields: {
    assignmentEpoch: i32('0+'),
    assignmentTimestamp: i64('0+', { default: 0, tag: 0, ignorable: true }),
  },
});
export type ShareGroupTargetAssignmentMetadataValue = Decoded<typeof shareGroupTargetAssignmentMetadataValue>;
export type ShareGroupTargetAssignmentMetadataValueInput = Input<typeof shareGroupTargetAssignmentMetadataValue>;
