/**
 * AlterUserScramCredentials (key 51). Sets and deletes SCRAM credentials (KIP-554).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bytes, i16, i32, i8, string } from '../schema-language.ts';

export const alterUserScramCredentialsRequest = message('AlterUserScramCredentialsRequest', {
  versions: '0',
  flexible: '0+',
  fields: {
    deletions: array('0+', {
      name: string('0+'),
      mechanism: i8('0+'),
    }),
    upsertions: array('0+', {
      name: string('0+'),
      mechanism: i8('0+'),
      iterations: i32('0+'),
      salt: bytes('0+'),
      saltedPassword: bytes('0+'),
    }),
  },
});
export type AlterUserScramCredentialsRequest = Decoded<typeof alterUserScramCredentialsRequest>;
export type AlterUserScramCredentialsRequestInput = Input<typeof alterUserScramCredentialsRequest>;

export const alterUserScramCredentialsResponse = message('AlterUserScramCredentialsResponse', {
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    results: array('0+', {
      user: string('0+'),
      errorCode: i16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
    }),
  },
});
export type AlterUserScramCredentialsResponse = Decoded<typeof alterUserScramCredentialsResponse>;
export type AlterUserScramCredentialsResponseInput = Input<typeof alterUserScramCredentialsResponse>;
