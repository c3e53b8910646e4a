/** A member of a group of the consumer protocol (KIP-848), as the log has it: a value, replaced as a whole. */
import type { GroupRecord, GroupRecordOf } from '../records.ts';
import { record, tombstone } from '../records.ts';
import { listOwnedSince, NOTHING_OWNED, type Owned, ownedFromRecord, ownedSame } from './partitions.ts';

/** Kafka's numbers of the states in which a member can be. */
export const MEMBER_STATE = {
  stable: 0,
  /** It has to give partitions up before it goes on. */
  unrevoked: 1,
  /** It has what was free; others of its partitions are still owned by other members. */
  unreleased: 2,
  /** Something that this program does not know: the member is told to start over. */
  unknown: 127,
} as const;

/** The epoch of a static member that has gone for a while. */
export const LEFT_FOR_NOW = -2;
export const LEAVE = -1;

/** What a member of the classic protocol in such a group has said when it joined. */
export interface ClassicMember {
  readonly sessionTimeoutMs: number;
  readonly supportedProtocols: readonly { readonly name: string; readonly metadata: Buffer }[];
}

export interface Member {
  readonly memberId: string;
  readonly memberEpoch: number;
  readonly previousMemberEpoch: number;
  readonly state: number;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  /** -1: never said. */
  readonly rebalanceTimeoutMs: number;
  readonly clientId: string;
  readonly clientHost: string;
  /** Sorted, each once. */
  readonly topicNames: readonly string[];
  readonly regex: string | null;
  readonly serverAssignor: string | null;
  readonly assigned: Owned;
  readonly revoking: Owned;
  /** Null: the member speaks the consumer protocol. */
  readonly classic: ClassicMember | null;
}

export function newMember(memberId: string): Member {
  return {
    memberId,
    memberEpoch: 0,
    previousMemberEpoch: -1,
    state: MEMBER_STATE.stable,
    instanceId: null,
    rackId: null,
    rebalanceTimeoutMs: -1,
    clientId: '',
    clientHost: '',
    topicNames: [],
    regex: '',
    serverAssignor: null,
    assigned: NOTHING_OWNED,
    revoking: NOTHING_OWNED,
    classic: null,
  };
}

/** The pattern that the member subscribes to; null where it has none. */
export function regexOf(member: Member | null): string | null {
  const regex = member?.regex;
  return regex === undefined || regex === '' ? null : regex;
}

export function isReconciledTo(member: Member, epoch: number): boolean {
  return member.state === MEMBER_STATE.stable && member.memberEpoch === epoch;
}

/** The next epoch of a member that stays; its old one is remembered. */
export function advanced(member: Member, memberEpoch: number, change: Partial<Member>): Member {
  return { ...member, previousMemberEpoch: member.memberEpoch, memberEpoch, ...change };
}

export function sortedNames(names: readonly string[]): readonly string[] {
  // Kafka sorts by UTF-16 units, as JavaScript does without a comparison.
  return [...new Set(names)].sort();
}

export function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((name, at) => b[at] === name));
}

function sameClassic(a: ClassicMember | null, b: ClassicMember | null): boolean {
  if (a === b) return true;
  if (a === null || b === null || a.sessionTimeoutMs !== b.sessionTimeoutMs) return false;
  return (
    a.supportedProtocols.length === b.supportedProtocols.length &&
    a.supportedProtocols.every(({ name, metadata }, at) => {
      const other = b.supportedProtocols[at];
      return other !== undefined && other.name === name && other.metadata.equals(metadata);
    })
  );
}

/** Whether what a member has said of itself is the same. */
export function sameSubscription(a: Member, b: Member): boolean {
  return (
    a === b ||
    (a.instanceId === b.instanceId &&
      a.rackId === b.rackId &&
      a.rebalanceTimeoutMs === b.rebalanceTimeoutMs &&
      a.clientId === b.clientId &&
      a.clientHost === b.clientHost &&
      a.regex === b.regex &&
      a.serverAssignor === b.serverAssignor &&
      sameNames(a.topicNames, b.topicNames) &&
      sameClassic(a.classic, b.classic))
  );
}

/** Whether what a member owns is the same. */
export function sameCurrent(a: Member, b: Member): boolean {
  return (
    a === b ||
    (a.memberEpoch === b.memberEpoch &&
      a.previousMemberEpoch === b.previousMemberEpoch &&
      a.state === b.state &&
      ownedSame(a.assigned, b.assigned) &&
      ownedSame(a.revoking, b.revoking))
  );
}

// ---- its records

export function subscriptionRecord(groupId: string, member: Member): GroupRecord {
  return record('consumerGroupMemberMetadata', { groupId, memberId: member.memberId }, 0, {
    instanceId: member.instanceId,
    rackId: member.rackId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    subscribedTopicNames: [...member.topicNames],
    subscribedTopicRegex: member.regex,
    rebalanceTimeoutMs: member.rebalanceTimeoutMs,
    serverAssignor: member.serverAssignor,
    classicMemberMetadata:
      member.classic === null
        ? null
        : {
            sessionTimeoutMs: member.classic.sessionTimeoutMs,
            supportedProtocols: member.classic.supportedProtocols.map(({ name, metadata }) => ({ name, metadata })),
          },
  });
}

export function currentRecord(groupId: string, member: Member): GroupRecord {
  return record('consumerGroupCurrentMemberAssignment', { groupId, memberId: member.memberId }, 0, {
    memberEpoch: member.memberEpoch,
    previousMemberEpoch: member.previousMemberEpoch,
    state: member.state,
    assignedPartitions: listOwnedSince(member.assigned),
    partitionsPendingRevocation: listOwnedSince(member.revoking),
  });
}

/** Everything of one member goes. */
export function memberTombstones(groupId: string, memberId: string): GroupRecord[] {
  return [
    tombstone('consumerGroupCurrentMemberAssignment', { groupId, memberId }),
    tombstone('consumerGroupTargetAssignmentMember', { groupId, memberId }),
    tombstone('consumerGroupMemberMetadata', { groupId, memberId }),
  ];
}

export function withSubscription(
  member: Member,
  value: NonNullable<GroupRecordOf<'consumerGroupMemberMetadata'>['value']>,
): Member {
  const classic = value.classicMemberMetadata;
  return {
    ...member,
    instanceId: value.instanceId,
    rackId: value.rackId,
    clientId: value.clientId,
    clientHost: value.clientHost,
    topicNames: sortedNames(value.subscribedTopicNames),
    regex: value.subscribedTopicRegex,
    rebalanceTimeoutMs: value.rebalanceTimeoutMs,
    serverAssignor: value.serverAssignor,
    classic:
      classic === null
        ? null
        : {
            sessionTimeoutMs: classic.sessionTimeoutMs,
            // Views of the batch that was read: what is kept is copied.
            supportedProtocols: classic.supportedProtocols.map(({ name, metadata }) => ({
              name,
              metadata: Buffer.from(metadata),
            })),
          },
  };
}

export function withCurrent(
  member: Member,
  value: NonNullable<GroupRecordOf<'consumerGroupCurrentMemberAssignment'>['value']>,
): Member {
  const known = value.state >= MEMBER_STATE.stable && value.state <= MEMBER_STATE.unreleased;
  return {
    ...member,
    memberEpoch: value.memberEpoch,
    previousMemberEpoch: value.previousMemberEpoch,
    state: known ? value.state : MEMBER_STATE.unknown,
    assigned: ownedFromRecord(value.assignedPartitions, value.memberEpoch),
    revoking: ownedFromRecord(value.partitionsPendingRevocation, value.memberEpoch),
  };
}
