/**
 * What the shard of a connection asks the owners of partitions, apart from appends: for each kind the fields of the call, of one
 * item (a partition) and of one result, in the protocol's own schema language. Where asker and owner are the same thread the
 * objects are handed over as they are; else they travel as the payload of a `partitionCall` message.
 */
import { type Decoded, message } from '../protocol/message.ts';
import { array, i16, i32, i64, i64x, i8, string, uuid } from '../protocol/schema-language.ts';

const partitionKey = { topicId: uuid('0+'), partition: i32('0+') };
const leader = { leaderId: i32('0+'), leaderEpoch: i32('0+') };

/** Reads of a Fetch. What is not said by the wire: `slot` is -1 where there is nothing to send. */
export const fetchCall = message('FetchCall', {
  versions: '0',
  flexible: 'none',
  fields: {
    /** -1: a consumer. */
    replicaId: i32('0+'),
    isolationLevel: i8('0+'),
    /** Of the whole response. */
    maxBytes: i32('0+'),
    items: array('0+', {
      ...partitionKey,
      fetchOffset: i64('0+'),
      currentLeaderEpoch: i32('0+'),
      lastFetchedEpoch: i32('0+'),
      maxBytes: i32('0+'),
    }),
  },
});

export const fetchResults = message('FetchResults', {
  versions: '0',
  flexible: 'none',
  fields: {
    results: array('0+', {
      errorCode: i16('0+'),
      highWatermark: i64('0+'),
      lastStableOffset: i64('0+'),
      logStartOffset: i64('0+'),
      /** The slot of the segment's descriptor; one use is counted for the asker. */
      slot: i32('0+'),
      position: i64('0+'),
      length: i32('0+'),
      /** Of the first batch: a slice is not cut inside it. */
      firstBatchBytes: i32('0+'),
      /** The slice is one batch that is larger than `maxBytes`: only the first slice of a response may be (KIP-74). */
      oversized: i8('0+'),
      /** The slice ends with its segment, and more can be read in the next: waiting for more bytes would be waiting for nothing. */
      isBehind: i8('0+'),
      divergingEpoch: i32('0+'),
      divergingEndOffset: i64('0+'),
      ...leader,
      abortedTransactions: array('0+', { producerId: i64('0+'), firstOffset: i64('0+') }, { nullable: '0+' }),
    }),
  },
});

/** ListOffsets: by timestamp, or -1 latest, -2 earliest, -3 maximum timestamp, -4 … -6 of tiered storage. */
export const listOffsetsCall = message('ListOffsetsCall', {
  versions: '0',
  flexible: 'none',
  fields: {
    replicaId: i32('0+'),
    isolationLevel: i8('0+'),
    items: array('0+', { ...partitionKey, currentLeaderEpoch: i32('0+'), timestamp: i64x('0+') }),
  },
});

export const listOffsetsResults = message('ListOffsetsResults', {
  versions: '0',
  flexible: 'none',
  fields: {
    results: array('0+', { errorCode: i16('0+'), timestamp: i64x('0+'), offset: i64('0+'), leaderEpoch: i32('0+') }),
  },
});

/** OffsetForLeaderEpoch (KIP-101, KIP-279, KIP-320). */
export const epochEndCall = message('EpochEndCall', {
  versions: '0',
  flexible: 'none',
  fields: { items: array('0+', { ...partitionKey, currentLeaderEpoch: i32('0+'), leaderEpoch: i32('0+') }) },
});

export const epochEndResults = message('EpochEndResults', {
  versions: '0',
  flexible: 'none',
  fields: { results: array('0+', { errorCode: i16('0+'), leaderEpoch: i32('0+'), endOffset: i64('0+') }) },
});

/** DeleteRecords (KIP-107): offset -1 is the high watermark. */
export const deleteRecordsCall = message('DeleteRecordsCall', {
  versions: '0',
  flexible: 'none',
  fields: { items: array('0+', { ...partitionKey, offset: i64('0+') }) },
});

export const deleteRecordsResults = message('DeleteRecordsResults', {
  versions: '0',
  flexible: 'none',
  fields: { results: array('0+', { errorCode: i16('0+'), lowWatermark: i64('0+') }) },
});

/** DescribeProducers (KIP-664). */
export const describeProducersCall = message('DescribeProducersCall', {
  versions: '0',
  flexible: 'none',
  fields: { items: array('0+', partitionKey) },
});

export const describeProducersResults = message('DescribeProducersResults', {
  versions: '0',
  flexible: 'none',
  fields: {
    results: array('0+', {
      errorCode: i16('0+'),
      activeProducers: array('0+', {
        producerId: i64('0+'),
        producerEpoch: i32('0+'),
        lastSequence: i32('0+'),
        lastTimestamp: i64x('0+'),
        coordinatorEpoch: i32('0+'),
        currentTxnStartOffset: i64('0+'),
      }),
    }),
  },
});

/** A waiting Fetch: see shard/watch. */
export const watchCall = message('WatchCall', {
  versions: '0',
  flexible: 'none',
  fields: {
    isolationLevel: i8('0+'),
    missingBytes: i32('0+'),
    /** What the Fetch saw: where a high watermark has moved since, the watch fires at once. */
    items: array('0+', { ...partitionKey, highWatermark: i64('0+'), lastStableOffset: i64('0+') }),
  },
});

/** What control writes into the checkpoint files of the directories. */
export const checkpointResults = message('CheckpointResults', {
  versions: '0',
  flexible: 'none',
  fields: {
    results: array('0+', {
      directory: string('0+'),
      topic: string('0+'),
      partition: i32('0+'),
      recoveryPoint: i64('0+'),
      highWatermark: i64('0+'),
      startOffset: i64('0+'),
    }),
  },
});

export type FetchCall = Decoded<typeof fetchCall>;
/** What a Fetch asks for, without the limit of its response. */
export type FetchQuestion = Omit<FetchCall, 'maxBytes'>;
export type FetchItem = FetchCall['items'][number];
export type FetchResult = Decoded<typeof fetchResults>['results'][number];
export type ListOffsetsCall = Decoded<typeof listOffsetsCall>;
export type ListOffsetsItem = ListOffsetsCall['items'][number];
export type ListOffsetsResult = Decoded<typeof listOffsetsResults>['results'][number];
export type EpochEndCall = Decoded<typeof epochEndCall>;
export type EpochEndItem = EpochEndCall['items'][number];
export type EpochEndResult = Decoded<typeof epochEndResults>['results'][number];
export type DeleteRecordsCall = Decoded<typeof deleteRecordsCall>;
export type DeleteRecordsItem = DeleteRecordsCall['items'][number];
export type DeleteRecordsResult = Decoded<typeof deleteRecordsResults>['results'][number];
export type DescribeProducersCall = Decoded<typeof describeProducersCall>;
export type DescribeProducersItem = DescribeProducersCall['items'][number];
export type DescribeProducersResult = Decoded<typeof describeProducersResults>['results'][number];
export type WatchCall = Decoded<typeof watchCall>;
export type CheckpointResult = Decoded<typeof checkpointResults>['results'][number];
