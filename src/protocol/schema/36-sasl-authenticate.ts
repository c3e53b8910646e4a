/**
 * SaslAuthenticate (key 36). One message of the authentication (KIP-152).
 *
 * v1 how long the session lives (KIP-368).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { bytes, i16, i64, string } from '../schema-language.ts';

export const saslAuthenticateRequest = message('SaslAuthenticateRequest', {
  versions: '0-2',
  flexible: '2+',
  fields: {
    authBytes: bytes('0+'),
  },
});
export type SaslAuthenticateRequest = Decoded<typeof saslAuthenticateRequest>;
export type SaslAuthenticateRequestInput = Input<typeof saslAuthenticateRequest>;

export const saslAuthenticateResponse = message('SaslAuthenticateResponse', {
  versions: '0-2',
  flexible: '2+',
  fields: {
    errorCode: i16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    authBytes: bytes('0+'),
    sessionLifetimeMs: i64('1+', { default: 0, ignorable: true }),
  },
});
export type SaslAuthenticateResponse = Decoded<typeof saslAuthenticateResponse>;
export type SaslAuthenticateResponseInput = Input<typeof saslAuthenticateResponse>;
