/**
 * CreateDelegationToken (key 38). Creates a delegation token (KIP-48).
 *
 * v3 for another owner (KIP-373).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bytes, i16, i32, i64, string } from '../schema-language.ts';

export const createDelegationTokenRequest = message('CreateDelegationTokenRequest', {
  versions: '1-3',
  flexible: '2+',
  fields: {
    ownerPrincipalType: string('3+', { nullable: '3+' }),
    ownerPrincipalName: string('3+', { nullable: '3+' }),
    renewers: array('0+', {
      principalType: string('0+'),
      principalName: string('0+'),
    }),
    maxLifetimeMs: i64('0+'),
  },
});
export type CreateDelegationTokenRequest = Decoded<typeof createDelegationTokenRequest>;
export type CreateDelegationTokenRequestInput = Input<typeof createDelegationTokenRequest>;

export const createDelegationTokenResponse = message('CreateDelegationTokenResponse', {
  versions: '1-3',
  flexible: '2+',
  fields: {
    errorCode: i16('0+'),
    principalType: string('0+'),
    principalName: string('0+'),
    tokenRequesterPrincipalType: string('3+'),
    tokenRequesterPrincipalName: string('3+'),
    issueTimestampMs: i64('0+'),
    expiryTimestampMs: i64('0+'),
    maxTimestampMs: i64('0+'),
    tokenId: string('0+'),
    hmac: bytes('0+'),
    throttleTimeMs: i32('0+'),
  },
});
export type CreateDelegationTokenResponse = Decoded<typeof createDelegationTokenResponse>;
export type CreateDelegationTokenResponseInput = Input<typeof createDelegationTokenResponse>;
