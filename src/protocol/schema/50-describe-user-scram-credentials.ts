/**
 * DescribeUserScramCredentials (key 50). Which users have SCRAM credentials (KIP-554).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i8, string } from '../schema-language.ts';

export const describeUserScramCredentialsRequest = message('DescribeUserScramCredentialsRequest', {
  versions: '0',
  flexible: '0+',
  fields: {
    users: array(
      '0+',
      {
        name: string('0+'),
      },
      { nullable: '0+' },
    ),
  },
});
export type DescribeUserScramCredentialsRequest = Decoded<typeof describeUserScramCredentialsRequest>;
export type DescribeUserScramCredentialsRequestInput = Input<typeof describeUserScramCredentialsRequest>;

export const describeUserScramCredentialsResponse = message('DescribeUserScramCredentialsResponse', {
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    results: array('0+', {
      user: string('0+'),
      errorCode: i16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
      credentialInfos: array('0+', {
        mechanism: i8('0+'),
        iterations: i32('0+'),
      }),
    }),
  },
});
export type DescribeUserScramCredentialsResponse = Decoded<typeof describeUserScramCredentialsResponse>;
export type DescribeUserScramCredentialsResponseInput = Input<typeof describeUserScramCredentialsResponse>;
