/**
 * SyncGroup (key 14). The leader of a classic group gives the assignment, every member takes its own.
 *
 * v3 static members (KIP-345); v5 the protocol type is named (KIP-559).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bytes, i16, i32, string } from '../schema-language.ts';

export const syncGroupRequest = message('SyncGroupRequest', {
  versions: '0-5',
  flexible: '4+',
  fields: {
    groupId: string('0+', { entityType: 'groupId' }),
    generationId: i32('0+'),
    memberId: string('0+'),
    groupInstanceId: string('3+', { nullable: '3+', default: null }),
    protocolType: string('5+', { nullable: '5+', default: null, ignorable: true }),
    protocolName: string('5+', { nullable: '5+', default: null, ignorable: true }),
    assignments: array('0+', {
      memberId: string('0+'),
      assignment: bytes('0+'),
    }),
  },
});
export type SyncGroupRequest = Decoded<typeof syncGroupRequest>;
export type SyncGroupRequestInput = Input<typeof syncGroupRequest>;

export const syncGroupResponse = message('SyncGroupResponse', {
  versions: '0-5',
  flexible: '4+',
  fields: {
    throttleTimeMs: i32('1+', { ignorable: true }),
    errorCode: i16('0+'),
    protocolType: string('5+', { nullable: '5+', default: null, ignorable: true }),
    protocolName: string('5+', { nullable: '5+', default: null, ignorable: true }),
    assignment: bytes('0+'),
  },
});
export type SyncGroupResponse = Decoded<typeof syncGroupResponse>;
export type SyncGroupResponseInput = Input<typeof syncGroupResponse>;
