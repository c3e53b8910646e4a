/**
 * ShareFetch (key 78). Acquires records for a member of a share group, and acknowledges others (KIP-932).
 *
 * v2 the mode of acquiring (KIP-1206) and renewing (KIP-1222).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, i64, i8, records, string, struct, uuid } from '../schema-language.ts';

export const shareFetchRequest = message('ShareFetchRequest', {
  versions: '1-2',
  flexible: '0+',
  fields: {
    groupId: string('0+', { nullable: '0+', default: null, entityType: 'groupId' }),
    memberId: string('0+', { nullable: '0+' }),
    shareSessionEpoch: i32('0+'),
    maxWaitMs: i32('0+'),
    minBytes: i32('0+'),
    maxBytes: i32('0+', { default: 2147483647 }),
    maxRecords: i32('1+'),
    batchSize: i32('1+'),
    shareAcquireMode: i8('2+', { default: 0, ignorable: true }),
    isRenewAck: bool('2+', { default: false }),
    topics: array('0+', {
      topicId: uuid('0+', { mapKey: true }),
      partitions: array('0+', {
        partitionIndex: i32('0+', { mapKey: true }),
        partitionMaxBytes: i32('0'),
        acknowledgementBatches: array('0+', {
          firstOffset: i64('0+'),
          lastOffset: i64('0+'),
          acknowledgeTypes: array('0+', 'i8'),
        }),
      }),
    }),
    forgottenTopicsData: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', 'i32'),
    }),
  },
});
export type ShareFetchRequest = Decoded<typeof shareFetchRequest>;
export type ShareFetchRequestInput = Input<typeof shareFetchRequest>;

export const shareFetchResponse = message('ShareFetchResponse', {
  versions: '1-2',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    errorMessage: string('0+', { nullable: '0+', default: null }),
    acquisitionLockTimeoutMs: i32('1+'),
    responses: array('0+', {
      topicId: uuid('0+', { mapKey: true }),
      partitions: array('0+', {
        partitionIndex: i32('0+'),
        errorCode: i16('0+'),
        errorMessage: string('0+', { nullable: '0+', default: null }),
        acknowledgeErrorCode: i16('0+'),
        acknowledgeErrorMessage: string('0+', { nullable: '0+', default: null }),
        currentLeader: struct('0+', {
          leaderId: i32('0+'),
          leaderEpoch: i32('0+'),
        }),
        records: records('0+', { nullable: '0' }),
        acquiredRecords: array('0+', {
          firstOffset: i64('0+'),
          lastOffset: i64('0+'),
          deliveryCount: i16('0+'),
        }),
      }),
    }),
    nodeEndpoints: array('0+', {
      nodeId: i32('0+', { mapKey: true, entityType: 'brokerId' }),
      host: string('0+'),
      port: i32('0+'),
      rack: string('0+', { nullable: '0+', default: null }),
    }),
  },
});
export type ShareFetchResponse = Decoded<typeof shareFetchResponse>;
export type ShareFetchResponseInput = Input<typeof shareFetchResponse>;
