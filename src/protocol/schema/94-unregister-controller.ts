/**
 * UnregisterController (key 94). Forgets a controller (KIP-1312).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { i16, i32, string } from '../schema-language.ts';

export const unregisterControllerRequest = message('UnregisterControllerRequest', {
  versions: '0',
  flexible: '0+',
  fields: {
    controllerId: i32('0+'),
  },
});
export type UnregisterControllerRequest = Decoded<typeof unregisterControllerRequest>;
export type UnregisterControllerRequestInput = Input<typeof unregisterControllerRequest>;

export const unregisterControllerResponse = message('UnregisterControllerResponse', {
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
  },
});
export type UnregisterControllerResponse = Decoded<typeof unregisterControllerResponse>;
export type UnregisterControllerResponseInput = Input<typeof unregisterControllerResponse>;
