/**
 * LeaveGroup (key 13). Leaves a classic group.
 *
 * v3 several members (KIP-345); v5 the reason (KIP-800).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, string } from '../schema-language.ts';

export const leaveGroupRequest = message('LeaveGroupRequest', {
  versions: '0-5',
  flexible: '4+',
  fields: {
    groupId: string('0+', { entityType: 'groupId' }),
    memberId: string('0-2'),
    members: array('3+', {
      memberId: string('3+'),
      groupInstanceId: string('3+', { nullable: '3+', default: null }),
      reason: string('5+', { nullable: '5+', default: null, ignorable: true }),
    }),
  },
});
export type LeaveGroupRequest = Decoded<typeof leaveGroupRequest>;
export type LeaveGroupRequestInput = Input<typeof leaveGroupRequest>;

export const leaveGroupResponse = message('LeaveGroupResponse', {
  versions: '0-5',
  flexible: '4+',
  fields: {
    throttleTimeMs: i32('1+', { ignorable: true }),
    errorCode: i16('0+'),
    members: array('3+', {
      memberId: string('3+'),
      groupInstanceId: string('3+', { nullable: '3+' }),
      errorCode: i16('3+'),
    }),
  },
});
export type LeaveGroupResponse = Decoded<typeof leaveGroupResponse>;
export type LeaveGroupResponseInput = Input<typeof leaveGroupResponse>;
