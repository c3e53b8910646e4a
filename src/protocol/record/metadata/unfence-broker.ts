/**
 * UnfenceBrokerRecord (type 8 of the metadata log). A broker was unfenced; written by the first versions only.
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { i32, i64 } from '../../schema-language.ts';

export const unfenceBrokerRecord = message('UnfenceBrokerRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    id: i32('0+', { entityType: 'brokerId' }),
    epoch: i64('0+'),
  },
});
export type UnfenceBrokerRecord = Decoded<typeof unfenceBrokerRecord>;
export type UnfenceBrokerRecordInput = Input<typeof unfenceBrokerRecord>;
