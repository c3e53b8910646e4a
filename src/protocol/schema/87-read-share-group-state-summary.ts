/**
 * ReadShareGroupStateSummary (key 87). Reads the start offsets of share partitions only (KIP-932).
 *
 * v1 how many deliveries are complete (KIP-1226).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i64, string, uuid } from '../schema-language.ts';

export const readShareGroupStateSummaryRequest = message('ReadShareGroupStateSummaryRequest', {
  versions: '0-1',
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
export type ReadShareGroupStateSummaryRequest = Decoded<typeof readShareGroupStateSummaryRequest>;
export type ReadShareGroupStateSummaryRequestInput = Input<typeof readShareGroupStateSummaryRequest>;

export const readShareGroupStateSummaryResponse = message('ReadShareGroupStateSummaryResponse', {
  versions: '0-1',
  flexible: '0+',
  fields: {
    results: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', {
        partition: i32('0+'),
        errorCode: i16('0+'),
        errorMessage: string('0+', { nullable: '0+', default: null }),
        stateEpoch: i32('0+'),
        leaderEpoch: i32('0+'),
        startOffset: i64('0+'),
        deliveryCompleteCount: i32('1+', { default: -1, ignorable: true }),
      }),
    }),
  },
});
export type ReadShareGroupStateSummaryResponse = Decoded<typeof readShareGroupStateSummaryResponse>;
export type ReadShareGroupStateSummaryResponseInput = Input<typeof readShareGroupStateSummaryResponse>;
