/**
 * CreateAcls (key 30). Creates access control entries (KIP-140).
 *
 * v1 prefixed patterns (KIP-290); v3 users as resources (KIP-373).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i8, string } from '../schema-language.ts';

export const createAclsRequest = message('CreateAclsRequest', {
  versions: '1-3',
  flexible: '2+',
  fields: {
    creations: array('0+', {
      resourceType: i8('0+'),
      resourceName: string('0+'),
      resourcePatternType: i8('1+', { default: 3 }),
      principal: string('0+'),
      host: string('0+'),
      operation: i8('0+'),
      permissionType: i8('0+'),
    }),
  },
});
export type CreateAclsRequest = Decoded<typeof createAclsRequest>;
export type CreateAclsRequestInput = Input<typeof createAclsRequest>;

export const createAclsResponse = message('CreateAclsResponse', {
  versions: '1-3',
  flexible: '2+',
  fields: {
    throttleTimeMs: i32('0+'),
    results: array('0+', {
      errorCode: i16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
    }),
  },
});
export type CreateAclsResponse = Decoded<typeof createAclsResponse>;
export type CreateAclsResponseInput = Input<typeof createAclsResponse>;
