/**
 * A control record at the start of every epoch of a quorum (KIP-595).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, i16, i32, uuid } from '../../schema-language.ts';

const voter = {
  voterId: i32('0+'),
  voterDirectoryId: uuid('1+'),
};

export const leaderChangeMessage = message('LeaderChangeMessage', {
  versions: '0-1',
  flexible: '0+',
  fields: {
    version: i16('0+'),
    leaderId: i32('0+', { entityType: 'brokerId' }),
    voters: array('0+', voter),
    grantingVoters: array('0+', voter),
  },
});
export type LeaderChangeMessage = Decoded<typeof leaderChangeMessage>;
export type LeaderChangeMessageInput = Input<typeof leaderChangeMessage>;
