/**
 * FenceBrokerRecord (type 7 of the metadata log). A broker was fenced; written by the first versions only.
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { i32, i64 } from '../../schema-language.ts';

export const fenceBrokerRecord = message('FenceBrokerRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    id: i32('0+', { entityType: 'brokerId' }),
    epoch: i64('0+'),
  },
});
export type FenceBrokerRecord = Decoded<typeof fenceBrokerRecord>;
export type FenceBrokerRecordInput = Input<typeof fenceBrokerRecord>;
