/**
 * AlterConfigs (key 33). Replaces all settings of a resource (KIP-133).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, i8, string } from '../schema-language.ts';

export const alterConfigsRequest = message('AlterConfigsRequest', {
  versions: '0-2',
  flexible: '2+',
  fields: {
    resources: array('0+', {
      resourceType: i8('0+', { mapKey: true }),
      resourceName: string('0+', { mapKey: true }),
      configs: array('0+', {
        name: string('0+', { mapKey: true }),
        value: string('0+', { nullable: '0+' }),
      }),
    }),
    validateOnly: bool('0+'),
  },
});
export type AlterConfigsRequest = Decoded<typeof alterConfigsRequest>;
export type AlterConfigsRequestInput = Input<typeof alterConfigsRequest>;

export const alterConfigsResponse = message('AlterConfigsResponse', {
  versions: '0-2',
  flexible: '2+',
  fields: {
    throttleTimeMs: i32('0+'),
    responses: array('0+', {
      errorCode: i16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
      resourceType: i8('0+'),
      resourceName: string('0+'),
    }),
  },
});
export type AlterConfigsResponse = Decoded<typeof alterConfigsResponse>;
export type AlterConfigsResponseInput = Input<typeof alterConfigsResponse>;
