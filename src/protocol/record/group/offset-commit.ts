/**
 * OffsetCommit (type 1 of __consumer_offsets). A committed offset.
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { i32, i64, i64x, string, uuid } from '../../schema-language.ts';

export const offsetCommitKey = message('OffsetCommitKey', {
  versions: '0',
  flexible: 'none',
  fields: {
    group: string('0'),
    topic: string('0'),
    partition: i32('0'),
  },
});
export type OffsetCommitKey = Decoded<typeof offsetCommitKey>;
export type OffsetCommitKeyInput = Input<typeof offsetCommitKey>;

export const offsetCommitValue = message('OffsetCommitValue', {
  versions: '0-4',
  flexible: '4+',
  fields: {
    offset: i64x('0+'),
    leaderEpoch: i32('3+', { default: -1, ignorable: true }),
    metadata: string('0+'),
    commitTimestamp: i64('0+'),
    expireTimestamp: i64('1', { default: -1, ignorable: true }),
    topicId: uuid('4+', { tag: 0, ignorable: true }),
  },
});
export type OffsetCommitValue = Decoded<typeof offsetCommitValue>;
export type OffsetCommitValueInput = Input<typeof offsetCommitValue>;
