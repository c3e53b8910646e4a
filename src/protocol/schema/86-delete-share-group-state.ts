/**
 * DeleteShareGroupState (key 86). Deletes the persistent state of share partitions (KIP-932).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, string, uuid } from '../schema-language.ts';

export const deleteShareGroupStateRequest = message('DeleteShareGroupStateRequest', {
  versions: '0',
  flexible: '0+',
  fields: {
    groupId: string('0+'),
    topics: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', {
        partition: i32('0+'),
      }),
    }),
  },
});
export type DeleteShareGroupStateRequest = Decoded<typeof deleteShareGroupStateRequest>;
export type DeleteShareGroupStateRequestInput = Input<typeof deleteShareGroupStateRequest>;

export const deleteShareGroupStateResponse = message('DeleteShareGroupStateResponse', {
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
export type DeleteShareGroupStateResponse = Decoded<typeof deleteShareGroupStateResponse>;
export type DeleteShareGroupStateResponseInput = Input<typeof deleteShareGroupStateResponse>;
