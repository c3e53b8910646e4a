/**
 * RenewDelegationToken (key 39). Renews a delegation token (KIP-48).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { bytes, i16, i32, i64 } from '../schema-language.ts';

export const renewDelegationTokenRequest = message('RenewDelegationTokenRequest', {
  versions: '1-2',
  flexible: '2+',
  fields: {
    hmac: bytes('0+'),
    renewPeriodMs: i64('0+'),
  },
});
export type RenewDelegationTokenRequest = Decoded<typeof renewDelegationTokenRequest>;
export type RenewDelegationTokenRequestInput = Input<typeof renewDelegationTokenRequest>;

export const renewDelegationTokenResponse = message('RenewDelegationTokenResponse', {
  versions: '1-2',
  flexible: '2+',
  fields: {
    errorCode: i16('0+'),
    expiryTimestampMs: i64('0+'),
    throttleTimeMs: i32('0+'),
  },
});
export type RenewDelegationTokenResponse = Decoded<typeof renewDelegationTokenResponse>;
export type RenewDelegationTokenResponseInput = Input<typeof renewDelegationTokenResponse>;
