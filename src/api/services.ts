/**
 * What handlers may ask of the broker. One object a shard; composed in broker/. A handler knows topics, offsets and settings; where a
 * partition lives, how a question travels and what a file is called stays behind these functions.
 */
import type { Uuid } from '../base/uuid.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { LogConfig } from '../config/log-config.ts';
import type { MetadataImage } from '../machine/image/image.ts';
import type { GroupApi, TransactionApi } from '../protocol/coordinator-key.ts';
import type { Decoded, Input } from '../protocol/message.ts';
import type { Records } from '../protocol/records.ts';
import type { APIS, RequestOf, ResponseOf } from '../protocol/schema/index.ts';
import type { TransactionOfRequest } from '../protocol/transaction-of-request.ts';
import type { TransactionMarker } from '../protocol/transaction-marker.ts';
import type { FetchSessions } from './fetch-session.ts';
import type { RequestContext } from './handler.ts';

export type Context<Response = unknown> = RequestContext<Services, Response>;

/** A partition of a topic, as the wire's newest versions name it. */
export interface PartitionKey {
  readonly topicId: Uuid;
  readonly partition: number;
}

export interface ProducePart extends PartitionKey {
  readonly topic: string;
  readonly records: Buffer;
}

export interface ProducedPart {
  readonly errorCode: number;
  readonly baseOffset: number;
  readonly logAppendTimeMs: bigint;
  readonly logStartOffset: number;
  readonly errorMessage: string | null;
  readonly recordErrors: readonly { readonly batchIndex: number; readonly batchIndexErrorMessage: string | null }[];
  /** Refused for what is in it: its partition was not asked. */
  readonly isInvalid: boolean;
}

export interface FetchPart extends PartitionKey {
  readonly fetchOffset: number;
  readonly currentLeaderEpoch: number;
  readonly lastFetchedEpoch: number;
  readonly maxBytes: number;
}

export interface FetchedPart {
  readonly result: {
    readonly errorCode: number;
    readonly highWatermark: number;
    readonly lastStableOffset: number;
    readonly logStartOffset: number;
    readonly divergingEpoch: number;
    readonly divergingEndOffset: number;
    readonly leaderId: number;
    readonly leaderEpoch: number;
    readonly abortedTransactions: readonly { readonly producerId: number; readonly firstOffset: number }[] | null;
  };
  readonly records: Records;
}

export interface FetchAsk {
  /** -1: a consumer. */
  readonly replicaId: number;
  readonly isolationLevel: number;
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly items: FetchPart[];
}

export interface OffsetsPart extends PartitionKey {
  readonly currentLeaderEpoch: number;
  readonly timestamp: bigint;
}

export interface EpochPart extends PartitionKey {
  readonly currentLeaderEpoch: number;
  readonly leaderEpoch: number;
}

export interface DescribedProducers {
  readonly errorCode: number;
  readonly activeProducers: readonly {
    readonly producerId: number;
    readonly producerEpoch: number;
    readonly lastSequence: number;
    readonly lastTimestamp: bigint;
    readonly coordinatorEpoch: number;
    readonly currentTxnStartOffset: number;
  }[];
}

export interface DeletePart extends PartitionKey {
  readonly offset: number;
}

/** APIs that the control thread answers. */
export type ControlApi =
  | 'CreateTopics'
  | 'DeleteTopics'
  | 'CreatePartitions'
  | 'AlterConfigs'
  | 'IncrementalAlterConfigs'
  | 'AllocateProducerIds';

/** APIs that the coordinator of one group answers; ListGroups is asked of all. */
export type OneGroupApi = Exclude<GroupApi, 'ListGroups'>;

/** APIs that the coordinator of one transactional id answers; ListTransactions is asked of all. */
export type OneTransactionApi = Exclude<TransactionApi, 'ListTransactions'>;

/** A coordinator's answer; or why there is none, as the client is to be told: NOT_COORDINATOR, COORDINATOR_LOAD_IN_PROGRESS … */
export type CoordinatorOutcome<N extends OneGroupApi | OneTransactionApi> =
  | { readonly ok: true; readonly response: ResponseOf<N> }
  | { readonly ok: false; readonly errorCode: number };

/** What is coordinated by the partitions of an internal topic. */
export type CoordinatorKind = 'group' | 'transaction';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface Services {
  /** This thread's view of the cluster's metadata; always the same object. */
  readonly image: MetadataImage;
  readonly config: BrokerConfig;
  readonly clusterId: string;
  readonly nodeId: number;
  readonly fetchSessions: FetchSessions;
  /** Milliseconds since the epoch. */
  now(): number;

  /** Where clients of a listener reach a broker; null where it has no such listener. */
  endpoint(nodeId: number, listenerName: string): Endpoint | null;
  /** The effective settings of a topic's logs. */
  logConfig(topic: string): LogConfig;

  /** Validates and appends; `done` is called once with a result for each part, in the call where everything is immediate. */
  produce(
    context: Context,
    parts: readonly ProducePart[],
    acks: number,
    timeoutMs: number,
    transaction: TransactionOfRequest | null,
    done: (parts: ProducedPart[]) => void,
  ): void;
  /** Waits as the limits say; `done` is called once with a result for each item. Returns what ends the waiting: `done` comes without records. */
  fetch(ask: FetchAsk, done: (parts: FetchedPart[]) => void): () => void;
  listOffsets(call: {
    replicaId: number;
    isolationLevel: number;
    items: OffsetsPart[];
  }): Promise<{ errorCode: number; timestamp: bigint; offset: number; leaderEpoch: number }[]>;
  epochEnds(items: EpochPart[]): Promise<{ errorCode: number; leaderEpoch: number; endOffset: number }[]>;
  describeProducers(items: PartitionKey[]): Promise<DescribedProducers[]>;
  deleteRecords(items: DeletePart[]): Promise<{ errorCode: number; lowWatermark: number }[]>;

  /** Has control answer the request; the response comes when every shard sees what it changed. */
  control<N extends ControlApi>(
    api: N,
    request: Input<(typeof APIS)[N]['request']>,
    principal: string,
  ): Promise<Decoded<(typeof APIS)[N]['response']>>;
  /**
   * The node that coordinates a key; its topic is made at the first question. Null: none yet, or none now
   * (COORDINATOR_NOT_AVAILABLE).
   */
  coordinatorOf(kind: CoordinatorKind, key: string, context: Context): number | null;
  /** Asks the coordinator of one group, in the version of the request. */
  group<N extends OneGroupApi>(
    api: N,
    groupId: string,
    request: RequestOf<N>,
    context: Context,
  ): Promise<CoordinatorOutcome<N>>;
  /** Asks every coordinator of this broker for its groups: one response a shard. */
  allGroups(request: RequestOf<'ListGroups'>, context: Context): Promise<ResponseOf<'ListGroups'>[]>;
  /**
   * Asks the coordinator of one transactional id, in the version of the request; AddPartitionsToTxn from version 4 on and DescribeTransactions with
   * just this one.
   */
  transaction<N extends OneTransactionApi>(
    api: N,
    transactionalId: string,
    request: RequestOf<N>,
    context: Context,
  ): Promise<CoordinatorOutcome<N>>;
  /** Asks every coordinator of this broker for its transactions: one response a shard. */
  allTransactions(request: RequestOf<'ListTransactions'>, context: Context): Promise<ResponseOf<'ListTransactions'>[]>;
  /** Writes the marker that ends a transaction into partitions of this broker: a code for each, when all are committed or refused. */
  writeMarkers(
    marker: TransactionMarker,
    targets: readonly { readonly topic: string; readonly partition: number }[],
  ): Promise<number[]>;
  /** The next producer id of this broker (KIP-360), or a code of Kafka's. */
  nextProducerId(): Promise<{ errorCode: number; producerId: number }>;
}
