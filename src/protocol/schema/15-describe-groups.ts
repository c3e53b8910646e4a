/**
 * DescribeGroups (key 15). State and members of groups of the classic protocol.
 *
 * v3 authorized operations (KIP-430); v4 static members (KIP-345); v6 an error message and GROUP_ID_NOT_FOUND
 * (KIP-1043).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, bytes, i16, i32, string } from '../schema-language.ts';

export const describeGroupsRequest = message('DescribeGroupsRequest', {
  versions: '0-6',
  flexible: '5+',
  fields: {
    groups: array('0+', 'string', { entityType: 'groupId' }),
    includeAuthorizedOperations: bool('3+'),
  },
});
export type DescribeGroupsRequest = Decoded<typeof describeGroupsRequest>;
export type DescribeGroupsRequestInput = Input<typeof describeGroupsRequest>;

export const describeGroupsResponse = message('DescribeGroupsResponse', {
  versions: '0-6',
  flexible: '5+',
  fields: {
    throttleTimeMs: i32('1+', { ignorable: true }),
    groups: array('0+', {
      errorCode: i16('0+'),
      errorMessage: string('6+', { nullable: '6+', default: null }),
      groupId: string('0+', { entityType: 'groupId' }),
      groupState: string('0+'),
      protocolType: string('0+'),
      protocolData: string('0+'),
      members: array('0+', {
        memberId: string('0+'),
        groupInstanceId: string('4+', { nullable: '4+', default: null, ignorable: true }),
        clientId: string('0+'),
        clientHost: string('0+'),
        memberMetadata: bytes('0+'),
        memberAssignment: bytes('0+'),
      }),
      authorizedOperations: i32('3+', { default: -2147483648 }),
    }),
  },
});
export type DescribeGroupsResponse = Decoded<typeof describeGroupsResponse>;
export type DescribeGroupsResponseInput = Input<typeof describeGroupsResponse>;
