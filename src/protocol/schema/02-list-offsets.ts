/**
 * ListOffsets (key 2). Finds offsets by timestamp, the ends of the log among them.
 *
 * v4 leader epochs (KIP-320); v7 the maximum timestamp (KIP-734); v8 the start of the local log (KIP-405); v9 the last
 * tiered offset (KIP-1005); v10 a timeout (KIP-1075); v11 the first offset not yet uploaded (KIP-1023).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i64, i64x, i8, string } from '../schema-language.ts';

export const listOffsetsRequest = message('ListOffsetsRequest', {
  versions: '1-11',
  flexible: '6+',
  fields: {
    replicaId: i32('0+', { entityType: 'brokerId' }),
    isolationLevel: i8('2+'),
    topics: array('0+', {
      name: string('0+', { entityType: 'topicName' }),
      partitions: array('0+', {
        partitionIndex: i32('0+'),
        currentLeaderEpoch: i32('4+', { default: -1, ignorable: true }),
        timestamp: i64x('0+'),
      }),
    }),
    timeoutMs: i32('10+', { ignorable: true }),
  },
});
export type ListOffsetsRequest = Decoded<typeof listOffsetsRequest>;
export type ListOffsetsRequestInput = Input<typeof listOffsetsRequest>;

export const listOffsetsResponse = message('ListOffsetsResponse', {
  versions: '1-11',
  flexible: '6+',
  fields: {
    throttleTimeMs: i32('2+', { ignorable: true }),
    topics: array('0+', {
      name: string('0+', { entityType: 'topicName' }),
      partitions: array('0+', {
        partitionIndex: i32('0+'),
        errorCode: i16('0+'),
        timestamp: i64x('1+', { default: -1n }),
        offset: i64('1+', { default: -1 }),
        leaderEpoch: i32('4+', { default: -1 }),
      }),
    }),
  },
});
export type ListOffsetsResponse = Decoded<typeof listOffsetsResponse>;
export type ListOffsetsResponseInput = Input<typeof listOffsetsResponse>;
