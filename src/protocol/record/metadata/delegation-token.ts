/**
 * DelegationTokenRecord (type 10 of the metadata log). A delegation token.
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, i64, string } from '../../schema-language.ts';

export const delegationTokenRecord = message('DelegationTokenRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    owner: string('0+'),
    requester: string('0+'),
    renewers: array('0+', 'string'),
    issueTimestamp: i64('0+'),
    maxTimestamp: i64('0+'),
    expirationTimestamp: i64('0+'),
    tokenId: string('0+'),
  },
});
export type DelegationTokenRecord = Decoded<typeof delegationTokenRecord>;
export type DelegationTokenRecordInput = Input<typeof delegationTokenRecord>;
