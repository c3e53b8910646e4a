/**
 * SaslHandshake (key 17). Chooses a SASL mechanism.
 *
 * v1: what follows comes in SaslAuthenticate (KIP-152).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, string } from '../schema-language.ts';

export const saslHandshakeRequest = message('SaslHandshakeRequest', {
  versions: '0-1',
  flexible: 'none',
  fields: {
    mechanism: string('0+'),
  },
});
export type SaslHandshakeRequest = Decoded<typeof saslHandshakeRequest>;
export type SaslHandshakeRequestInput = Input<typeof saslHandshakeRequest>;

export const saslHandshakeResponse = message('SaslHandshakeResponse', {
  versions: '0-1',
  flexible: 'none',
  fields: {
    errorCode: i16('0+'),
    mechanisms: array('0+', 'string'),
  },
});
export type SaslHandshakeResponse = Decoded<typeof saslHandshakeResponse>;
export type SaslHandshakeResponseInput = Input<typeof saslHandshakeResponse>;
