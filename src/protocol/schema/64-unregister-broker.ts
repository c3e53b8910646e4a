/**
 * UnregisterBroker (key 64). Forgets a broker (KIP-631).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { i16, i32, string } from '../schema-language.ts';

export const unregisterBrokerRequest = message('UnregisterBrokerRequest', {
  versions: '0',
  flexible: '0+',
  fields: {
    brokerId: i32('0+', { entityType: 'brokerId' }),
  },
});
export type UnregisterBrokerRequest = Decoded<typeof unregisterBrokerRequest>;
export type UnregisterBrokerRequestInput = Input<typeof unregisterBrokerRequest>;

export const unregisterBrokerResponse = message('UnregisterBrokerResponse', {
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
  },
});
export type UnregisterBrokerResponse = Decoded<typeof unregisterBrokerResponse>;
export type UnregisterBrokerResponseInput = Input<typeof unregisterBrokerResponse>;
