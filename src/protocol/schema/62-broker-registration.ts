/**
 * BrokerRegistration (key 62). A broker makes itself known to the controller (KIP-631).
 *
 * v1 migration (KIP-866); v2 log directories (KIP-858); v3 the previous epoch (KIP-966); v4 a feature may start at 0
 * (KIP-1022).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, i64, string, u16, uuid } from '../schema-language.ts';

export const brokerRegistrationRequest = message('BrokerRegistrationRequest', {
  versions: '0-4',
  flexible: '0+',
  fields: {
    brokerId: i32('0+', { entityType: 'brokerId' }),
    clusterId: string('0+'),
    incarnationId: uuid('0+'),
    listeners: array('0+', {
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
    isMigratingZkBroker: bool('1+', { default: false }),
    logDirs: array('2+', 'uuid', { ignorable: true }),
    previousBrokerEpoch: i64('3+', { default: -1, ignorable: true }),
  },
});
export type BrokerRegistrationRequest = Decoded<typeof brokerRegistrationRequest>;
export type BrokerRegistrationRequestInput = Input<typeof brokerRegistrationRequest>;

export const brokerRegistrationResponse = message('BrokerRegistrationResponse', {
  versions: '0-4',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    brokerEpoch: i64('0+', { default: -1 }),
  },
});
export type BrokerRegistrationResponse = Decoded<typeof brokerRegistrationResponse>;
export type BrokerRegistrationResponseInput = Input<typeof brokerRegistrationResponse>;
