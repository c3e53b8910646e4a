/**
 * BrokerHeartbeat (key 63). A broker stays registered, asks to be unfenced or to stop (KIP-631).
 *
 * v1 offline log directories (KIP-858); v2 cordoned ones (KIP-1066).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, i64 } from '../schema-language.ts';

export const brokerHeartbeatRequest = message('BrokerHeartbeatRequest', {
  versions: '0-2',
  flexible: '0+',
  fields: {
    brokerId: i32('0+', { entityType: 'brokerId' }),
    brokerEpoch: i64('0+', { default: -1 }),
    currentMetadataOffset: i64('0+'),
    wantFence: bool('0+'),
    wantShutDown: bool('0+'),
    offlineLogDirs: array('1+', 'uuid', { tag: 0 }),
    cordonedLogDirs: array('2+', 'uuid', { nullable: '2+', default: null, tag: 1 }),
  },
});
export type BrokerHeartbeatRequest = Decoded<typeof brokerHeartbeatRequest>;
export type BrokerHeartbeatRequestInput = Input<typeof brokerHeartbeatRequest>;

export const brokerHeartbeatResponse = message('BrokerHeartbeatResponse', {
  versions: '0-2',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    isCaughtUp: bool('0+', { default: false }),
    isFenced: bool('0+', { default: true }),
    shouldShutDown: bool('0+'),
  },
});
export type BrokerHeartbeatResponse = Decoded<typeof brokerHeartbeatResponse>;
export type BrokerHeartbeatResponseInput = Input<typeof brokerHeartbeatResponse>;
