/**
 * ExpireDelegationToken (key 40). Ends a delegation token or sets when it ends (KIP-48).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { bytes, i16, i32, i64 } from '../schema-language.ts';

export const expireDelegationTokenRequest = message('ExpireDelegationTokenRequest', {
  versions: '1-2',
  flexible: '2+',
  fields: {
    hmac: bytes('0+'),
    expiryTimePeriodMs: i64('0+'),
  },
});
export type ExpireDelegationTokenRequest = Decoded<typeof expireDelegationTokenRequest>;
export type ExpireDelegationTokenRequestInput = Input<typeof expireDelegationTokenRequest>;

export const expireDelegationTokenResponse = message('ExpireDelegationTokenResponse', {
  versions: '1-2',
  flexible: '2+',
  fields: {
    errorCode: i16('0+'),
    expiryTimestampMs: i64('0+'),
    throttleTimeMs: i32('0+'),
  },
});
export type ExpireDelegationTokenResponse = Decoded<typeof expireDelegationTokenResponse>;
export type ExpireDelegationTokenResponseInput = Input<typeof expireDelegationTokenResponse>;
