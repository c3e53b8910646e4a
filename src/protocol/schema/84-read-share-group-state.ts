/**
 * ReadShareGroupState (key 84). Reads the persistent state of share partitions (KIP-932).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i64, i8, string, uuid } from '../schema-language.ts';

export const readShareGroupStateRequest = message('ReadShareGroupStateRequest', {
  versions: '0',
  flexible: '0+',
  fields: {
    groupId: string('0+'),
    topics: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', {
        partition: i32('0+'),
        leaderEpoch: i32('0+'),
      }),
    }),
  },
});
export type ReadShareGroupStateRequest = Decoded<typeof readShareGroupStateRequest>;
export type ReadShareGroupStateRequestInput = Input<typeof readShareGroupStateRequest>;

export const readShareGroupStateResponse = message('ReadShareGroupStateResponse', {
  versions: '0',
  flexible: '0+',
  fields: {
    results: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', {
        partition: i32('0+'),
        errorCode: i16('0+'),
        errorMessage: string('0+', { nullable: '0+', default: null }),
        stateEpoch: i32('0+'),
        startOffset: i64('0+'),
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
export type ReadShareGroupStateResponse = Decoded<typeof readShareGroupStateResponse>;
export type ReadShareGroupStateResponseInput = Input<typeof readShareGroupStateResponse>;
