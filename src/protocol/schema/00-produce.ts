/**
 * Produce (key 0). Appends record batches to partitions.
 *
 * v5 log start offset; v8 errors of single records (KIP-467); v10 where the leader is now (KIP-951); v13 topic ids
 * (KIP-516).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i64, i64x, records, string, struct, uuid } from '../schema-language.ts';

export const produceRequest = message('ProduceRequest', {
  versions: '3-13',
  flexible: '9+',
  fields: {
    transactionalId: string('3+', { nullable: '3+', default: null, entityType: 'transactionalId' }),
    acks: i16('0+'),
    timeoutMs: i32('0+'),
    topicData: array('0+', {
      name: string('0-12', { ignorable: true, mapKey: true, entityType: 'topicName' }),
      topicId: uuid('13+', { ignorable: true, mapKey: true }),
      partitionData: array('0+', {
        index: i32('0+'),
        records: records('0+', { nullable: '0+' }),
      }),
    }),
  },
});
export type ProduceRequest = Decoded<typeof produceRequest>;
export type ProduceRequestInput = Input<typeof produceRequest>;

export const produceResponse = message('ProduceResponse', {
  versions: '3-13',
  flexible: '9+',
  fields: {
    responses: array('0+', {
      name: string('0-12', { ignorable: true, mapKey: true, entityType: 'topicName' }),
      topicId: uuid('13+', { ignorable: true, mapKey: true }),
      partitionResponses: array('0+', {
        index: i32('0+'),
        errorCode: i16('0+'),
        baseOffset: i64('0+'),
        logAppendTimeMs: i64x('2+', { default: -1n, ignorable: true }),
        logStartOffset: i64('5+', { default: -1, ignorable: true }),
        recordErrors: array(
          '8+',
          {
            batchIndex: i32('8+'),
            batchIndexErrorMessage: string('8+', { nullable: '8+', default: null }),
          },
          { ignorable: true },
        ),
        errorMessage: string('8+', { nullable: '8+', default: null, ignorable: true }),
        currentLeader: struct(
          '10+',
          {
            leaderId: i32('10+', { default: -1, entityType: 'brokerId' }),
            leaderEpoch: i32('10+', { default: -1 }),
          },
          { tag: 0 },
        ),
      }),
    }),
    throttleTimeMs: i32('1+', { default: 0, ignorable: true }),
    nodeEndpoints: array(
      '10+',
      {
        nodeId: i32('10+', { mapKey: true, entityType: 'brokerId' }),
        host: string('10+'),
        port: i32('10+'),
        rack: string('10+', { nullable: '10+', default: null }),
      },
      { tag: 0 },
    ),
  },
});
export type ProduceResponse = Decoded<typeof produceResponse>;
export type ProduceResponseInput = Input<typeof produceResponse>;
