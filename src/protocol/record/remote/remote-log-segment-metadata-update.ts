/**
 * RemoteLogSegmentMetadataUpdateRecord (type 1 of __remote_log_metadata). The state of a segment in remote storage
 * changed (KIP-405).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { bytes, i32, i64, i8, string, struct, uuid } from '../../schema-language.ts';

export const remoteLogSegmentMetadataUpdateRecord = message('RemoteLogSegmentMetadataUpdateRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    remoteLogSegmentId: struct('0+', {
      topicIdPartition: struct('0+', {
        name: string('0+'),
        id: uuid('0+'),
        partition: i32('0+'),
      }),
      id: uuid('0+'),
    }),
    brokerId: i32('0+'),
    eventTimestampMs: i64('0+'),
    customMetadata: bytes('0+', { nullable: '0+', default: null }),
    remoteLogSegmentState: i8('0+'),
  },
});
export type RemoteLogSegmentMetadataUpdateRecord = Decoded<typeof remoteLogSegmentMetadataUpdateRecord>;
export type RemoteLogSegmentMetadataUpdateRecordInput = Input<typeof remoteLogSegmentMetadataUpdateRecord>;
