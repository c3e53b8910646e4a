/**
 * The control record that begins a snapshot (KIP-630).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { i16, i64x } from '../../schema-language.ts';

export const snapshotHeaderRecord = message('SnapshotHeaderRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    version: i16('0+'),
    lastContainedLogTimestamp: i64x('0+'),
  },
});
export type SnapshotHeaderRecord = Decoded<typeof snapshotHeaderRecord>;
export type SnapshotHeaderRecordInput = Input<typeof snapshotHeaderRecord>;
