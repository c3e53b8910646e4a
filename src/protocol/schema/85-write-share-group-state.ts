/**
 * WriteShareGroupState (key 85). Writes the persistent state of share partitions (KIP-932).
 *
 * v1 how many deliveries are complete (KIP-1226).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i64, i8, string, uuid } from '../schema-language.ts';

export const writeShareGroupStateRequest = message('WriteShareGroupStateRequest', {
  versions: '0-1',
  flexible: '0+',
  fields: {
    groupId: string('0+'),
    topics: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', {
        partition: i32('0+'),
        stateEpoch: i32('0+'),
        leaderEpoch: i32('0+'),
        startOffset: i64('0+'),
        deliveryCompleteCount: i32('1+', { default: -1, ignorable: true }),
        stateBatches: array('0+', {
          firstOffset: i64('0+'),
          lastOffset: i64('0+'),
          deliveryState: i8('0+'),
          deliveryCount: i16('0+'),
        }),
      }),
    }),
  },
});
export type WriteShareGroupStateRequest = Decoded<typeof writeShareGroupStateRequest>;
export type WriteShareGroupStateRequestInput = Input<typeof writeShareGroupStateRequest>;

export const writeShareGroupStateResponse = message('WriteShareGroupStateResponse', {
  versions: '0-1',
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
export type WriteShareGroupStateResponse = Decoded<typeof writeShareGroupStateResponse>;
export type WriteShareGroupStateResponseInput = Input<typeof writeShareGroupStateResponse>;
