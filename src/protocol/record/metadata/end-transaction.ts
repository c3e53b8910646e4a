/**
 * EndTransactionRecord (type 24 of the metadata log). Ends a metadata transaction (KIP-868).
 */
// oxlint-disable typescript/no-generated-empty-object-type -- the record has no fields
import { type Decoded, type Input, message } from '../../message.ts';

export const endTransactionRecord = message('EndTransactionRecord', {
  versions: '0',
  flexible: '0+',
  fields: {},
});
export type EndTransactionRecord = Decoded<typeof endTransactionRecord>;
export type EndTransactionRecordInput = Input<typeof endTransactionRecord>;
