/**
 * AlterShareGroupOffsets (key 91). Sets start offsets of a share group (KIP-932).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i64, string, uuid } from '../schema-language.ts';

export const alterShareGroupOffsetsRequest = message('AlterShareGroupOffsetsRequest', {
  versions: '0',
  flexible: '0+',
  fields: {
    groupId: string('0+', { entityType: 'groupId' }),
    topics: array('0+', {
      topicName: string('0+', { mapKey: true, entityType: 'topicName' }),
      partitions: array('0+', {
        partitionIndex: i32('0+'),
        startOffset: i64('0+'),
      }),
    }),
  },
});
export type AlterShareGroupOffsetsRequest = Decoded<typeof alterShareGroupOffsetsRequest>;
export type AlterShareGroupOffsetsRequestInput = Input<typeof alterShareGroupOffsetsRequest>;

export const alterShareGroupOffsetsResponse = message('AlterShareGroupOffsetsResponse', {
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    errorMessage: string('0+', { nullable: '0+', default: null }),
    responses: array('0+', {
      topicName: string('0+', { mapKey: true, entityType: 'topicName' }),
      topicId: uuid('0+'),
      partitions: array('0+', {
        partitionIndex: i32('0+'),
        errorCode: i16('0+'),
        errorMessage: string('0+', { nullable: '0+', default: null }),
      }),
    }),
  },
});
export type AlterShareGroupOffsetsResponse = Decoded<typeof alterShareGroupOffsetsResponse>;
export type AlterShareGroupOffsetsResponseInput = Input<typeof alterShareGroupOffsetsResponse>;
