/**
 * What deciding takes and gives. A decision reads the newest state and changes nothing: its records are appended, replayed (which alone
 * changes the state) and committed; then the answer leaves.
 */
import type { Uuid } from '../../base/uuid.ts';
import type { BrokerConfig } from '../../config/broker-config.ts';
import { MAX_STRING_LENGTH } from '../../protocol/codec/runtime.ts';
import { ERRORS } from '../../protocol/errors.ts';
import type { RequestOf, ResponseOf } from '../../protocol/schema/index.ts';
import type { MetadataImage } from '../image/image.ts';
import type { MetadataRecord } from '../../protocol/record/metadata-records.ts';

/** Chance as the controller is given it. */
export interface Entropy {
  bytes(size: number): Buffer;
  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number;
}

/** The circumstances of one decision. */
export interface DecideContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Where the first record of the decision will stand. */
  readonly nextOffset: number;
  readonly entropy: Entropy;
}

export interface Decision<Answer> {
  readonly records: readonly MetadataRecord[];
  readonly answer: Answer;
  /** The records may be spread over several batches: each of them makes sense alone. */
  readonly divisible?: boolean;
}

export interface ControllerSettings {
  /** This broker, whose directories the controller knows how to choose among. */
  readonly nodeId: number;
  readonly clusterId: string;
  readonly config: BrokerConfig;
}

/** What all parts of the controller work on. */
export interface ControllerState {
  readonly image: MetadataImage;
  readonly settings: ControllerSettings;
}

/** APIs that the controller decides. */
export type ControllerApi =
  | 'CreateTopics'
  | 'DeleteTopics'
  | 'CreatePartitions'
  | 'AlterConfigs'
  | 'IncrementalAlterConfigs'
  | 'AllocateProducerIds'
  | 'BrokerRegistration'
  | 'ControllerRegistration';

/** One request of a client or a broker, as it came by the protocol. Whoever asks was authorized before. */
export interface ApiEvent<N extends ControllerApi> {
  readonly kind: N;
  readonly version: number;
  readonly request: RequestOf<N>;
  /** CreateTopics: topics whose settings the asker must not see (KIP-525). */
  readonly undescribable?: ReadonlySet<string>;
}

/** The controller begins to lead. `bootstrap`: the records that the directory was formatted with. */
export interface ActivateEvent {
  readonly kind: 'activate';
  readonly bootstrap: readonly MetadataRecord[];
}

/** A broker has opened what it holds, and may lead and be told to clients. */
export interface UnfenceEvent {
  readonly kind: 'unfence';
  readonly brokerId: number;
}

export interface ControllerEvents extends Record<ControllerApi, { event: unknown; answer: unknown }> {
  CreateTopics: { event: ApiEvent<'CreateTopics'>; answer: ResponseOf<'CreateTopics'> };
  DeleteTopics: { event: ApiEvent<'DeleteTopics'>; answer: ResponseOf<'DeleteTopics'> };
  CreatePartitions: { event: ApiEvent<'CreatePartitions'>; answer: ResponseOf<'CreatePartitions'> };
  AlterConfigs: { event: ApiEvent<'AlterConfigs'>; answer: ResponseOf<'AlterConfigs'> };
  IncrementalAlterConfigs: {
    event: ApiEvent<'IncrementalAlterConfigs'>;
    answer: ResponseOf<'IncrementalAlterConfigs'>;
  };
  AllocateProducerIds: { event: ApiEvent<'AllocateProducerIds'>; answer: ResponseOf<'AllocateProducerIds'> };
  BrokerRegistration: { event: ApiEvent<'BrokerRegistration'>; answer: ResponseOf<'BrokerRegistration'> };
  ControllerRegistration: { event: ApiEvent<'ControllerRegistration'>; answer: ResponseOf<'ControllerRegistration'> };
  activate: { event: ActivateEvent; answer: null };
  unfence: { event: UnfenceEvent; answer: null };
}

export type ControllerEventKind = keyof ControllerEvents;
export type ControllerEvent<K extends ControllerEventKind = ControllerEventKind> = {
  [N in K]: ControllerEvents[N]['event'];
}[K];
export type ControllerAnswer<K extends ControllerEventKind = ControllerEventKind> = {
  [N in K]: ControllerEvents[N]['answer'];
}[K];

/** Decides one kind of event. */
export type Decide<K extends ControllerEventKind> = (
  state: ControllerState,
  event: ControllerEvents[K]['event'],
  context: DecideContext,
) => Decision<ControllerEvents[K]['answer']>;

/** An error of Kafka's with its text; null: none. */
export interface Refusal {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

/** A message that quotes more than an answer can hold is none: Kafka fails over it as over a bug. */
export function refuse(errorCode: number, errorMessage: string | null): Refusal {
  if (errorMessage !== null && Buffer.byteLength(errorMessage) > MAX_STRING_LENGTH) {
    return { errorCode: ERRORS.UNKNOWN_SERVER_ERROR, errorMessage: null };
  }
  return { errorCode, errorMessage };
}

/** Kafka refuses requests that would write more records than this in one batch. */
export const MAX_RECORDS_PER_REQUEST = 10_000;

export const TOO_MANY_RECORDS = 'Unable to perform excessively large batch operation.';

/** A directory id that means "the broker chooses" (KIP-858). */
export const UNASSIGNED_DIRECTORY = `${'\0'.repeat(15)}\u0001` as Uuid;
