/**
 * ShareGroupMetadata (type 11 of __consumer_offsets). A share group and its epoch (KIP-932).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { i32, i64x, string } from '../../schema-language.ts';

export const shareGroupMetadataKey = message('ShareGroupMetadataKey', {
  versions: '0',
  flexible: 'none',
  fields: {
    groupId: string('0'),
  },
});
export type ShareGroupMetadataKey = Decoded<typeof shareGroupMetadataKey>;
export type ShareGroupMetadataKeyInput = Input<typeof shareGroupMetadataKey>;

export const shareGroupMetadataValue = message('ShareGroupMetadataValue', {
  versions: '0',
  flexible: '0+',
  fields: {
    epoch: i32('0+'),
    metadataHash: i64x('0+'),
  },
});
export type ShareGroupMetadataValue = Decoded<typeof shareGroupMetadataValue>;
export type ShareGroupMetadataValueInput = Input<typeof shareGroupMetadataValue>;
