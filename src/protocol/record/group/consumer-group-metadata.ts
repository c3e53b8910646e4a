/**
 * ConsumerGroupMetadata (type 3 of __consumer_offsets). A consumer group and its epoch (KIP-848).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { i32, i64x, string } from '../../schema-language.ts';

export const consumerGroupMetadataKey = message('ConsumerGroupMetadataKey', {
  versions: '0',
  flexible: 'none',
  fields: {
    groupId: string('0'),
  },
});
export type ConsumerGroupMetadataKey = Decoded<typeof consumerGroupMetadataKey>;
export type ConsumerGroupMetadataKeyInput = Input<typeof consumerGroupMetadataKey>;

export const consumerGroupMetadataValue = message('ConsumerGroupMetadataValue', {
  versions: '0',
  flexible: '0+',
  fields: {
    epoch: i32('0+'),
    metadataHash: i64x('0+', { default: 0n, tag: 0 }),
  },
});
export type ConsumerGroupMetadataValue = Decoded<typeof consumerGroupMetadataValue>;
export type ConsumerGroupMetadataValueInput = Input<typeof consumerGroupMetadataValue>;
