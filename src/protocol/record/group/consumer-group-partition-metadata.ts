/**
 * ConsumerGroupPartitionMetadata (type 4 of __consumer_offsets). The partitions that a consumer group subscribed to;
 * no longer written (KIP-848).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, i32, string, uuid } from '../../schema-language.ts';

export const consumerGroupPartitionMetadataKey = message('ConsumerGroupPartitionMetadataKey', {
  versions: '0',
  flexible: 'none',
  fields: {
    groupId: string('0'),
  },
});
export type ConsumerGroupPartitionMetadataKey = Decoded<typeof consumerGroupPartitionMetadataKey>;
export type ConsumerGroupPartitionMetadataKeyInput = Input<typeof consumerGroupPartitionMetadataKey>;

export const consumerGroupPartitionMetadataValue = message('ConsumerGroupPartitionMetadataValue', {
  versions: '0',
  flexible: '0+',
  fields: {
    topics: array('0+', {
      topicId: uuid('0+'),
      topicName: string('0+'),
      numPartitions: i32('0+'),
      partitionMetadata: array('0+', {
        partition: i32('0+'),
        racks: array('0+', 'string'),
      }),
    }),
  },
});
export type ConsumerGroupPartitionMetadataValue = Decoded<typeof consumerGroupPartitionMetadataValue>;
export type ConsumerGroupPartitionMetadataValueInput = Input<typeof consumerGroupPartitionMetadataValue>;
