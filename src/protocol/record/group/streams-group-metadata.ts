/**
 * StreamsGroupMetadata (type 17 of __consumer_offsets). A streams group and its epoch (KIP-1071).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, i32, i64x, string } from '../../schema-language.ts';

export const streamsGroupMetadataKey = message('StreamsGroupMetadataKey', {
  versions: '0',
  flexible: 'none',
  fields: {
    groupId: string('0'),
  },
});
export type StreamsGroupMetadataKey = Decoded<typeof streamsGroupMetadataKey>;
export type StreamsGroupMetadataKeyInput = Input<typeof streamsGroupMetadataKey>;

const lastAssignmentConfig = {
  key: string('0+'),
  value: string('0+'),
};

export const streamsGroupMetadataValue = message('StreamsGroupMetadataValue', {
  versions: '0',
  flexible: '0+',
  fields: {
    epoch: i32('0+'),
    metadataHash: i64x('0+'),
    validatedTopologyEpoch: i32('0+', { default: -1, tag: 0 }),
    lastAssignmentConfigs: array('0+', lastAssignmentConfig, { nullable: '0+', tag: 1 }),
    storedDescriptionTopologyEpoch: i32('0+', { default: -1, tag: 2 }),
    failedDescriptionTopologyEpoch: i32('0+', { default: -1, tag: 3 }),
  },
});
export type StreamsGroupMetadataValue = Decoded<typeof streamsGroupMetadataValue>;
export type StreamsGroupMetadataValueInput = Input<typeof streamsGroupMetadataValue>;
