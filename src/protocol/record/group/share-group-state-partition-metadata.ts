/**
 * ShareGroupStatePartitionMetadata (type 15 of __consumer_offsets). For which share partitions state was initialized
 * (KIP-932).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, string, uuid } from '../../schema-language.ts';

export const shareGroupStatePartitionMetadataKey = message('ShareGroupStatePartitionMetadataKey', {
  versions: '0',
  flexible: 'none',
  fields: {
    groupId: string('0'),
  },
});
export type ShareGroupStatePartitionMetadataKey = Decoded<typeof shareGroupStatePartitionMetadataKey>;
export type ShareGroupStatePartitionMetadataKeyInput = Input<typeof shareGroupStatePartitionMetadataKey>;

const topicPartitionsInfo = {
  topicId: uuid('0+'),
  topicName: string('0+'),
  partitions: array('0+', 'i32'),
};

const topicInfo = {
  topicId: uuid('0+'),
  topicName: string('0+'),
};

export const shareGroupStatePartitionMetadataValue = message('ShareGroupStatePartitionMetadataValue', {
  versions: '0',
  flexible: '0+',
  fields: {
    initializingTopics: array('0+', topicPartitionsInfo),
    initializedTopics: array('0+', topicPartitionsInfo),
    deletingTopics: array('0+', topicInfo),
  },
});
export type ShareGroupStatePartitionMetadataValue = Decoded<typeof shareGroupStatePartitionMetadataValue>;
export type ShareGroupStatePartitionMetadataValueInput = Input<typeof shareGroupStatePartitionMetadataValue>;
