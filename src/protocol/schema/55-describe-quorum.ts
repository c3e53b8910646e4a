/**
 * DescribeQuorum (key 55). Leader, voters and observers of a quorum, and how far each is (KIP-595).
 *
 * v1 when each last fetched and was caught up (KIP-836); v2 directory ids and nodes (KIP-853).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i64, string, u16, uuid } from '../schema-language.ts';

export const describeQuorumRequest = message('DescribeQuorumRequest', {
  versions: '0-2',
  flexible: '0+',
  fields: {
    topics: array('0+', {
      topicName: string('0+', { entityType: 'topicName' }),
      partitions: array('0+', {
        partitionIndex: i32('0+'),
      }),
    }),
  },
});
export type DescribeQuorumRequest = Decoded<typeof describeQuorumRequest>;
export type DescribeQuorumRequestInput = Input<typeof describeQuorumRequest>;

const replicaState = {
  replicaId: i32('0+', { entityType: 'brokerId' }),
  replicaDirectoryId: uuid('2+'),
  logEndOffset: i64('0+'),
  lastFetchTimestamp: i64('1+', { default: -1, ignorable: true }),
  lastCaughtUpTimestamp: i64('1+', { default: -1, ignorable: true }),
};

export const describeQuorumResponse = message('DescribeQuorumResponse', {
  versions: '0-2',
  flexible: '0+',
  fields: {
    errorCode: i16('0+'),
    errorMessage: string('2+', { nullable: '2+', ignorable: true }),
    topics: array('0+', {
      topicName: string('0+', { entityType: 'topicName' }),
      partitions: array('0+', {
        partitionIndex: i32('0+'),
        errorCode: i16('0+'),
        errorMessage: string('2+', { nullable: '2+', ignorable: true }),
        leaderId: i32('0+', { entityType: 'brokerId' }),
        leaderEpoch: i32('0+'),
        highWatermark: i64('0+'),
        currentVoters: array('0+', replicaState),
        observers: array('0+', replicaState),
      }),
    }),
    nodes: array('2+', {
      nodeId: i32('2+', { mapKey: true, entityType: 'brokerId' }),
      listeners: array('2+', {
        name: string('2+', { mapKey: true }),
        host: string('2+'),
        port: u16('2+'),
      }),
    }),
  },
});
export type DescribeQuorumResponse = Decoded<typeof describeQuorumResponse>;
export type DescribeQuorumResponseInput = Input<typeof describeQuorumResponse>;
