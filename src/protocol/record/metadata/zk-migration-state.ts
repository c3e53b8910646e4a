/**
 * ZkMigrationStateRecord (type 21 of the metadata log). How far a migration from ZooKeeper was (KIP-866).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { i8 } from '../../schema-language.ts';

export const zkMigrationStateRecord = message('ZkMigrationStateRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    zkMigrationState: i8('0+'),
  },
});
export type ZkMigrationStateRecord = Decoded<typeof zkMigrationStateRecord>;
export type ZkMigrationStateRecordInput = Input<typeof zkMigrationStateRecord>;
