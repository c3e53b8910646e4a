/**
 * CreateTopics (key 19). Creates topics.
 *
 * v4 default counts (KIP-464); v5 the settings in the answer (KIP-525); v7 topic ids (KIP-516).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, i8, string, uuid } from '../schema-language.ts';

export const createTopicsRequest = message('CreateTopicsRequest', {
  versions: '2-7',
  flexible: '5+',
  fields: {
    topics: array('0+', {
      name: string('0+', { mapKey: true, entityType: 'topicName' }),
      numPartitions: i32('0+'),
      replicationFactor: i16('0+'),
      assignments: array('0+', {
        partitionIndex: i32('0+', { mapKey: true }),
        brokerIds: array('0+', 'i32', { entityType: 'brokerId' }),
      }),
      configs: array('0+', {
        name: string('0+', { mapKey: true }),
        value: string('0+', { nullable: '0+' }),
      }),
    }),
    timeoutMs: i32('0+', { default: 60000 }),
    validateOnly: bool('1+', { default: false }),
  },
});
export type CreateTopicsRequest = Decoded<typeof createTopicsRequest>;
export type CreateTopicsRequestInput = Input<typeof createTopicsRequest>;

export const createTopicsResponse = message('CreateTopicsResponse', {
  versions: '2-7',
  flexible: '5+',
  fields: {
    throttleTimeMs: i32('2+', { ignorable: true }),
    topics: array('0+', {
      name: string('0+', { mapKey: true, entityType: 'topicName' }),
      topicId: uuid('7+', { ignorable: true }),
      errorCode: i16('0+'),
      errorMessage: string('1+', { nullable: '0+', ignorable: true }),
      topicConfigErrorCode: i16('5+', { tag: 0, ignorable: true }),
      numPartitions: i32('5+', { default: -1, ignorable: true }),
      replicationFactor: i16('5+', { default: -1, ignorable: true }),
      configs: array(
        '5+',
        {
          name: string('5+'),
          value: string('5+', { nullable: '5+' }),
          readOnly: bool('5+'),
          configSource: i8('5+', { default: -1, ignorable: true }),
          isSensitive: bool('5+'),
        },
        { nullable: '5+', ignorable: true },
      ),
    }),
  },
});
export type CreateTopicsResponse = Decoded<typeof createTopicsResponse>;
export type CreateTopicsResponseInput = Input<typeof createTopicsResponse>;
