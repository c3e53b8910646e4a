/**
 * One group of the consumer protocol (KIP-848): what the log says of it. On the thread that owns its partition of __consumer_offsets.
 *
 *   header     epochs, hash of the topics' metadata, state        all of it changed by replay only,
 *   members    who is in it, and what each owns                   and taken back by the journal
 *   targets    what each shall own
 *   regexes    patterns and the topics that they matched
 *
 * Counts over the members (`members.index`) follow each change of a member, and its taking back. What may be lost stands in `soft`.
 */
import { UndoJournal, UndoMap } from '../../../base/undo-map.ts';
import type { Uuid } from '../../../base/uuid.ts';
import { ERRORS } from '../../../protocol/errors.ts';
import type { MemberAssignment } from '../assignor/spec.ts';
import type { Group, OffsetCommitCheck, PartitionCheck } from '../group.ts';
import type { GroupRecord } from '../records.ts';
import { tombstone } from '../records.ts';
import { MemberIndex } from './member-index.ts';
import type { Member } from './member.ts';
import type { Resolving } from './patterns.ts';
import { checkCommit, checkFetch } from './offset-checks.ts';

export type ConsumerGroupState = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable' | 'Dead';

export interface Header {
  readonly groupEpoch: number;
  /** Of the metadata of the subscribed topics, when the group epoch was last raised. */
  readonly metadataHash: bigint;
  /** -1: there is no target assignment. */
  readonly assignmentEpoch: number;
  /** When the target assignment was computed, milliseconds since the epoch; 0: the next may come at once (KIP-1263). */
  readonly assignmentTimestamp: number;
  readonly state: ConsumerGroupState;
  /** A record of a kind that is no longer written is there, and is to be deleted. */
  readonly hasPartitionMetadata: boolean;
}

const NEW: Header = {
  groupEpoch: 1,
  metadataHash: 0n,
  assignmentEpoch: 1,
  assignmentTimestamp: 0,
  state: 'Empty',
  hasPartitionMetadata: false,
};

export interface ResolvedRegex {
  /** Sorted. */
  readonly topics: readonly string[];
  /** The offset of the metadata that it was resolved with. */
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
}

/** What may be lost at any time. */
interface Soft {
  /** From when the topics' metadata is looked at again; and the group epoch that was decided then: where its record was not written, it is at once. */
  refreshAt: number;
  refreshEpoch: number;
  /** Patterns are being resolved, or will be in the timer's next turn. */
  resolving: Resolving | 'due' | null;
  /** Members that were told to join again, by the classic protocol, and have a timer running. */
  readonly rejoining: Set<string>;
}

/** Of the machine that the group belongs to. */
export interface GroupHome {
  readonly journal: UndoJournal;
  /** Groups with changes that are not committed. */
  readonly touched: Set<ConsumerGroup>;
  /** Members of the group begin or cease to be subscribed to the topic. */
  subscribed(groupId: string, topic: string, isSubscribed: boolean): void;
}

export class ConsumerGroup implements Group {
  readonly groupId: string;
  readonly type = 'consumer';
  readonly protocolType = 'consumer';
  readonly soft: Soft = { refreshAt: 0, refreshEpoch: 0, resolving: null, rejoining: new Set() };
  readonly members: UndoMap<string, Member>;
  readonly targets: UndoMap<string, MemberAssignment>;
  readonly regexes: UndoMap<string, ResolvedRegex>;
  readonly index: MemberIndex;
  readonly #home: GroupHome;
  readonly #header: UndoMap<'header', Header>;
  /** Where the record stands that changed it last. */
  #changedAt = -1;

  constructor(groupId: string, home: GroupHome) {
    const { journal } = home;
    this.groupId = groupId;
    this.#home = home;
    this.members = new UndoMap(journal);
    this.targets = new UndoMap(journal);
    this.regexes = new UndoMap(journal);
    this.#header = new UndoMap(journal);
    this.index = new MemberIndex(journal, (topic, isSubscribed) => home.subscribed(groupId, topic, isSubscribed));
  }

  /** A group that is in no machine: what a decision works with while there is none, or until its records are replayed. */
  static detached(groupId: string): ConsumerGroup {
    return new ConsumerGroup(groupId, { journal: new UndoJournal(), touched: new Set(), subscribed() {} });
  }

  get header(): Header {
    return this.#header.get('header') ?? NEW;
  }

  headerAt(committed: number): Header {
    return this.#header.getAt('header', committed) ?? NEW;
  }

  get state(): ConsumerGroupState {
    return this.header.state;
  }

  get isEmpty(): boolean {
    return this.state === 'Empty';
  }

  stateAt(committed: number): string {
    return this.headerAt(committed).state;
  }

  /** The member with this instance id. */
  staticMember(instanceId: string | null): Member | undefined {
    const memberId = instanceId === null ? undefined : this.index.staticMembers.get(instanceId);
    return memberId === undefined ? undefined : this.members.get(memberId);
  }

  isMetadataStale(now: number): boolean {
    return now >= this.soft.refreshAt || this.header.groupEpoch < this.soft.refreshEpoch;
  }

  // ---- what the other parts ask

  checkOffsetCommit(check: OffsetCommitCheck): number | PartitionCheck {
    return checkCommit(this, check);
  }

  checkOffsetFetch(memberId: string | null, memberEpoch: number, committed: number): number {
    return checkFetch(this, memberId, memberEpoch, committed);
  }

  checkOffsetDelete(): number {
    return ERRORS.NONE;
  }

  checkDelete(): number {
    return this.isEmpty ? ERRORS.NONE : ERRORS.NON_EMPTY_GROUP;
  }

  isSubscribedTo(topic: string): boolean {
    return this.index.topics.has(topic);
  }

  /** An offset counts from its commit, as long as nobody is subscribed to the topic. */
  expiryBase(topic: string, committedAt: number): number | null {
    return this.isSubscribedTo(topic) ? null : committedAt;
  }

  tombstones(): GroupRecord[] {
    return this.tombstonesReplacing(null, null);
  }

  /** The tombstones, of a group whose static member `leaving` is replaced by `joining` in records that stand before. */
  tombstonesReplacing(leaving: string | null, joining: string | null): GroupRecord[] {
    const { groupId } = this;
    const memberIds = Array.from(this.members.keys(), (id) => (id === leaving && joining !== null ? joining : id));
    return [
      ...memberIds.map((memberId) => tombstone('consumerGroupCurrentMemberAssignment', { groupId, memberId })),
      ...memberIds.map((memberId) => tombstone('consumerGroupTargetAssignmentMember', { groupId, memberId })),
      tombstone('consumerGroupTargetAssignmentMetadata', { groupId }),
      ...memberIds.map((memberId) => tombstone('consumerGroupMemberMetadata', { groupId, memberId })),
      ...Array.from(this.regexes.keys(), (regularExpression) =>
        tombstone('consumerGroupRegularExpression', { groupId, regularExpression }),
      ),
      this.partitionMetadataTombstone(),
      tombstone('consumerGroupMetadata', { groupId }),
    ];
  }

  partitionMetadataTombstone(): GroupRecord {
    return tombstone('consumerGroupPartitionMetadata', { groupId: this.groupId });
  }

  // ---- changed by replay only

  putMember(member: Member): void {
    this.#changed();
    const before = this.members.get(member.memberId) ?? null;
    this.members.set(member.memberId, member);
    this.index.change(before, member);
    this.#settle();
  }

  removeMember(memberId: string): void {
    const before = this.members.get(memberId);
    if (before === undefined) return;
    this.#changed();
    this.members.delete(memberId);
    this.index.change(before, null);
    this.#settle();
  }

  setTarget(memberId: string, target: MemberAssignment | null): void {
    this.#changed();
    if (target === null) this.targets.delete(memberId);
    else this.targets.set(memberId, target);
  }

  setHeader(change: Partial<Header>): void {
    this.#changed();
    this.#header.set('header', { ...this.header, ...change });
    this.#settle();
  }

  setRegex(regex: string, resolved: ResolvedRegex | null): void {
    this.#changed();
    const before = this.regexes.get(regex) ?? null;
    if (resolved === null) this.regexes.delete(regex);
    else this.regexes.set(regex, resolved);
    this.index.changeRegex(before, resolved);
  }

  /** Records below `endOffset` are committed. Whether nothing of the group waits to be. */
  commit(endOffset: number): boolean {
    for (const map of [this.members, this.targets, this.regexes, this.#header]) map.commit(endOffset);
    return this.#changedAt < endOffset;
  }

  #changed(): void {
    this.#changedAt = this.#home.journal.offset;
    this.#home.touched.add(this);
  }

  /** The state follows from the rest. */
  #settle(): void {
    const state = this.#stateNow();
    if (state !== this.state || !this.#header.has('header')) this.#header.set('header', { ...this.header, state });
  }

  #stateNow(): ConsumerGroupState {
    const { groupEpoch, assignmentEpoch } = this.header;
    if (this.members.size === 0) return 'Empty';
    if (groupEpoch > assignmentEpoch) return 'Assigning';
    return this.index.stableAt.get(assignmentEpoch) === this.members.size ? 'Stable' : 'Reconciling';
  }

  /** Whether a member has the partition. */
  isOwned(topicId: Uuid, partition: number): boolean {
    return this.index.isOwned(topicId, partition);
  }
}
