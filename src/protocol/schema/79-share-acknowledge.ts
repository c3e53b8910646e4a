/**
 * ShareAcknowledge (key 79). Accepts, releases, rejects acquired records (KIP-932).
 *
 * v2 renews them (KIP-1222).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, i64, string, struct, uuid } from '../schema-language.ts';

export const shareAcknowledgeRequest = message('ShareAcknowledgeRequest', {
  versions: '1-2',
  flexible: '0+',
  fields: {
    groupId: string('0+', { nullable: '0+', default: null, entityType: 'groupId' }),
    memberId: string('0+', { nullable: '0+' }),
    shareSessionEpoch: i32('0+'),
    isRenewAck: bool('2+', { default: false }),
    topics: array('0+', {
      topicId: uuid('0+', { mapKey: true }),
      partitions: array('0+', {
        partitionIndex: i32('0+', { mapKey: true }),
        acknowledgementBatches: array('0+', {
          firstOffset: i64('0+'),
          lastOffset: i64('0+'),
          acknowledgeTypes: array('0+', 'i8'),
        }),
      }),
    }),
  },
});
export type ShareAcknowledgeRequest = Decoded<typeof shareAcknowledgeRequest>;
export type ShareAcknowledgeRequestInput = Input<typeof shareAcknowledgeRequest>;

export const shareAcknowledgeResponse = message('ShareAcknowledgeResponse', {
  versions: '1-2',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    errorMessage: string('0+', { nullable: '0+', default: null }),
    acquisitionLockTimeoutMs: i32('2+', { ignorable: true }),
    responses: array('0+', {
      topicId: uuid('0+', { mapKey: true }),
      partitions: array('0+', {
        partitionIndex: i32('0+'),
        errorCode: i16('0+'),
        errorMessage: string('0+', { nullable: '0+', default: null }),
        currentLeader: struct('0+', {
          leaderId: i32('0+'),
          leaderEpoch: i32('0+'),
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
export type ShareAcknowledgeResponse = Decoded<typeof shareAcknowledgeResponse>;
export type ShareAcknowledgeResponseInput = Input<typeof shareAcknowledgeResponse>;
