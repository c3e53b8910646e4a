/**
 * RemoveDelegationTokenRecord (type 26 of the metadata log). Removes a delegation token.
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { string } from '../../schema-language.ts';

export const removeDelegationTokenRecord = message('RemoveDelegationTokenRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    tokenId: string('0+'),
  },
});
export type RemoveDelegationTokenRecord = Decoded<typeof removeDelegationTokenRecord>;
export type RemoveDelegationTokenRecordInput = Input<typeof removeDelegationTokenRecord>;
