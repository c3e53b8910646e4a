/**
 * RemoveRaftVoter (key 81). Removes a voter from the quorum (KIP-853).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { i16, i32, string, uuid } from '../schema-language.ts';

export const removeRaftVoterRequest = message('RemoveRaftVoterRequest', {
  versions: '0',
  flexible: '0+',
  fields: {
    clusterId: string('0+', { nullable: '0+' }),
    voterId: i32('0+'),
    voterDirectoryId: uuid('0+'),
  },
});
export type RemoveRaftVoterRequest = Decoded<typeof removeRaftVoterRequest>;
export type RemoveRaftVoterRequestInput = Input<typeof removeRaftVoterRequest>;

export const removeRaftVoterResponse = message('RemoveRaftVoterResponse', {
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    errorMessage: string('0+', { nullable: '0+', ignorable: true }),
  },
});
export type RemoveRaftVoterResponse = Decoded<typeof removeRaftVoterResponse>;
export type RemoveRaftVoterResponseInput = Input<typeof removeRaftVoterResponse>;
