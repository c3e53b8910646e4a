/**
 * ProducerIdsRecord (type 15 of the metadata log). The next block of producer ids (KIP-730).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { i32, i64 } from '../../schema-language.ts';

export const producerIdsRecord = message('ProducerIdsRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    brokerId: i32('0+', { entityType: 'brokerId' }),
    brokerEpoch: i64('0+', { default: -1 }),
    nextProducerId: i64('0+'),
  },
});
export type ProducerIdsRecord = Decoded<typeof producerIdsRecord>;
export type ProducerIdsRecordInput = Input<typeof producerIdsRecord>;
