/**
 * Vote (key 52). A candidate asks the voters of a quorum (KIP-595).
 *
 * v1 directory ids (KIP-853); v2 asks before it stands (KIP-996).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, i64, string, u16, uuid } from '../schema-language.ts';

export const voteRequest = message('VoteRequest', {
  versions: '0-2',
  flexible: '0+',
  fields: {
    clusterId: string('0+', { nullable: '0+', default: null }),
    voterId: i32('1+', { default: -1, ignorable: true, entityType: 'brokerId' }),
    topics: array('0+', {
      topicName: string('0+', { entityType: 'topicName' }),
      partitions: array('0+', {
        partitionIndex: i32('0+'),
        replicaEpoch: i32('0+'),
        replicaId: i32('0+', { entityType: 'brokerId' }),
        replicaDirectoryId: uuid('1+', { ignorable: true }),
        voterDirectoryId: uuid('1+', { ignorable: true }),
        lastOffsetEpoch: i32('0+'),
        lastOffset: i64('0+'),
        preVote: bool('2+'),
      }),
    }),
  },
});
export type VoteRequest = Decoded<typeof voteRequest>;
export type VoteRequestInput = Input<typeof voteRequest>;

export const voteResponse = message('VoteResponse', {
  versions: '0-2',
  flexible: '0+',
  fields: {
    errorCode: i16('0+'),
    topics: array('0+', {
      topicName: string('0+', { entityType: 'topicName' }),
      partitions: array('0+', {
        partitionIndex: i32('0+'),
        errorCode: i16('0+'),
        leaderId: i32('0+', { entityType: 'brokerId' }),
        leaderEpoch: i32('0+'),
        voteGranted: bool('0+'),
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
export type VoteResponse = Decoded<typeof voteResponse>;
export type VoteResponseInput = Input<typeof voteResponse>;
