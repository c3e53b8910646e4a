/**
 * UpdateRaftVoter (key 82). A voter tells its endpoints and versions (KIP-853).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, string, struct, u16, uuid } from '../schema-language.ts';

export const updateRaftVoterRequest = message('UpdateRaftVoterRequest', {
  versions: '0',
  flexible: '0+',
  fields: {
    clusterId: string('0+', { nullable: '0+' }),
    currentLeaderEpoch: i32('0+'),
    voterId: i32('0+'),
    voterDirectoryId: uuid('0+'),
    listeners: array('0+', {
      name: string('0+', { mapKey: true }),
      host: string('0+'),
      port: u16('0+'),
    }),
    kRaftVersionFeature: struct('0+', {
      minSupportedVersion: i16('0+'),
      maxSupportedVersion: i16('0+'),
    }),
  },
});
export type UpdateRaftVoterRequest = Decoded<typeof updateRaftVoterRequest>;
export type UpdateRaftVoterRequestInput = Input<typeof updateRaftVoterRequest>;

export const updateRaftVoterResponse = message('UpdateRaftVoterResponse', {
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    currentLeader: struct(
      '0+',
      {
        leaderId: i32('0+', { default: -1, entityType: 'brokerId' }),
        leaderEpoch: i32('0+', { default: -1 }),
        host: string('0+'),
        port: i32('0+'),
      },
      { tag: 0 },
    ),
  },
});
export type UpdateRaftVoterResponse = Decoded<typeof updateRaftVoterResponse>;
export type UpdateRaftVoterResponseInput = Input<typeof updateRaftVoterResponse>;
