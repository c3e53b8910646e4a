/**
 * BeginTransactionRecord (type 23 of the metadata log). Begins a metadata transaction (KIP-868).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { string } from '../../schema-language.ts';

export const beginTransactionRecord = message('BeginTransactionRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    name: string('0+', { nullable: '0+', default: null, tag: 0 }),
  },
});
export type BeginTransactionRecord = Decoded<typeof beginTransactionRecord>;
export type BeginTransactionRecordInput = Input<typeof beginTransactionRecord>;
