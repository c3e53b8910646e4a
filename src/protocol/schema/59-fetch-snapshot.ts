/**
 * FetchSnapshot (key 59). Reads a piece of a snapshot of the metadata log (KIP-630).
 *
 * v1 directory ids and endpoints (KIP-853).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i64, records, string, struct, u16, uuid } from '../schema-language.ts';

export const fetchSnapshotRequest = message('FetchSnapshotRequest', {
  versions: '0-1',
  flexible: '0+',
  fields: {
    clusterId: string('0+', { nullable: '0+', default: null, tag: 0 }),
    replicaId: i32('0+', { default: -1, entityType: 'brokerId' }),
    maxBytes: i32('0+', { default: 2147483647 }),
    topics: array('0+', {
      name: string('0+', { entityType: 'topicName' }),
      partitions: array('0+', {
        partition: i32('0+'),
        currentLeaderEpoch: i32('0+'),
        snapshotId: struct('0+', {
          endOffset: i64('0+'),
          epoch: i32('0+'),
        }),
        position: i64('0+'),
        replicaDirectoryId: uuid('1+', { tag: 0, ignorable: true }),
      }),
    }),
  },
});
export type FetchSnapshotRequest = Decoded<typeof fetchSnapshotRequest>;
export type FetchSnapshotRequestInput = Input<typeof fetchSnapshotRequest>;

export const fetchSnapshotResponse = message('FetchSnapshotResponse', {
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+', { ignorable: true }),
    errorCode: i16('0+'),
    topics: array('0+', {
      name: string('0+', { entityType: 'topicName' }),
      partitions: array('0+', {
        index: i32('0+'),
        errorCode: i16('0+'),
        snapshotId: struct('0+', {
          endOffset: i64('0+'),
          epoch: i32('0+'),
        }),
        currentLeader: struct(
          '0+',
          {
            leaderId: i32('0+', { entityType: 'brokerId' }),
            leaderEpoch: i32('0+'),
          },
          { tag: 0 },
        ),
        size: i64('0+'),
        position: i64('0+'),
        unalignedRecords: records('0+'),
      }),
    }),
    nodeEndpoints: array(
      '1+',
      {
        nodeId: i32('1+', { mapKey: true, entityType: 'brokerId' }),
        host: string('1+'),
        port: u16('1+'),
      },
      { tag: 0 },
    ),
  },
});
export type FetchSnapshotResponse = Decoded<typeof fetchSnapshotResponse>;
export type FetchSnapshotResponseInput = Input<typeof fetchSnapshotResponse>;
