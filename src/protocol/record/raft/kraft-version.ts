/**
 * A control record of the metadata log: which kraft.version is in force (KIP-853).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { i16 } from '../../schema-language.ts';

export const kraftVersionRecord = message('KRaftVersionRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    version: i16('0+'),
    kRaftVersion: i16('0+'),
  },
});
export type KRaftVersionRecord = Decoded<typeof kraftVersionRecord>;
export type KRaftVersionRecordInput = Input<typeof kraftVersionRecord>;
