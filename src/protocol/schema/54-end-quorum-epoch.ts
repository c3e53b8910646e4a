/**
 * EndQuorumEpoch (key 54). The leader of a quorum resigns and names preferred successors (KIP-595).
 *
 * v1 endpoints and directory ids (KIP-853).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, string, u16, uuid } from '../schema-language.ts';

export const endQuorumEpochRequest = message('EndQuorumEpochRequest', {
  versions: '0-1',
  flexible: '1+',
  fields: {
    clusterId: string('0+', { nullable: '0+', default: null }),
    topics: array('0+', {
      topicName: string('0+', { entityType: 'topicName' }),
      partitions: array('0+', {
        partitionIndex: i32('0+'),
        leaderId: i32('0+', { entityType: 'brokerId' }),
        leaderEpoch: i32('0+'),
        preferredSuccessors: array('0', 'i32', { ignorable: true }),
        preferredCandidates: array(
          '1+',
          {
            candidateId: i32('1+', { entityType: 'brokerId' }),
            candidateDirectoryId: uuid('1+'),
          },
          { ignorable: true },
        ),
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
export type EndQuorumEpochRequest = Decoded<typeof endQuorumEpochRequest>;
export type EndQuorumEpochRequestInput = Input<typeof endQuorumEpochRequest>;

export const endQuorumEpochResponse = message('EndQuorumEpochResponse', {
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
export type EndQuorumEpochResponse = Decoded<typeof endQuorumEpochResponse>;
export type EndQuorumEpochResponseInput = Input<typeof endQuorumEpochResponse>;
