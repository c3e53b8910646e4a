/**
 * LegacyOffsetCommit (type 0 of __consumer_offsets). A committed offset in the oldest form.
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { i32, i64, i64x, string } from '../../schema-language.ts';

export const legacyOffsetCommitKey = message('LegacyOffsetCommitKey', {
  versions: '0',
  flexible: 'none',
  fields: {
    group: string('0'),
    topic: string('0'),
    partition: i32('0'),
  },
});
export type LegacyOffsetCommitKey = Decoded<typeof legacyOffsetCommitKey>;
export type LegacyOffsetCommitKeyInput = Input<typeof legacyOffsetCommitKey>;

export const legacyOffsetCommitValue = message('LegacyOffsetCommitValue', {
  versions: '0',
  flexible: 'none',
  fields: {
    offset: i64x('0'),
    metadata: string('0'),
    commitTimestamp: i64('0'),
  },
});
export type LegacyOffsetCommitValue = Decoded<typeof legacyOffsetCommitValue>;
export type LegacyOffsetCommitValueInput = Input<typeof legacyOffsetCommitValue>;
