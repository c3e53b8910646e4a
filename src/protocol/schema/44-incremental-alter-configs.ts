/**
 * IncrementalAlterConfigs (key 44). Sets, deletes, appends to and subtracts from settings (KIP-339).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, i8, string } from '../schema-language.ts';

export const incrementalAlterConfigsRequest = message('IncrementalAlterConfigsRequest', {
  versions: '0-1',
  flexible: '1+',
  fields: {
    resources: array('0+', {
      resourceType: i8('0+', { mapKey: true }),
      resourceName: string('0+', { mapKey: true }),
      configs: array('0+', {
        name: string('0+', { mapKey: true }),
        configOperation: i8('0+', { mapKey: true }),
        value: string('0+', { nullable: '0+' }),
      }),
    }),
    validateOnly: bool('0+'),
  },
});
export type IncrementalAlterConfigsRequest = Decoded<typeof incrementalAlterConfigsRequest>;
export type IncrementalAlterConfigsRequestInput = Input<typeof incrementalAlterConfigsRequest>;

export const incrementalAlterConfigsResponse = message('IncrementalAlterConfigsResponse', {
  versions: '0-1',
  flexible: '1+',
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
export type IncrementalAlterConfigsResponse = Decoded<typeof incrementalAlterConfigsResponse>;
export type IncrementalAlterConfigsResponseInput = Input<typeof incrementalAlterConfigsResponse>;
