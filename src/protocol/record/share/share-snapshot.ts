/**
 * ShareSnapshot (type 0 of __share_group_state). The whole state of a share partition (KIP-932).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, i16, i32, i64, i8, string, uuid } from '../../schema-language.ts';

export const shareSnapshotKey = message('ShareSnapshotKey', {
  versions: '0',
  flexible: 'none',
  fields: {
    groupId: string('0'),
    topicId: uuid('0'),
    partition: i32('0'),
  },
});
export type ShareSnapshotKey = Decoded<typeof shareSnapshotKey>;
export type ShareSnapshotKeyInput = Input<typeof shareSnapshotKey>;

export const shareSnapshotValue = message('ShareSnapshotValue', {
  versions: '0',
  flexible: '0+',
  fields: {
    snapshotEpoch: i32('0+'),
    stateEpoch: i32('0+'),
    leaderEpoch: i32('0+'),
    startOffset: i64('0+'),
    deliveryCompleteCount: i32('0+', { default: -1, tag: 0 }),
    createTimestamp: i64('0+'),
    writeTimestamp: i64('0+'),
    stateBatches: array('0+', {
      firstOffset: i64('0+'),
      lastOffset: i64('0+'),
      deliveryState: i8('0+'),
      deliveryCount: i16('0+'),
    }),
  },
});
export type ShareSnapshotValue = Decoded<typeof shareSnapshotValue>;
export type ShareSnapshotValueInput = Input<typeof shareSnapshotValue>;
