/**
 * ShareUpdate (type 1 of __share_group_state). What changed in the state of a share partition since its snapshot
 * (KIP-932).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, i16, i32, i64, i8, string, uuid } from '../../schema-language.ts';

export const shareUpdateKey = message('ShareUpdateKey', {
  versions: '0',
  flexible: 'none',
  fields: {
    groupId: string('0'),
    topicId: uuid('0'),
    partition: i32('0'),
  },
});
export type ShareUpdateKey = Decoded<typeof shareUpdateKey>;
export type ShareUpdateKeyInput = Input<typeof shareUpdateKey>;

export const shareUpdateValue = message('ShareUpdateValue', {
  versions: '0',
  flexible: '0+',
  fields: {
    snapshotEpoch: i32('0+'),
    leaderEpoch: i32('0+'),
    startOffset: i64('0+'),
    deliveryCompleteCount: i32('0+', { default: -1, tag: 0 }),
    stateBatches: array('0+', {
      firstOffset: i64('0+'),
      lastOffset: i64('0+'),
      deliveryState: i8('0+'),
      deliveryCount: i16('0+'),
    }),
  },
});
export type ShareUpdateValue = Decoded<typeof shareUpdateValue>;
export type ShareUpdateValueInput = Input<typeof shareUpdateValue>;
