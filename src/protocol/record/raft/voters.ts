/**
 * A control record: the voters of the quorum (KIP-853).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, i16, i32, string, struct, u16, uuid } from '../../schema-language.ts';

export const votersRecord = message('VotersRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    version: i16('0+'),
    voters: array('0+', {
      voterId: i32('0+', { entityType: 'brokerId' }),
      voterDirectoryId: uuid('0+'),
      endpoints: array('0+', {
        name: string('0+', { mapKey: true }),
        host: string('0+'),
        port: u16('0+'),
      }),
      kRaftVersionFeature: struct('0+', {
        minSupportedVersion: i16('0+'),
        maxSupportedVersion: i16('0+'),
      }),
    }),
  },
});
export type VotersRecord = Decoded<typeof votersRecord>;
export type VotersRecordInput = Input<typeof votersRecord>;
