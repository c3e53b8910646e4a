/**
 * DeleteRecords (key 21). Moves the start of partitions forward (KIP-107).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i64, string } from '../schema-language.ts';

export const deleteRecordsRequest = message('DeleteRecordsRequest', {
  versions: '0-2',
  flexible: '2+',
  fields: {
    topics: array('0+', {
      name: string('0+', { entityType: 'topicName' }),
      partitions: array('0+', {
        partitionIndex: i32('0+'),
        offset: i64('0+'),
      }),
    }),
    timeoutMs: i32('0+'),
  },
});
export type DeleteRecordsRequest = Decoded<typeof deleteRecordsRequest>;
export type DeleteRecordsRequestInput = Input<typeof deleteRecordsRequest>;

export const deleteRecordsResponse = message('DeleteRecordsResponse', {
  versions: '0-2',
  flexible: '2+',
  fields: {
    throttleTimeMs: i32('0+'),
    topics: array('0+', {
      name: string('0+', { mapKey: true, entityType: 'topicName' }),
      partitions: array('0+', {
        partitionIndex: i32('0+', { mapKey: true }),
        lowWatermark: i64('0+'),
        errorCode: i16('0+'),
      }),
    }),
  },
});
export type DeleteRecordsResponse = Decoded<typeof deleteRecordsResponse>;
export type DeleteRecordsResponseInput = Input<typeof deleteRecordsResponse>;
