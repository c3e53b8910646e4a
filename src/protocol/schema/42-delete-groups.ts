/**
 * DeleteGroups (key 42). Deletes empty groups (KIP-229).
 *
 * v3 error messages (KIP-1331).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, string } from '../schema-language.ts';

export const deleteGroupsRequest = message('DeleteGroupsRequest', {
  versions: '0-3',
  flexible: '2+',
  fields: {
    groupsNames: array('0+', 'string', { entityType: 'groupId' }),
  },
});
export type DeleteGroupsRequest = Decoded<typeof deleteGroupsRequest>;
export type DeleteGroupsRequestInput = Input<typeof deleteGroupsRequest>;

export const deleteGroupsResponse = message('DeleteGroupsResponse', {
  versions: '0-3',
  flexible: '2+',
  fields: {
    throttleTimeMs: i32('0+'),
    results: array('0+', {
      groupId: string('0+', { mapKey: true, entityType: 'groupId' }),
      errorCode: i16('0+'),
      errorMessage: string('3+', { nullable: '3+', default: null, ignorable: true }),
    }),
  },
});
export type DeleteGroupsResponse = Decoded<typeof deleteGroupsResponse>;
export type DeleteGroupsResponseInput = Input<typeof deleteGroupsResponse>;
