/**
 * ShareGroupMemberMetadata (type 10 of __consumer_offsets). A member of a share group (KIP-932).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, string } from '../../schema-language.ts';

export const shareGroupMemberMetadataKey = message('ShareGroupMemberMetadataKey', {
  versions: '0',
  flexible: 'none',
  fields: {
    groupId: string('0'),
    memberId: string('0'),
  },
});
export type ShareGroupMemberMetadataKey = Decoded<typeof shareGroupMemberMetadataKey>;
export type ShareGroupMemberMetadataKeyInput = Input<typeof shareGroupMemberMetadataKey>;

export const shareGroupMemberMetadataValue = message('ShareGroupMemberMetadataValue', {
  versions: '0',
  flexible: '0+',
  fields: {
    rackId: string('0+', { nullable: '0+' }),
    clientId: string('0+'),
    clientHost: string('0+'),
    subscribedTopicNames: array('0+', 'string'),
  },
});
export type ShareGroupMemberMetadataValue = Decoded<typeof shareGroupMemberMetadataValue>;
export type ShareGroupMemberMetadataValueInput = Input<typeof shareGroupMemberMetadataValue>;
