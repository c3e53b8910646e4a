/**
 * The file `quorum-state`: epoch, leader and vote of a node (KIP-595).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, i32, i64, string, uuid } from '../../schema-language.ts';

export const quorumStateData = message('QuorumStateData', {
  versions: '0-1',
  flexible: '0+',
  fields: {
    clusterId: string('0'),
    leaderId: i32('0+', { default: -1 }),
    leaderEpoch: i32('0+', { default: -1 }),
    votedId: i32('0+', { default: -1 }),
    votedDirectoryId: uuid('1+'),
    appliedOffset: i64('0'),
    currentVoters: array(
      '0',
      {
        voterId: i32('0'),
      },
      { nullable: '0' },
    ),
  },
});
export type QuorumStateData = Decoded<typeof quorumStateData>;
export type QuorumStateDataInput = Input<typeof quorumStateData>;
