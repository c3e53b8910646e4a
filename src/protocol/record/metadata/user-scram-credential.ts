/**
 * UserScramCredentialRecord (type 11 of the metadata log). A SCRAM credential (KIP-554).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { bytes, i32, i8, string } from '../../schema-language.ts';

export const userScramCredentialRecord = message('UserScramCredentialRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    name: string('0+'),
    mechanism: i8('0+'),
    salt: bytes('0+'),
    storedKey: bytes('0+'),
    serverKey: bytes('0+'),
    iterations: i32('0+'),
  },
});
export type UserScramCredentialRecord = Decoded<typeof userScramCredentialRecord>;
export type UserScramCredentialRecordInput = Input<typeof userScramCredentialRecord>;
