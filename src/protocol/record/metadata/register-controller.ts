/**
 * RegisterControllerRecord (type 27 of the metadata log). A controller registered (KIP-919).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, bool, i16, i32, string, u16, uuid } from '../../schema-language.ts';

export const registerControllerRecord = message('RegisterControllerRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    controllerId: i32('0+'),
    incarnationId: uuid('0+'),
    zkMigrationReady: bool('0+'),
    endPoints: array('0+', {
      name: string('0+', { mapKey: true }),
      host: string('0+'),
      port: u16('0+'),
      securityProtocol: i16('0+'),
    }),
    features: array('0+', {
      name: string('0+', { mapKey: true }),
      minSupportedVersion: i16('0+'),
      maxSupportedVersion: i16('0+'),
    }),
  },
});
export type RegisterControllerRecord = Decoded<typeof registerControllerRecord>;
export type RegisterControllerRecordInput = Input<typeof registerControllerRecord>;
