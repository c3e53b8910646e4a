/**
 * UnregisterBrokerRecord (type 1 of the metadata log). A broker was forgotten.
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { i32, i64 } from '../../schema-language.ts';

export const unregisterBrokerRecord = message('UnregisterBrokerRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    brokerId: i32('0+', { entityType: 'brokerId' }),
    brokerEpoch: i64('0+'),
  },
});
export type UnregisterBrokerRecord = Decoded<typeof unregisterBrokerRecord>;
export type UnregisterBrokerRecordInput = Input<typeof unregisterBrokerRecord>;
