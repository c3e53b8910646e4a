/**
 * NoOpRecord (type 20 of the metadata log). Nothing: lets the end of the log move (KIP-835).
 */
// oxlint-disable typescript/no-generated-empty-object-type -- the record has no fields
import { type Decoded, type Input, message } from '../../message.ts';

export const noOpRecord = message('NoOpRecord', {
  versions: '0',
  flexible: '0+',
  fields: {},
});
export type NoOpRecord = Decoded<typeof noOpRecord>;
export type NoOpRecordInput = Input<typeof noOpRecord>;
