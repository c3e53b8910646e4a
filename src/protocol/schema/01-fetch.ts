/**
 * Fetch (key 1). Reads record batches from partitions; consumers, followers and the readers of the metadata log use
 * it.
 *
 * v5 log start offset; v7 incremental sessions (KIP-227); v9 leader epochs fence the reader (KIP-320); v11 read from a
 * near replica (KIP-392); v12 diverging epochs (KIP-595); v13 topic ids (KIP-516); v15 the replica's state (KIP-903);
 * v16 where the leader is now (KIP-951); v17 directory ids (KIP-853); v18 the follower's high watermark (KIP-1166).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i64, i8, records, string, struct, uuid } from '../schema-language.ts';

export const fetchRequest = message('FetchRequest', {
  versions: '4-18',
  flexible: '12+',
  fields: {
    clusterId: string('12+', { nullable: '12+', default: null, tag: 0, ignorable: true }),
    replicaId: i32('0-14', { default: -1, entityType: 'brokerId' }),
    replicaState: struct(
      '15+',
      {
        replicaId: i32('15+', { default: -1, entityType: 'brokerId' }),
        replicaEpoch: i64('15+', { default: -1 }),
      },
      { tag: 1 },
    ),
    maxWaitMs: i32('0+'),
    minBytes: i32('0+'),
    maxBytes: i32('3+', { default: 2147483647, ignorable: true }),
    isolationLevel: i8('4+', { default: 0, ignorable: true }),
    sessionId: i32('7+', { default: 0, ignorable: true }),
    sessionEpoch: i32('7+', { default: -1, ignorable: true }),
    topics: array('0+', {
      topic: string('0-12', { ignorable: true, entityType: 'topicName' }),
      topicId: uuid('13+', { ignorable: true }),
      partitions: array('0+', {
        partition: i32('0+'),
        currentLeaderEpoch: i32('9+', { default: -1, ignorable: true }),
        fetchOffset: i64('0+'),
        lastFetchedEpoch: i32('12+', { default: -1 }),
        logStartOffset: i64('5+', { default: -1, ignorable: true }),
        partitionMaxBytes: i32('0+'),
        replicaDirectoryId: uuid('17+', { tag: 0, ignorable: true }),
        highWatermark: i64('18+', { default: Infinity, tag: 1, ignorable: true }),
      }),
    }),
    forgottenTopicsData: array('7+', {
      topic: string('7-12', { ignorable: true, entityType: 'topicName' }),
      topicId: uuid('13+', { ignorable: true }),
      partitions: array('7+', 'i32'),
    }),
    rackId: string('11+', { default: '', ignorable: true }),
  },
});
export type FetchRequest = Decoded<typeof fetchRequest>;
export type FetchRequestInput = Input<typeof fetchRequest>;

export const fetchResponse = message('FetchResponse', {
  versions: '4-18',
  flexible: '12+',
  fields: {
    throttleTimeMs: i32('1+', { ignorable: true }),
    errorCode: i16('7+', { ignorable: true }),
    sessionId: i32('7+', { default: 0 }),
    responses: array('0+', {
      topic: string('0-12', { ignorable: true, entityType: 'topicName' }),
      topicId: uuid('13+', { ignorable: true }),
      partitions: array('0+', {
        partitionIndex: i32('0+'),
        errorCode: i16('0+'),
        highWatermark: i64('0+'),
        lastStableOffset: i64('4+', { default: -1, ignorable: true }),
        logStartOffset: i64('5+', { default: -1, ignorable: true }),
        divergingEpoch: struct(
          '12+',
          {
            epoch: i32('12+', { default: -1 }),
            endOffset: i64('12+', { default: -1 }),
          },
          { tag: 0 },
        ),
        currentLeader: struct(
          '12+',
          {
            leaderId: i32('12+', { default: -1, entityType: 'brokerId' }),
            leaderEpoch: i32('12+', { default: -1 }),
          },
          { tag: 1 },
        ),
        snapshotId: struct(
          '12+',
          {
            endOffset: i64('0+', { default: -1 }),
            epoch: i32('0+', { default: -1 }),
          },
          { tag: 2 },
        ),
        abortedTransactions: array(
          '4+',
          {
            producerId: i64('4+', { entityType: 'producerId' }),
            firstOffset: i64('4+'),
          },
          { nullable: '4+', ignorable: true },
        ),
        preferredReadReplica: i32('11+', { default: -1, entityType: 'brokerId' }),
        records: records('0+', { nullable: '0+' }),
      }),
    }),
    nodeEndpoints: array(
      '16+',
      {
        nodeId: i32('16+', { mapKey: true, entityType: 'brokerId' }),
        host: string('16+'),
        port: i32('16+'),
        rack: string('16+', { nullable: '16+', default: null }),
      },
      { tag: 0 },
    ),
  },
});
export type FetchResponse = Decoded<typeof fetchResponse>;
export type FetchResponseInput = Input<typeof fetchResponse>;
