/**
 * RegisterBrokerRecord (type 0 of the metadata log). A broker registered (KIP-631).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, bool, i16, i32, i64, string, u16, uuid } from '../../schema-language.ts';

export const registerBrokerRecord = message('RegisterBrokerRecord', {
  versions: '0-4',
  flexible: '0+',
  fields: {
    brokerId: i32('0+', { entityType: 'brokerId' }),
    isMigratingZkBroker: bool('2+', { default: false }),
    incarnationId: uuid('0+'),
    brokerEpoch: i64('0+'),
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
    rack: string('0+', { nullable: '0+' }),
    fenced: bool('0+', { default: true }),
    inControlledShutdown: bool('1+', { default: false }),
    logDirs: array('3+', 'uuid', { tag: 0 }),
    cordonedLogDirs: array('4+', 'uuid', { nullable: '4+', default: null, tag: 1 }),
  },
});
export type RegisterBrokerRecord = Decoded<typeof registerBrokerRecord>;
export type RegisterBrokerRecordInput = Input<typeof registerBrokerRecord>;
