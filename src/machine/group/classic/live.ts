/**
 * A classic group as it lives: who is a member, who waits for what, how far the rebalance is. Soft state: one object a group beside the
 * hard state (the GroupMetadata record last written), rebuilt from it where it is not there. Changed by decisions only.
 *
 *                 a new member                          everybody has (re)joined, or time is up
 *     Empty ─────────────────────▶ PreparingRebalance ───────────────────────────▶ CompletingRebalance
 *       ▲                            │  ▲         ▲                                  │           │
 *       └── nobody is left at its end┘  │         └── somebody joins anew, leaves, ──┘           │ the leader's assignment
 *           (written)                   │             dies, does not sync                        ▼ (written)
 *                                       └──────────────────────────────────────────────────── Stable
 *
 *     JoinGroup waits in PreparingRebalance, SyncGroup of followers waits in CompletingRebalance.
 */
import { assert } from '../../../base/assert.ts';
import type { GroupMetadataValue } from '../../../protocol/record/group/group-metadata.ts';
import { topicsOf } from './subscriptions.ts';
import { selectProtocol } from './votes.ts';

export type ClassicState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable';

/** A way to assign that a member offers, the one it likes best first, and what the leader is to know of it. */
export interface MemberProtocol {
  readonly name: string;
  /** Our own memory, not the request's. */
  readonly metadata: Buffer;
}

export interface ClassicMember {
  readonly memberId: string;
  /** Of a static member (KIP-345). */
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  /** As Kafka shows it: `/127.0.0.1`. */
  readonly clientHost: string;
  rebalanceTimeoutMs: number;
  sessionTimeoutMs: number;
  protocols: readonly MemberProtocol[];
  assignment: Buffer;
  /** Whose JoinGroup waits. */
  joinTicket: number | null;
  /** Whose SyncGroup waits. */
  syncTicket: number | null;
  /** Has not had an answer to its first JoinGroup: it is dropped after a while even though it waits. */
  isNew: boolean;
  /** Of its session timer as last set; one that fires with another number is out of date. */
  sessionSerial: number;
}

export type NewMember = Omit<ClassicMember, 'assignment' | 'joinTicket' | 'syncTicket' | 'isNew' | 'sessionSerial'> &
  Partial<Pick<ClassicMember, 'assignment' | 'joinTicket' | 'isNew'>>;

export const NO_BYTES: Buffer = Buffer.alloc(0);
const CONSUMER = 'consumer';

/** Soft; one a group, on the thread that owns its machine. */
export class LiveGroup {
  readonly groupId: string;
  state: ClassicState = 'Empty';
  previousState: ClassicState | null = null;
  /** When the state was entered; milliseconds since the epoch. -1: not known (records before value version 2). */
  stateTimestamp: number;
  generation = 0;
  protocolType: string | null = null;
  protocolName: string | null = null;
  leaderId: string | null = null;
  /** In the order in which they came. */
  readonly members = new Map<string, ClassicMember>();
  /** The member id of each group.instance.id. */
  readonly staticMembers = new Map<string, string>();
  /** Ids that were given (MEMBER_ID_REQUIRED, KIP-394) and have not come back. */
  readonly pendingJoin = new Set<string>();
  /** Members that have an answer to JoinGroup and have not sent SyncGroup. */
  readonly pendingSync = new Set<string>();
  /** Members whose JoinGroup waits. */
  awaitingJoin = 0;
  /** How many members offer each protocol. */
  readonly offers = new Map<string, number>();
  /** What the members of this generation subscribe to; null: nobody can say. */
  topics: ReadonlySet<string> | null = null;
  /** Somebody came during the initial delay: it is worth waiting longer. */
  newMemberAdded = false;
  /** Of the initial delay under way: its length, and how much may be added. */
  initialDelayMs = 0;
  initialRemainingMs = 0;
  /** Of the join phase's and the sync phase's timers as last set. */
  joinSerial = 0;
  syncSerial = 0;

  constructor(groupId: string, stateTimestamp: number) {
    this.groupId = groupId;
    this.stateTimestamp = stateTimestamp;
  }

  /** As it was when the record was written. */
  static loaded(groupId: string, value: GroupMetadataValue): LiveGroup {
    const group = new LiveGroup(groupId, value.currentStateTimestamp);
    group.generation = value.generation;
    group.protocolType = value.protocolType === '' ? null : value.protocolType;
    group.protocolName = value.protocol;
    group.leaderId = value.leader;
    for (const member of value.members) {
      group.add({
        memberId: member.memberId,
        groupInstanceId: member.groupInstanceId,
        clientId: member.clientId,
        clientHost: member.clientHost,
        rebalanceTimeoutMs: member.rebalanceTimeout === -1 ? member.sessionTimeout : member.rebalanceTimeout,
        sessionTimeoutMs: member.sessionTimeout,
        protocols: [{ name: value.protocol ?? '', metadata: member.subscription }],
        assignment: member.assignment,
      });
    }
    if (group.members.size > 0) group.state = 'Stable';
    group.topics = group.#subscribedTopics();
    return group;
  }

  get usesConsumerProtocol(): boolean {
    return this.protocolType === CONSUMER;
  }

  /** Commits offsets only, and never had members. */
  get isSimple(): boolean {
    return this.protocolType === null && this.state === 'Empty' && this.pendingJoin.size === 0;
  }

  get canRebalance(): boolean {
    return this.state !== 'PreparingRebalance';
  }

  get hasAllJoined(): boolean {
    return this.members.size === this.awaitingJoin && this.pendingJoin.size === 0;
  }

  /** The longest of the members'. */
  get rebalanceTimeoutMs(): number {
    let longest = 0;
    for (const { rebalanceTimeoutMs } of this.members.values()) longest = Math.max(longest, rebalanceTimeoutMs);
    return longest;
  }

  moveTo(state: ClassicState, now: number): void {
    this.previousState = this.state;
    this.state = state;
    this.stateTimestamp = now;
  }

  add(fields: NewMember): ClassicMember {
    const member: ClassicMember = {
      assignment: NO_BYTES,
      joinTicket: null,
      syncTicket: null,
      isNew: false,
      sessionSerial: 0,
      ...fields,
    };
    const { memberId, groupInstanceId } = member;
    if (groupInstanceId !== null) this.staticMembers.set(groupInstanceId, memberId);
    this.leaderId ??= memberId;
    this.members.set(memberId, member);
    this.#offer(member, 1);
    if (member.joinTicket !== null) this.awaitingJoin++;
    this.pendingJoin.delete(memberId);
    return member;
  }

  /** Forgets the id, whether it is a member, pending or unknown. Its waiting requests are the caller's. */
  remove(memberId: string): void {
    const member = this.members.get(memberId);
    if (member !== undefined) {
      this.members.delete(memberId);
      this.#offer(member, -1);
      if (member.joinTicket !== null) this.awaitingJoin--;
      if (member.groupInstanceId !== null) this.staticMembers.delete(member.groupInstanceId);
    }
    if (this.leaderId === memberId) this.leaderId = this.members.keys().next().value ?? null;
    this.pendingJoin.delete(memberId);
    this.pendingSync.delete(memberId);
  }

  /** What the member said in a JoinGroup. */
  update(member: ClassicMember, said: Pick<NewMember, 'protocols' | 'rebalanceTimeoutMs' | 'sessionTimeoutMs'>): void {
    this.#offer(member, -1);
    member.protocols = said.protocols;
    this.#offer(member, 1);
    member.rebalanceTimeoutMs = said.rebalanceTimeoutMs;
    member.sessionTimeoutMs = said.sessionTimeoutMs;
  }

  /** Sets or clears whose JoinGroup waits. Returns whose waited until now. */
  awaitJoin(member: ClassicMember, ticket: number | null): number | null {
    const before = member.joinTicket;
    if (before === null && ticket !== null) this.awaitingJoin++;
    if (before !== null && ticket === null) this.awaitingJoin--;
    member.joinTicket = ticket;
    return before;
  }

  /** Puts a static member in the place of the one that had its instance id, assignment and leadership included. */
  replaceStatic(old: ClassicMember, newMemberId: string): ClassicMember {
    const { joinTicket, syncTicket } = old;
    assert(joinTicket === null && syncTicket === null, 'who is replaced waits for nothing');
    this.members.delete(old.memberId);
    const member = { ...old, memberId: newMemberId, isNew: false, sessionSerial: 0 };
    this.members.set(newMemberId, member);
    if (this.leaderId === old.memberId) this.leaderId = newMemberId;
    if (member.groupInstanceId !== null) this.staticMembers.set(member.groupInstanceId, newMemberId);
    return member;
  }

  /** Whether somebody who offers this can be a member beside those that there are. */
  supports(protocolType: string, names: readonly string[]): boolean {
    if (this.state === 'Empty') return protocolType !== '' && names.length > 0;
    if (this.protocolType !== protocolType) return false;
    return names.some((name) => (this.offers.get(name) ?? 0) === this.members.size);
  }

  /** The protocol that all members offer and most like best. */
  selectProtocol(): string {
    return selectProtocol([...this.members.values()], this.offers);
  }

  /** Whether a leader has joined; a leader who has not is replaced by somebody who has. */
  electJoinedLeader(): boolean {
    if (this.leaderId === null) return false;
    if (typeof this.members.get(this.leaderId)?.joinTicket === 'number') return true;
    for (const { memberId, joinTicket } of this.members.values()) {
      if (joinTicket === null) continue;
      this.leaderId = memberId;
      return true;
    }
    return false;
  }

  /** The join phase is over. */
  beginGeneration(now: number): void {
    this.generation++;
    this.protocolName = this.members.size > 0 ? this.selectProtocol() : null;
    this.topics = this.#subscribedTopics();
    this.moveTo(this.members.size > 0 ? 'CompletingRebalance' : 'Empty', now);
    this.pendingSync.clear();
  }

  /** A group that is made from another kind: Stable with these members, in this generation. */
  begunFrom(generation: number, protocolType: string): void {
    this.generation = generation;
    this.protocolType = protocolType;
    this.protocolName = this.selectProtocol();
    this.topics = this.#subscribedTopics();
    this.state = 'Stable';
  }

  #offer({ protocols }: ClassicMember, by: number): void {
    for (const { name } of protocols) {
      const count = (this.offers.get(name) ?? 0) + by;
      if (count === 0) this.offers.delete(name);
      else this.offers.set(name, count);
    }
  }

  #subscribedTopics(): ReadonlySet<string> | null {
    if (!this.usesConsumerProtocol) return null;
    return topicsOf([...this.members.values()], this.protocolName);
  }
}

/** What the member says under this protocol. */
export function metadataOf(member: ClassicMember, protocolName: string | null): Buffer {
  return member.protocols.find(({ name }) => name === protocolName)?.metadata ?? NO_BYTES;
}

/** Whether a JoinGroup says what the member has said before. */
export function saysTheSame(member: ClassicMember, protocols: readonly MemberProtocol[]): boolean {
  return (
    member.protocols.length === protocols.length &&
    member.protocols.every(({ name, metadata }, index) => {
      const other = protocols[index];
      return other !== undefined && other.name === name && other.metadata.equals(metadata);
    })
  );
}
