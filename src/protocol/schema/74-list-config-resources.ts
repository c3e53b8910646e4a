/**
 * ListConfigResources (key 74). Resources that have settings: client metrics (KIP-714), since v1 all kinds (KIP-1142).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i8, string } from '../schema-language.ts';

export const listConfigResourcesRequest = message('ListConfigResourcesRequest', {
  versions: '0-1',
  flexible: '0+',
  fields: {
    resourceTypes: array('1+', 'i8'),
  },
});
export type ListConfigResourcesRequest = Decoded<typeof listConfigResourcesRequest>;
export type ListConfigResourcesRequestInput = Input<typeof listConfigResourcesRequest>;

export const listConfigResourcesResponse = message('ListConfigResourcesResponse', {
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    configResources: array('0+', {
      resourceName: string('0+'),
      resourceType: i8('1+', { default: 16, ignorable: true }),
    }),
  },
});
export type ListConfigResourcesResponse = Decoded<typeof listConfigResourcesResponse>;
export type ListConfigResourcesResponseInput = Input<typeof listConfigResourcesResponse>;
