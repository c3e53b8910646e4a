/**
 * DeleteAcls (key 31). Deletes access control entries by filters (KIP-140).
 *
 * v1 prefixed patterns (KIP-290); v3 users as resources (KIP-373).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i8, string } from '../schema-language.ts';

export const deleteAclsRequest = message('DeleteAclsRequest', {
  versions: '1-3',
  flexible: '2+',
  fields: {
    filters: array('0+', {
      resourceTypeFilter: i8('0+'),
      resourceNameFilter: string('0+', { nullable: '0+' }),
      patternTypeFilter: i8('1+', { default: 3 }),
      principalFilter: string('0+', { nullable: '0+' }),
      hostFilter: string('0+', { nullable: '0+' }),
      operation: i8('0+'),
      permissionType: i8('0+'),
    }),
  },
});
export type DeleteAclsRequest = Decoded<typeof deleteAclsRequest>;
export type DeleteAclsRequestInput = Input<typeof deleteAclsRequest>;

export const deleteAclsResponse = message('DeleteAclsResponse', {
  versions: '1-3',
  flexible: '2+',
  fields: {
    throttleTimeMs: i32('0+'),
    filterResults: array('0+', {
      errorCode: i16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
      matchingAcls: array('0+', {
        errorCode: i16('0+'),
        errorMessage: string('0+', { nullable: '0+' }),
        resourceType: i8('0+'),
        resourceName: string('0+'),
        patternType: i8('1+', { default: 3 }),
        principal: string('0+'),
        host: string('0+'),
        operation: i8('0+'),
        permissionType: i8('0+'),
      }),
    }),
  },
});
export type DeleteAclsResponse = Decoded<typeof deleteAclsResponse>;
export type DeleteAclsResponseInput = Input<typeof deleteAclsResponse>;
