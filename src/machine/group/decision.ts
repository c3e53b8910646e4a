/**
 * What deciding about a group takes and gives. A decision reads the newest state and changes no hard state: its records are appended,
 * replayed (which alone changes hard state) and committed; then its answers leave. Soft state (who waits in a join phase, when somebody
 * was last heard of) stands beside it, is changed by deciding, and may be lost at any time.
 */
import type { Uuid } from '../../base/uuid.ts';
import type { BrokerConfig } from '../../config/broker-config.ts';
import type { GroupApi } from '../../protocol/coordinator-key.ts';
import type { RequestOf, ResponseOf } from '../../protocol/schema/index.ts';
import type { MetadataImage } from '../image/image.ts';
import type { ClassicFailedEvent, ClassicTimerEvent } from './classic/events.ts';
import type { ConsumerTimerEvent } from './consumer/timers.ts';
import type { Producer } from './machine.ts';
import type { GroupRecord } from './records.ts';

/** The circumstances of one decision. */
export interface GroupContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Where the first record of the decision will stand. */
  readonly nextOffset: number;
  /** Names the submission: `replies` of a later decision answer it by this number. */
  readonly ticket: number;
  /** This shard's view of the cluster. */
  readonly image: MetadataImage;
  /** Of an `onFailed` event: why the records could not be written, as the client is to be told. 0 else. */
  readonly errorCode: number;
  /** A new random UUID in Kafka's text form (base64url), for member ids. */
  uuid(): string;
}

/** The circumstances of one question: no records will come of it. */
export type QueryContext = Pick<GroupContext, 'now' | 'image'>;

/** Sets the one timer of a key; `event` null cancels it. */
export interface GroupTimer {
  readonly key: string;
  readonly delayMs: number;
  readonly event: GroupEvent | null;
}

/** An answer to somebody who has waited since an earlier decision. */
export interface Reply {
  readonly to: number;
  readonly answer: GroupAnswer;
}

export interface GroupDecision<Answer = GroupAnswer> {
  /** One atomic batch. */
  readonly records: readonly GroupRecord[];
  /**
   * To whoever submitted the event, when the records are committed. Absent: the ticket is answered by `replies` of a later
   * decision. Where the records cannot be written, whoever submitted is refused; those in `replies`, too, unless there is `onFailed`: then their
   * tickets still wait, and that decision answers them.
   */
  readonly answer?: Answer;
  readonly replies?: readonly Reply[];
  readonly timers?: readonly GroupTimer[];
  /** Decided where the records could not be written: soft state that went ahead comes back. */
  readonly onFailed?: GroupEvent;
  /** The records may be spread over several batches: each of them makes sense alone. */
  readonly divisible?: boolean;
  /** The records stand in the open transaction of this producer. */
  readonly producer?: Producer;
}

/** Who sent a request. */
export interface Client {
  readonly clientId: string;
  /** As Kafka shows it: `/127.0.0.1`. */
  readonly clientHost: string;
}

/** One request, as it came by the protocol, about one group, but for ListGroups. Whoever asks was authorized before; topics were resolved by the handler. */
export interface GroupApiEvent<N extends GroupApi> {
  readonly kind: N;
  readonly version: number;
  readonly request: RequestOf<N>;
  readonly client: Client;
}

type ApiEvents = { [N in GroupApi]: { event: GroupApiEvent<N>; answer: ResponseOf<N> } };

/** What is answered from what is committed, without a decision. */
export type GroupQuery = 'OffsetFetch' | 'DescribeGroups' | 'ListGroups' | 'ConsumerGroupDescribe';

/** Everything that a machine decides about: requests, and what the machine told itself or the shard told it. */
export interface GroupEvents extends ApiEvents {
  /** A timer of the classic protocol has fired. */
  classicTimer: { event: ClassicTimerEvent; answer: null };
  /** Records of the classic protocol could not be written. */
  classicFailed: { event: ClassicFailedEvent; answer: null };
  /** A timer of the consumer protocol has fired. */
  consumerTimer: { event: ConsumerTimerEvent; answer: null };
  /** The coordinator has loaded its state and begins: timers of the groups that there are. */
  began: { event: { readonly kind: 'began' }; answer: null };
  /** Looks for offsets that have expired and for groups that nothing holds. Sets its own next timer (offsets.retention.check.interval.ms). */
  expireOffsets: { event: { readonly kind: 'expireOffsets' }; answer: null };
  /** Topics were deleted: their offsets go. */
  topicsDeleted: {
    event: { readonly kind: 'topicsDeleted'; readonly topics: readonly { readonly name: string; readonly id: Uuid }[] };
    answer: null;
  };
  /** Topics were created or changed (partitions, racks), by name: groups that subscribe to them look at them again at their next heartbeat. */
  topicsChanged: { event: { readonly kind: 'topicsChanged'; readonly topics: readonly string[] }; answer: null };
  /** Settings of a group changed (IncrementalAlterConfigs of a GROUP resource). */
  groupConfigChanged: { event: { readonly kind: 'groupConfigChanged'; readonly groupId: string }; answer: null };
}

export type GroupEventKind = keyof GroupEvents;
export type GroupEvent<K extends GroupEventKind = GroupEventKind> = { [N in K]: GroupEvents[N]['event'] }[K];
export type GroupAnswer<K extends GroupEventKind = GroupEventKind> = { [N in K]: GroupEvents[N]['answer'] }[K];

export interface GroupMachineSettings {
  readonly config: BrokerConfig;
  /** The partition of __consumer_offsets that the machine's records stand in. */
  readonly partition: number;
}
