/**
 * RemotePartitionDeleteMetadataRecord (type 2 of __remote_log_metadata). The state of a deletion in remote storage
 * (KIP-405).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { i32, i64, i8, string, struct, uuid } from '../../schema-language.ts';

export const remotePartitionDeleteMetadataRecord = message('RemotePartitionDeleteMetadataRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    topicIdPartition: struct('0+', {
      name: string('0+'),
      id: uuid('0+'),
      partition: i32('0+'),
    }),
    brokerId: i32('0+'),
    eventTimestampMs: i64('0+'),
    remotePartitionDeleteState: i8('0+'),
  },
});
export type RemotePartitionDeleteMetadataRecord = Decoded<typeof remotePartitionDeleteMetadataRecord>;
export type RemotePartitionDeleteMetadataRecordInput = Input<typeof remotePartitionDeleteMetadataRecord>;
