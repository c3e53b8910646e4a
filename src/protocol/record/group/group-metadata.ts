/**
 * GroupMetadata (type 2 of __consumer_offsets). A group of the classic protocol with its members and assignments.
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, bytes, i32, i64, string } from '../../schema-language.ts';

export const groupMetadataKey = message('GroupMetadataKey', {
  versions: '0',
  flexible: 'none',
  fields: {
    group: string('0'),
  },
});
export type GroupMetadataKey = Decoded<typeof groupMetadataKey>;
export type GroupMetadataKeyInput = Input<typeof groupMetadataKey>;

const memberMetadata = {
  memberId: string('0+'),
  groupInstanceId: string('3+', { nullable: '3+', default: null, ignorable: true }),
  clientId: string('0+'),
  clientHost: string('0+'),
  rebalanceTimeout: i32('1+', { default: -1, ignorable: true }),
  sessionTimeout: i32('0+'),
  subscription: bytes('0+'),
  assignment: bytes('0+'),
};

export const groupMetadataValue = message('GroupMetadataValue', {
  versions: '0-4',
  flexible: '4+',
  fields: {
    protocolType: string('0+'),
    generation: i32('0+'),
    protocol: string('0+', { nullable: '0+' }),
    leader: string('0+', { nullable: '0+' }),
    currentStateTimestamp: i64('2+', { default: -1, ignorable: true }),
    members: array('0+', memberMetadata),
  },
});
export type GroupMetadataValue = Decoded<typeof groupMetadataValue>;
export type GroupMetadataValueInput = Input<typeof groupMetadataValue>;
