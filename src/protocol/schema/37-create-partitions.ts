/**
 * CreatePartitions (key 37). Adds partitions to topics (KIP-195).
 *
 * v3 THROTTLING_QUOTA_EXCEEDED (KIP-599).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, string } from '../schema-language.ts';

export const createPartitionsRequest = message('CreatePartitionsRequest', {
  versions: '0-3',
  flexible: '2+',
  fields: {
    topics: array('0+', {
      name: string('0+', { mapKey: true, entityType: 'topicName' }),
      count: i32('0+'),
      assignments: array(
        '0+',
        {
          brokerIds: array('0+', 'i32', { entityType: 'brokerId' }),
        },
        { nullable: '0+' },
      ),
    }),
    timeoutMs: i32('0+'),
    validateOnly: bool('0+'),
  },
});
export type CreatePartitionsRequest = Decoded<typeof createPartitionsRequest>;
export type CreatePartitionsRequestInput = Input<typeof createPartitionsRequest>;

export const createPartitionsResponse = message('CreatePartitionsResponse', {
  versions: '0-3',
  flexible: '2+',
  fields: {
    throttleTimeMs: i32('0+'),
    results: array('0+', {
      name: string('0+', { entityType: 'topicName' }),
      errorCode: i16('0+'),
      errorMessage: string('0+', { nullable: '0+', default: null }),
    }),
  },
});
export type CreatePartitionsResponse = Decoded<typeof createPartitionsResponse>;
export type CreatePartitionsResponseInput = Input<typeof createPartitionsResponse>;
