/**
 * BeginQuorumEpoch (key 53). The new leader of a quorum makes itself known (KIP-595).
 *
 * v1 endpoints and directory ids (KIP-853).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, string, u16, uuid } from '../schema-language.ts';

export const beginQuorumEpochRequest = message('BeginQuorumEpochRequest', {
  versions: '0-1',
  flexible: '1+',
  fields: {
    clusterId: string('0+', { nullable: '0+', default: null }),
    voterId: i32('1+', { default: -1, ignorable: true, entityType: 'brokerId' }),
    topics: array('0+', {
      topicName: string('0+', { entityType: 'topicName' }),
      partitions: array('0+', {
        partitionIndex: i32('0+'),
        voterDirectoryId: uuid('1+', { ignorable: true }),
        leaderId: i32('0+', { entityType: 'brokerId' }),
        leaderEpoch: i32('0+'),
      }),
    }),
    leaderEndpoints: array(
      '1+',
      {
        name: string('1+', { mapKey: true }),
        host: string('1+'),
        port: u16('1+'),
      },
      { ignorable: true },
    ),
  },
});
export type BeginQuorumEpochRequest = Decoded<typeof beginQuorumEpochRequest>;
export type BeginQuorumEpochRequestInput = Input<typeof beginQuorumEpochRequest>;

export const beginQuorumEpochResponse = message('BeginQuorumEpochResponse', {
  versions: '0-1',
  flexible: '1+',
  fields: {
    errorCode: i16('0+'),
    topics: array('0+', {
      topicName: string('0+', { entityType: 'topicName' }),
      partitions: array('0+', {
        partitionIndex: i32('0+'),
        errorCode: i16('0+'),
        leaderId: i32('0+', { entityType: 'brokerId' }),
        leaderEpoch: i32('0+'),
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
export type BeginQuorumEpochResponse = Decoded<typeof beginQuorumEpochResponse>;
export type BeginQuorumEpochResponseInput = Input<typeof beginQuorumEpochResponse>;
