/**
 * The control record that ends a snapshot (KIP-630).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { i16 } from '../../schema-language.ts';

export const snapshotFooterRecord = message('SnapshotFooterRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    version: i16('0+'),
  },
});
export type SnapshotFooterRecord = Decoded<typeof snapshotFooterRecord>;
export type SnapshotFooterRecordInput = Input<typeof snapshotFooterRecord>;
