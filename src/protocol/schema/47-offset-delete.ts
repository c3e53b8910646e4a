/**
 * OffsetDelete (key 47). Deletes committed offsets (KIP-496).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, string } from '../schema-language.ts';

export const offsetDeleteRequest = message('OffsetDeleteRequest', {
  versions: '0',
  flexible: 'none',
  fields: {
    groupId: string('0+', { entityType: 'groupId' }),
    topics: array('0+', {
      name: string('0+', { mapKey: true, entityType: 'topicName' }),
      partitions: array('0+', {
        partitionIndex: i32('0+'),
      }),
    }),
  },
});
export type OffsetDeleteRequest = Decoded<typeof offsetDeleteRequest>;
export type OffsetDeleteRequestInput = Input<typeof offsetDeleteRequest>;

export const offsetDeleteResponse = message('OffsetDeleteResponse', {
  versions: '0',
  flexible: 'none',
  fields: {
    errorCode: i16('0+'),
    throttleTimeMs: i32('0+', { ignorable: true }),
    topics: array('0+', {
      name: string('0+', { mapKey: true, entityType: 'topicName' }),
      partitions: array('0+', {
        partitionIndex: i32('0+', { mapKey: true }),
        errorCode: i16('0+'),
      }),
    }),
  },
});
export type OffsetDeleteResponse = Decoded<typeof offsetDeleteResponse>;
export type OffsetDeleteResponseInput = Input<typeof offsetDeleteResponse>;
