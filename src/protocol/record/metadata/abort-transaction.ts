/**
 * AbortTransactionRecord (type 25 of the metadata log). Drops the records of a metadata transaction (KIP-868).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { string } from '../../schema-language.ts';

export const abortTransactionRecord = message('AbortTransactionRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    reason: string('0+', { nullable: '0+', default: null, tag: 0 }),
  },
});
export type AbortTransactionRecord = Decoded<typeof abortTransactionRecord>;
export type AbortTransactionRecordInput = Input<typeof abortTransactionRecord>;
