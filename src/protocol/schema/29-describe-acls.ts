/**
 * DescribeAcls (key 29). Lists access control entries (KIP-140).
 *
 * v1 prefixed patterns (KIP-290); v3 users as resources (KIP-373).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i8, string } from '../schema-language.ts';

export const describeAclsRequest = message('DescribeAclsRequest', {
  versions: '1-3',
  flexible: '2+',
  fields: {
    resourceTypeFilter: i8('0+'),
    resourceNameFilter: string('0+', { nullable: '0+' }),
    patternTypeFilter: i8('1+', { default: 3 }),
    principalFilter: string('0+', { nullable: '0+' }),
    hostFilter: string('0+', { nullable: '0+' }),
    operation: i8('0+'),
    permissionType: i8('0+'),
  },
});
export type DescribeAclsRequest = Decoded<typeof describeAclsRequest>;
export type DescribeAclsRequestInput = Input<typeof describeAclsRequest>;

export const describeAclsResponse = message('DescribeAclsResponse', {
  versions: '1-3',
  flexible: '2+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    resources: array('0+', {
      resourceType: i8('0+'),
      resourceName: string('0+'),
      patternType: i8('1+', { default: 3 }),
      acls: array('0+', {
        principal: string('0+'),
        host: string('0+'),
        operation: i8('0+'),
        permissionType: i8('0+'),
      }),
    }),
  },
});
export type DescribeAclsResponse = Decoded<typeof describeAclsResponse>;
export type DescribeAclsResponseInput = Input<typeof describeAclsResponse>;
