/**
 * ConsumerGroupTargetAssignmentMetadata (type 6 of __consumer_offsets). The epoch of a consumer group's target
 * assignment (KIP-848).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { i32, i64, string } from '../../schema-language.ts';

export const consumerGroupTargetAssignmentMetadataKey = message('ConsumerGroupTargetAssignmentMetadataKey', {
  versions: '0',
  flexible: 'none',
  fields: {
    groupId: string('0'),
  },
});
export type ConsumerGroupTargetAssignmentMetadataKey = Decoded<typeof consumerGroupTargetAssignmentMetadataKey>;
export type ConsumerGroupTargetAssignmentMetadataKeyInput = Input<typeof consumerGroupTargetAssignmentMetadataKey>;

export const consumerGroupTargetAssignmentMetadataValue = message('ConsumerGroupTargetAssignmentMetadataValue', {
  versions: '0',
  flexible: '0+',
  fields: {
    assignmentEpoch: i32('0+'),
    assignmentTimestamp: i64('0+', { default: 0, tag: 0, ignorable: true }),
  },
});
export type ConsumerGroupTargetAssignmentMetadataValue = Decoded<typeof consumerGroupTargetAssignmentMetadataValue>;
export type ConsumerGroupTargetAssignmentMetadataValueInput = Input<typeof consumerGroupTargetAssignmentMetadataValue>;
