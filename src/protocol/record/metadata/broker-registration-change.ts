/**
 * BrokerRegistrationChangeRecord (type 17 of the metadata log). A broker was fenced, unfenced, began to stop, or its
 * log directories changed.
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, i32, i64, i8 } from '../../schema-language.ts';

export const brokerRegistrationChangeRecord = message('BrokerRegistrationChangeRecord', {
  versions: '0-3',
  flexible: '0+',
  fields: {
    brokerId: i32('0+', { entityType: 'brokerId' }),
    brokerEpoch: i64('0+'),
    fenced: i8('0+', { tag: 0 }),
    inControlledShutdown: i8('1+', { tag: 1 }),
    logDirs: array('2+', 'uuid', { tag: 2 }),
    cordonedLogDirs: array('3+', 'uuid', { nullable: '3+', default: null, tag: 3 }),
  },
});
export type BrokerRegistrationChangeRecord = Decoded<typeof brokerRegistrationChangeRecord>;
export type BrokerRegistrationChangeRecordInput = Input<typeof brokerRegistrationChangeRecord>;
