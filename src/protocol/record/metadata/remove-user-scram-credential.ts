/**
 * RemoveUserScramCredentialRecord (type 22 of the metadata log). Removes a SCRAM credential.
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { i8, string } from '../../schema-language.ts';

export const removeUserScramCredentialRecord = message('RemoveUserScramCredentialRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    name: string('0+'),
    mechanism: i8('0+'),
  },
});
export type RemoveUserScramCredentialRecord = Decoded<typeof removeUserScramCredentialRecord>;
export type RemoveUserScramCredentialRecordInput = Input<typeof removeUserScramCredentialRecord>;
