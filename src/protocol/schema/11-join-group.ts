/**
 * JoinGroup (key 11). Joins a group of the classic protocol.
 *
 * v1 rebalance timeout (KIP-62); v4 the member id is given first (KIP-394); v5 static members (KIP-345); v7 the
 * protocol type is named (KIP-559); v8 the reason (KIP-800); v9 skips the assignment (KIP-814).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, bytes, i16, i32, string } from '../schema-language.ts';

export const joinGroupRequest = message('JoinGroupRequest', {
  versions: '0-9',
  flexible: '6+',
  fields: {
    groupId: string('0+', { entityType: 'groupId' }),
    sessionTimeoutMs: i32('0+'),
    rebalanceTimeoutMs: i32('1+', { default: -1, ignorable: true }),
    memberId: string('0+'),
    groupInstanceId: string('5+', { nullable: '5+', default: null }),
    protocolType: string('0+'),
    protocols: array('0+', {
      name: string('0+', { mapKey: true }),
      metadata: bytes('0+'),
    }),
    reason: string('8+', { nullable: '8+', default: null, ignorable: true }),
  },
});
export type JoinGroupRequest = Decoded<typeof joinGroupRequest>;
export type JoinGroupRequestInput = Input<typeof joinGroupRequest>;

export const joinGroupResponse = message('JoinGroupResponse', {
  versions: '0-9',
  flexible: '6+',
  fields: {
    throttleTimeMs: i32('2+', { ignorable: true }),
    errorCode: i16('0+'),
    generationId: i32('0+', { default: -1 }),
    protocolType: string('7+', { nullable: '7+', default: null, ignorable: true }),
    protocolName: string('0+', { nullable: '7+' }),
    leader: string('0+'),
    skipAssignment: bool('9+', { default: false }),
    memberId: string('0+'),
    members: array('0+', {
      memberId: string('0+'),
      groupInstanceId: string('5+', { nullable: '5+', default: null, ignorable: true }),
      metadata: bytes('0+'),
    }),
  },
});
export type JoinGroupResponse = Decoded<typeof joinGroupResponse>;
export type JoinGroupResponseInput = Input<typeof joinGroupResponse>;
