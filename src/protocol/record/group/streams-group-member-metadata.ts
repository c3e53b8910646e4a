/**
 * StreamsGroupMemberMetadata (type 19 of __consumer_offsets). A member of a streams group (KIP-1071).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, i32, string, struct, u16 } from '../../schema-language.ts';

export const streamsGroupMemberMetadataKey = message('StreamsGroupMemberMetadataKey', {
  versions: '0',
  flexible: 'none',
  fields: {
    groupId: string('0'),
    memberId: string('0'),
  },
});
export type StreamsGroupMemberMetadataKey = Decoded<typeof streamsGroupMemberMetadataKey>;
export type StreamsGroupMemberMetadataKeyInput = Input<typeof streamsGroupMemberMetadataKey>;

const endpoint = {
  host: string('0+'),
  port: u16('0+'),
};

const keyValue = {
  key: string('0+'),
  value: string('0+'),
};

export const streamsGroupMemberMetadataValue = message('StreamsGroupMemberMetadataValue', {
  versions: '0',
  flexible: '0+',
  fields: {
    instanceId: string('0+', { nullable: '0+' }),
    rackId: string('0+', { nullable: '0+' }),
    clientId: string('0+'),
    clientHost: string('0+'),
    rebalanceTimeoutMs: i32('0+', { default: -1 }),
    topologyEpoch: i32('0+'),
    processId: string('0+'),
    userEndpoint: struct('0+', endpoint, { nullable: '0+', default: null }),
    clientTags: array('0+', keyValue),
  },
});
export type StreamsGroupMemberMetadataValue = Decoded<typeof streamsGroupMemberMetadataValue>;
export type StreamsGroupMemberMetadataValueInput = Input<typeof streamsGroupMemberMetadataValue>;
