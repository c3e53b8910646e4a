/**
 * WriteTxnMarkers (key 27). A transaction coordinator has partitions written commit and abort markers (KIP-98).
 *
 * v2 the transaction version (KIP-1228).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, i64, i8, string } from '../schema-language.ts';

export const writeTxnMarkersRequest = message('WriteTxnMarkersRequest', {
  versions: '1-2',
  flexible: '1+',
  fields: {
    markers: array('0+', {
      producerId: i64('0+', { entityType: 'producerId' }),
      producerEpoch: i16('0+'),
      transactionResult: bool('0+'),
      topics: array('0+', {
        name: string('0+', { entityType: 'topicName' }),
        partitionIndexes: array('0+', 'i32'),
      }),
      coordinatorEpoch: i32('0+'),
      transactionVersion: i8('2+', { default: 0, ignorable: true }),
    }),
  },
});
export type WriteTxnMarkersRequest = Decoded<typeof writeTxnMarkersRequest>;
export type WriteTxnMarkersRequestInput = Input<typeof writeTxnMarkersRequest>;

export const writeTxnMarkersResponse = message('WriteTxnMarkersResponse', {
  versions: '1-2',
  flexible: '1+',
  fields: {
    markers: array('0+', {
      producerId: i64('0+', { entityType: 'producerId' }),
      topics: array('0+', {
        name: string('0+', { entityType: 'topicName' }),
        partitions: array('0+', {
          partitionIndex: i32('0+'),
          errorCode: i16('0+'),
        }),
      }),
    }),
  },
});
export type WriteTxnMarkersResponse = Decoded<typeof writeTxnMarkersResponse>;
export type WriteTxnMarkersResponseInput = Input<typeof writeTxnMarkersResponse>;
