/**
 * InitializeShareGroupState (key 83). Starts the persistent state of share partitions (KIP-932).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i64, string, uuid } from '../schema-language.ts';

export const initializeShareGroupStateRequest = message('InitializeShareGroupStateRequest', {
  versions: '0',
  flexible: '0+',
  fields: {
    groupId: string('0+'),
    topics: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', {
        partition: i32('0+'),
        stateEpoch: i32('0+'),
        startOffset: i64('0+'),
      }),
    }),
  },
});
export type InitializeShareGroupStateRequest = Decoded<typeof initializeShareGroupStateRequest>;
export type InitializeShareGroupStateRequestInput = Input<typeof initializeShareGroupStateRequest>;

export const initializeShareGroupStateResponse = message('InitializeShareGroupStateResponse', {
  versions: '0',
  flexible: '0+',
  fields: {
    results: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', {
        partition: i32('0+'),
        errorCode: i16('0+'),
        errorMessage: string('0+', { nullable: '0+', default: null }),
      }),
    }),
  },
});
export type InitializeShareGroupStateResponse = Decoded<typeof initializeShareGroupStateResponse>;
export type InitializeShareGroupStateResponseInput = Input<typeof initializeShareGroupStateResponse>;
