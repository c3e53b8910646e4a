/**
 * An entry of a segment's index of aborted transactions (.txnindex).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { i64 } from '../../schema-language.ts';

export const abortedTxn = message('AbortedTxn', {
  versions: '0',
  flexible: 'none',
  fields: {
    producerId: i64('0+'),
    firstOffset: i64('0+'),
    lastOffset: i64('0+'),
    lastStableOffset: i64('0+'),
  },
});
export type AbortedTxn = Decoded<typeof abortedTxn>;
export type AbortedTxnInput = Input<typeof abortedTxn>;
