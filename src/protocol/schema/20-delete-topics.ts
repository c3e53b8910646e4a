/**
 * DeleteTopics (key 20). Deletes topics.
 *
 * v5 error messages (KIP-599); v6 by id (KIP-516).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, string, uuid } from '../schema-language.ts';

export const deleteTopicsRequest = message('DeleteTopicsRequest', {
  versions: '1-6',
  flexible: '4+',
  fields: {
    topics: array('6+', {
      name: string('6+', { nullable: '6+', default: null, entityType: 'topicName' }),
      topicId: uuid('6+'),
    }),
    topicNames: array('0-5', 'string', { ignorable: true, entityType: 'topicName' }),
    timeoutMs: i32('0+'),
  },
});
export type DeleteTopicsRequest = Decoded<typeof deleteTopicsRequest>;
export type DeleteTopicsRequestInput = Input<typeof deleteTopicsRequest>;

export const deleteTopicsResponse = message('DeleteTopicsResponse', {
  versions: '1-6',
  flexible: '4+',
  fields: {
    throttleTimeMs: i32('1+', { ignorable: true }),
    responses: array('0+', {
      name: string('0+', { nullable: '6+', mapKey: true, entityType: 'topicName' }),
      topicId: uuid('6+', { ignorable: true }),
      errorCode: i16('0+'),
      errorMessage: string('5+', { nullable: '5+', default: null, ignorable: true }),
    }),
  },
});
export type DeleteTopicsResponse = Decoded<typeof deleteTopicsResponse>;
export type DeleteTopicsResponseInput = Input<typeof deleteTopicsResponse>;
