/**
 * A group of the classic protocol as the other parts of the machine see it: the record last written (hard), and the live group beside it
 * (soft), which is made from the record where it is missing.
 */
import { ERRORS } from '../../../protocol/errors.ts';
import type { GroupMetadataValue } from '../../../protocol/record/group/group-metadata.ts';
import type { GroupTimer } from '../decision.ts';
import type { Group, GroupType, OffsetCommitCheck } from '../group.ts';
import type { GroupState, ReplayGroup } from '../machine.ts';
import { type GroupRecord, tombstone } from '../records.ts';
import { checkMember } from './answers.ts';
import { type ClassicState, LiveGroup } from './live.ts';
import { sessionTimer } from './timers.ts';

export class ClassicGroup implements Group {
  readonly groupId: string;
  readonly type: GroupType = 'classic';
  /** Its bytes are our own memory. */
  readonly written: GroupMetadataValue;
  readonly #lives: Map<string, LiveGroup>;

  constructor(groupId: string, written: GroupMetadataValue, lives: Map<string, LiveGroup>) {
    this.groupId = groupId;
    this.written = written;
    this.#lives = lives;
  }

  get live(): LiveGroup {
    const known = this.#lives.get(this.groupId);
    if (known !== undefined) return known;
    const live = LiveGroup.loaded(this.groupId, this.written);
    this.#lives.set(this.groupId, live);
    return live;
  }

  get protocolType(): string {
    const known = this.#lives.get(this.groupId);
    return known === undefined ? this.written.protocolType : (known.protocolType ?? '');
  }

  /** Kafka shows the newest state of a classic group, whatever is committed of it. */
  stateAt(): ClassicState {
    const written = this.written.members.length > 0 ? 'Stable' : 'Empty';
    return this.#lives.get(this.groupId)?.state ?? written;
  }

  get isEmpty(): boolean {
    return this.stateAt() === 'Empty';
  }

  checkOffsetCommit(check: OffsetCommitCheck): number {
    const { memberId, groupInstanceId, generationIdOrMemberEpoch, isTransactional } = check;
    const { live } = this;
    if (generationIdOrMemberEpoch < 0 && live.state === 'Empty') return ERRORS.NONE;
    if (generationIdOrMemberEpoch >= 0 || memberId !== '' || groupInstanceId !== null) {
      const code = checkMember(live, memberId, groupInstanceId);
      if (code !== ERRORS.NONE) return code;
      if (generationIdOrMemberEpoch !== live.generation) return ERRORS.ILLEGAL_GENERATION;
    } else if (!isTransactional) {
      return ERRORS.UNKNOWN_MEMBER_ID;
    }
    // The member has this generation from its JoinGroup, and not its assignment yet.
    if (!isTransactional && live.state === 'CompletingRebalance') return ERRORS.REBALANCE_IN_PROGRESS;
    return ERRORS.NONE;
  }

  timersAfterCommit(memberId: string): readonly GroupTimer[] {
    const { live } = this;
    const member = live.members.get(memberId);
    if (member === undefined || live.state === 'CompletingRebalance') return [];
    return [sessionTimer(live, member, member.sessionTimeoutMs)];
  }

  checkOffsetFetch(): number {
    return ERRORS.NONE;
  }

  checkOffsetDelete(): number {
    return this.isEmpty || this.live.usesConsumerProtocol ? ERRORS.NONE : ERRORS.NON_EMPTY_GROUP;
  }

  checkDelete(): number {
    return this.isEmpty ? ERRORS.NONE : ERRORS.NON_EMPTY_GROUP;
  }

  /** Where nobody knows the topics of a group of consumers, it may be subscribed to any. */
  isSubscribedTo(topic: string): boolean {
    if (this.isEmpty) return false;
    const { topics, usesConsumerProtocol } = this.live;
    return topics === null ? usesConsumerProtocol : topics.has(topic);
  }

  expiryBase(topic: string, committedAt: number): number | null {
    if (this.protocolType === '') return committedAt;
    if (this.isEmpty) {
      // Groups written before value version 2 do not say since when they are empty.
      const since = this.#lives.get(this.groupId)?.stateTimestamp ?? this.written.currentStateTimestamp;
      return since === -1 ? committedAt : since;
    }
    const { live } = this;
    if (this.isSubscribedTo(topic)) return null;
    return live.usesConsumerProtocol && live.topics !== null && live.state === 'Stable' ? committedAt : null;
  }

  tombstones(): GroupRecord[] {
    return [tombstone('groupMetadata', { group: this.groupId })];
  }
}

/** The classic group of that id; undefined where there is none, or one that nobody ever joined. */
export function classicGroup(state: GroupState, groupId: string): ClassicGroup | undefined {
  const group = state.groups.get(groupId);
  return group instanceof ClassicGroup ? group : undefined;
}

export const replayGroupMetadata: ReplayGroup<'groupMetadata'> = (state, { key, value }) => {
  const { groups, live, journal } = state;
  const groupId = key.group;
  if (value !== null) {
    groups.set(groupId, new ClassicGroup(groupId, owned(value), live));
    return;
  }
  if (groups.get(groupId)?.type !== 'classic') return;
  groups.delete(groupId);
  const known = live.get(groupId);
  live.delete(groupId);
  if (known !== undefined) journal.note(() => live.set(groupId, known));
};

/** Decoded bytes are a view of what was read. */
function owned(value: GroupMetadataValue): GroupMetadataValue {
  const members = value.members.map((member) => ({
    ...member,
    subscription: Buffer.from(member.subscription),
    assignment: Buffer.from(member.assignment),
  }));
  return { ...value, members };
}
