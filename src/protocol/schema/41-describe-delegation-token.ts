/**
 * DescribeDelegationToken (key 41). Lists delegation tokens (KIP-48).
 *
 * v3 who asked for it (KIP-373).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bytes, i16, i32, i64, string } from '../schema-language.ts';

export const describeDelegationTokenRequest = message('DescribeDelegationTokenRequest', {
  versions: '1-3',
  flexible: '2+',
  fields: {
    owners: array(
      '0+',
      {
        principalType: string('0+'),
        principalName: string('0+'),
      },
      { nullable: '0+' },
    ),
  },
});
export type DescribeDelegationTokenRequest = Decoded<typeof describeDelegationTokenRequest>;
export type DescribeDelegationTokenRequestInput = Input<typeof describeDelegationTokenRequest>;

export const describeDelegationTokenResponse = message('DescribeDelegationTokenResponse', {
  versions: '1-3',
  flexible: '2+',
  fields: {
    errorCode: i16('0+'),
    tokens: array('0+', {
      principalType: string('0+'),
      principalName: string('0+'),
      tokenRequesterPrincipalType: string('3+'),
      tokenRequesterPrincipalName: string('3+'),
      issueTimestamp: i64('0+'),
      expiryTimestamp: i64('0+'),
      maxTimestamp: i64('0+'),
      tokenId: string('0+'),
      hmac: bytes('0+'),
      renewers: array('0+', {
        principalType: string('0+'),
        principalName: string('0+'),
      }),
    }),
    throttleTimeMs: i32('0+'),
  },
});
export type DescribeDelegationTokenResponse = Decoded<typeof describeDelegationTokenResponse>;
export type DescribeDelegationTokenResponseInput = Input<typeof describeDelegationTokenResponse>;
