/**
 * RemoteLogSegmentMetadataSnapshotRecord (type 3 of __remote_log_metadata). A segment in remote storage, as in a
 * snapshot (KIP-405).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, bool, bytes, i32, i64, i64x, i8, uuid } from '../../schema-language.ts';

export const remoteLogSegmentMetadataSnapshotRecord = message('RemoteLogSegmentMetadataSnapshotRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    segmentId: uuid('0+'),
    startOffset: i64('0+'),
    endOffset: i64('0+'),
    brokerId: i32('0+'),
    maxTimestampMs: i64x('0+'),
    eventTimestampMs: i64('0+'),
    segmentLeaderEpochs: array('0+', {
      leaderEpoch: i32('0+'),
      offset: i64('0+'),
    }),
    segmentSizeInBytes: i32('0+'),
    customMetadata: bytes('0+', { nullable: '0+', default: null }),
    remoteLogSegmentState: i8('0+'),
    txnIndexEmpty: bool('0+', { tag: 0 }),
  },
});
export type RemoteLogSegmentMetadataSnapshotRecord = Decoded<typeof remoteLogSegmentMetadataSnapshotRecord>;
export type RemoteLogSegmentMetadataSnapshotRecordInput = Input<typeof remoteLogSegmentMetadataSnapshotRecord>;
