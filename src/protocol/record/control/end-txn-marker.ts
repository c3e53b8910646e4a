/**
 * The value of a commit or abort marker (KIP-98).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { i32 } from '../../schema-language.ts';

export const endTxnMarker = message('EndTxnMarker', {
  versions: '0',
  flexible: 'none',
  fields: {
    coordinatorEpoch: i32('0+'),
  },
});
export type EndTxnMarker = Decoded<typeof endTxnMarker>;
export type EndTxnMarkerInput = Input<typeof endTxnMarker>;
