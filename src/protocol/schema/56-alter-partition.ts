/**
 * AlterPartition (key 56). A leader asks the controller to change the ISR (KIP-497).
 *
 * v2 topic ids (KIP-841); v3 broker epochs of the new ISR (KIP-903).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i64, i8, uuid } from '../schema-language.ts';

export const alterPartitionRequest = message('AlterPartitionRequest', {
  versions: '2-3',
  flexible: '0+',
  fields: {
    brokerId: i32('0+', { entityType: 'brokerId' }),
    brokerEpoch: i64('0+', { default: -1 }),
    topics: array('0+', {
      topicId: uuid('2+', { ignorable: true }),
      partitions: array('0+', {
        partitionIndex: i32('0+'),
        leaderEpoch: i32('0+'),
        newIsr: array('0-2', 'i32', { entityType: 'brokerId' }),
        newIsrWithEpochs: array('3+', {
          brokerId: i32('3+', { entityType: 'brokerId' }),
          brokerEpoch: i64('3+', { default: -1 }),
        }),
        leaderRecoveryState: i8('1+', { default: 0 }),
        partitionEpoch: i32('0+'),
      }),
    }),
  },
});
export type AlterPartitionRequest = Decoded<typeof alterPartitionRequest>;
export type AlterPartitionRequestInput = Input<typeof alterPartitionRequest>;

export const alterPartitionResponse = message('AlterPartitionResponse', {
  versions: '2-3',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    topics: array('0+', {
      topicId: uuid('2+', { ignorable: true }),
      partitions: array('0+', {
        partitionIndex: i32('0+'),
        errorCode: i16('0+'),
        leaderId: i32('0+', { entityType: 'brokerId' }),
        leaderEpoch: i32('0+'),
        isr: array('0+', 'i32', { entityType: 'brokerId' }),
        leaderRecoveryState: i8('1+', { default: 0, ignorable: true }),
        partitionEpoch: i32('0+'),
      }),
    }),
  },
});
export type AlterPartitionResponse = Decoded<typeof alterPartitionResponse>;
export type AlterPartitionResponseInput = Input<typeof alterPartitionResponse>;
