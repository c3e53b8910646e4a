/**
 * What the parts of the machine ask of a group, whatever its protocol: offsets, deletion and listing know no more of it than this.
 *
 * Codes are Kafka's (0: none). A group that is not there at all is nobody's: the parts answer for it themselves.
 */
import type { Uuid } from '../../base/uuid.ts';
import type { GroupTimer } from './decision.ts';
import type { GroupRecord } from './records.ts';

export type GroupType = 'classic' | 'consumer';

export interface OffsetCommitCheck {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** Generation of the classic protocol, member epoch of KIP-848; -1 of commits without membership. */
  readonly generationIdOrMemberEpoch: number;
  readonly isTransactional: boolean;
  readonly version: number;
  readonly now: number;
}

/** Whether a partition may be committed by this member in this epoch (KIP-848; per partition since 4.3): a code of Kafka's. */
export type PartitionCheck = (topicId: Uuid, partition: number) => number;

export interface Group {
  readonly groupId: string;
  readonly type: GroupType;
  /** `consumer`, `connect` …; '' where no member has said it yet. */
  readonly protocolType: string;
  /** Kafka's name of the state (`Stable`, `Empty`, `PreparingRebalance`, `Assigning` …), of what is committed below `committed`. */
  stateAt(committed: number): string;
  /** No members, in the newest state. */
  readonly isEmpty: boolean;
  /** A code; or, where the answer depends on the partition, a check of each. */
  checkOffsetCommit(check: OffsetCommitCheck): number | PartitionCheck;
  /** A commit keeps the session of a member of the classic protocol alive: its timer, set anew. Called for what is accepted. */
  timersAfterCommit?(memberId: string): readonly GroupTimer[];
  checkOffsetFetch(memberId: string | null, memberEpoch: number, committed: number): number;
  checkOffsetDelete(): number;
  /** For DeleteGroups: NON_EMPTY_GROUP, GROUP_ID_NOT_FOUND (a dead group) or none. */
  checkDelete(): number;
  /** Whether members are subscribed to the topic, as far as that forbids deleting its offsets and lets them expire. */
  isSubscribedTo(topic: string): boolean;
  /**
   * From when the retention of an offset of this group counts, in milliseconds since the epoch, given when it was committed; null: it does not expire now
   * (KIP-211: groups with members subscribed to the topic keep it).
   */
  expiryBase(topic: string, committedAt: number, now: number): number | null;
  /** The records that delete the group; offsets not included. */
  tombstones(): GroupRecord[];
}
