/**
 * ListGroups (key 16). All groups of a broker.
 *
 * v4 filter by state (KIP-518); v5 by type (KIP-848).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, string } from '../schema-language.ts';

export const listGroupsRequest = message('ListGroupsRequest', {
  versions: '0-5',
  flexible: '3+',
  fields: {
    statesFilter: array('4+', 'string'),
    typesFilter: array('5+', 'string'),
  },
});
export type ListGroupsRequest = Decoded<typeof listGroupsRequest>;
export type ListGroupsRequestInput = Input<typeof listGroupsRequest>;

export const listGroupsResponse = message('ListGroupsResponse', {
  versions: '0-5',
  flexible: '3+',
  fields: {
    throttleTimeMs: i32('1+', { ignorable: true }),
    errorCode: i16('0+'),
    groups: array('0+', {
      groupId: string('0+', { entityType: 'groupId' }),
      protocolType: string('0+'),
      groupState: string('4+', { ignorable: true }),
      groupType: string('5+', { ignorable: true }),
    }),
  },
});
export type ListGroupsResponse = Decoded<typeof listGroupsResponse>;
export type ListGroupsResponseInput = Input<typeof listGroupsResponse>;
