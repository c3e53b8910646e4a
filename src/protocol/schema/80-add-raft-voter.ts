/**
 * AddRaftVoter (key 80). Adds a voter to the quorum (KIP-853).
 *
 * v1 whether to wait until it is committed.
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, string, u16, uuid } from '../schema-language.ts';

export const addRaftVoterRequest = message('AddRaftVoterRequest', {
  versions: '0-1',
  flexible: '0+',
  fields: {
    clusterId: string('0+', { nullable: '0+' }),
    timeoutMs: i32('0+'),
    voterId: i32('0+'),
    voterDirectoryId: uuid('0+'),
    listeners: array('0+', {
      name: string('0+', { mapKey: true }),
      host: string('0+'),
      port: u16('0+'),
    }),
    ackWhenCommitted: bool('1+', { default: true }),
  },
});
export type AddRaftVoterRequest = Decoded<typeof addRaftVoterRequest>;
export type AddRaftVoterRequestInput = Input<typeof addRaftVoterRequest>;

export const addRaftVoterResponse = message('AddRaftVoterResponse', {
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    errorMessage: string('0+', { nullable: '0+', ignorable: true }),
  },
});
export type AddRaftVoterResponse = Decoded<typeof addRaftVoterResponse>;
export type AddRaftVoterResponseInput = Input<typeof addRaftVoterResponse>;
