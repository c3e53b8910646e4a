/**
 * AllocateProducerIds (key 67). A broker takes a block of producer ids from the controller (KIP-730).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { i16, i32, i64 } from '../schema-language.ts';

export const allocateProducerIdsRequest = message('AllocateProducerIdsRequest', {
  versions: '0',
  flexible: '0+',
  fields: {
    brokerId: i32('0+', { entityType: 'brokerId' }),
    brokerEpoch: i64('0+', { default: -1 }),
  },
});
export type AllocateProducerIdsRequest = Decoded<typeof allocateProducerIdsRequest>;
export type AllocateProducerIdsRequestInput = Input<typeof allocateProducerIdsRequest>;

export const allocateProducerIdsResponse = message('AllocateProducerIdsResponse', {
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    producerIdStart: i64('0+', { entityType: 'producerId' }),
    producerIdLen: i32('0+'),
  },
});
export type AllocateProducerIdsResponse = Decoded<typeof allocateProducerIdsResponse>;
export type AllocateProducerIdsResponseInput = Input<typeof allocateProducerIdsResponse>;
