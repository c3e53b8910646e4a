/**
 * DeleteShareGroupOffsets (key 92). Deletes start offsets of a share group (KIP-932).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, string, uuid } from '../schema-language.ts';

export const deleteShareGroupOffsetsRequest = message('DeleteShareGroupOffsetsRequest', {
  versions: '0',
  flexible: '0+',
  fields: {
    groupId: string('0+', { entityType: 'groupId' }),
    topics: array('0+', {
      topicName: string('0+', { entityType: 'topicName' }),
    }),
  },
});
export type DeleteShareGroupOffsetsRequest = Decoded<typeof deleteShareGroupOffsetsRequest>;
export type DeleteShareGroupOffsetsRequestInput = Input<typeof deleteShareGroupOffsetsRequest>;

export const deleteShareGroupOffsetsResponse = message('DeleteShareGroupOffsetsResponse', {
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    errorMessage: string('0+', { nullable: '0+', default: null }),
    responses: array('0+', {
      topicName: string('0+', { entityType: 'topicName' }),
      topicId: uuid('0+'),
      errorCode: i16('0+'),
      errorMessage: string('0+', { nullable: '0+', default: null }),
    }),
  },
});
export type DeleteShareGroupOffsetsResponse = Decoded<typeof deleteShareGroupOffsetsResponse>;
export type DeleteShareGroupOffsetsResponseInput = Input<typeof deleteShareGroupOffsetsResponse>;
