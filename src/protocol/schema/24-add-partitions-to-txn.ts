/**
 * AddPartitionsToTxn (key 24). Adds partitions to a transaction (KIP-98).
 *
 * v4 several transactions, and verification only (KIP-890).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, i64, string } from '../schema-language.ts';

const addPartitionsToTxnTopic = {
  name: string('0+', { mapKey: true, entityType: 'topicName' }),
  partitions: array('0+', 'i32'),
};

export const addPartitionsToTxnRequest = message('AddPartitionsToTxnRequest', {
  versions: '0-5',
  flexible: '3+',
  fields: {
    transactions: array('4+', {
      transactionalId: string('4+', { mapKey: true, entityType: 'transactionalId' }),
      producerId: i64('4+', { entityType: 'producerId' }),
      producerEpoch: i16('4+'),
      verifyOnly: bool('4+', { default: false }),
      topics: array('4+', addPartitionsToTxnTopic),
    }),
    v3AndBelowTransactionalId: string('0-3', { entityType: 'transactionalId' }),
    v3AndBelowProducerId: i64('0-3', { entityType: 'producerId' }),
    v3AndBelowProducerEpoch: i16('0-3'),
    v3AndBelowTopics: array('0-3', addPartitionsToTxnTopic),
  },
});
export type AddPartitionsToTxnRequest = Decoded<typeof addPartitionsToTxnRequest>;
export type AddPartitionsToTxnRequestInput = Input<typeof addPartitionsToTxnRequest>;

const addPartitionsToTxnPartitionResult = {
  partitionIndex: i32('0+', { mapKey: true }),
  partitionErrorCode: i16('0+'),
};

const addPartitionsToTxnTopicResult = {
  name: string('0+', { mapKey: true, entityType: 'topicName' }),
  resultsByPartition: array('0+', addPartitionsToTxnPartitionResult),
};

export const addPartitionsToTxnResponse = message('AddPartitionsToTxnResponse', {
  versions: '0-5',
  flexible: '3+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('4+', { ignorable: true }),
    resultsByTransaction: array('4+', {
      transactionalId: string('4+', { mapKey: true, entityType: 'transactionalId' }),
      topicResults: array('4+', addPartitionsToTxnTopicResult),
    }),
    resultsByTopicV3AndBelow: array('0-3', addPartitionsToTxnTopicResult),
  },
});
export type AddPartitionsToTxnResponse = Decoded<typeof addPartitionsToTxnResponse>;
export type AddPartitionsToTxnResponseInput = Input<typeof addPartitionsToTxnResponse>;
