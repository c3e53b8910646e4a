/** What an assignor of the consumer protocol (KIP-848) is told, and what it says. */
import type { Uuid } from '../../../base/uuid.ts';

export interface AssignmentMember {
  /** `group.instance.id` of a static member (KIP-345). */
  readonly instanceId: string | null;
  /** Kafka 4.4 tells its assignors and none of them looks at it: racks only make a group look again (KIP-1101). */
  readonly rackId: string | null;
  /** Topics that exist and that the member subscribes to, by name or by a pattern. */
  readonly topicIds: ReadonlySet<Uuid>;
  /** The member's target assignment until now: partitions by topic. */
  readonly assigned: ReadonlyMap<Uuid, readonly number[]>;
}

export interface AssignmentTopic {
  readonly partitionCount: number;
  /** Racks of each partition's replicas. */
  readonly racks?: readonly (readonly string[])[];
}

export interface AssignmentSpec {
  readonly members: ReadonlyMap<string, AssignmentMember>;
  readonly topics: ReadonlyMap<Uuid, AssignmentTopic>;
  /**
   * Whether all members subscribe to the same, as Kafka sees it: every name by every member, or one pattern by all and no names. Where it is
   * not said, it is read from the topic ids.
   */
  readonly homogeneous?: boolean;
}

/** Partitions in ascending order, by topic. */
export type MemberAssignment = ReadonlyMap<Uuid, readonly number[]>;

/** Every member of the spec. Whose assignment did not change has the very map that the spec has (`assigned`). */
export type GroupAssignment = ReadonlyMap<string, MemberAssignment>;

export type Assign = (spec: AssignmentSpec) => GroupAssignment;

/** Whether all members subscribe to the same topics. */
export function isHomogeneous(spec: AssignmentSpec): boolean {
  if (spec.homogeneous !== undefined) return spec.homogeneous;
  let first: ReadonlySet<Uuid> | null = null;
  for (const { topicIds } of spec.members.values()) {
    if (first === null) first = topicIds;
    else if (first !== topicIds && (first.size !== topicIds.size || !first.isSubsetOf(topicIds))) return false;
  }
  return true;
}

export function partitionCount(spec: AssignmentSpec, topicId: Uuid): number {
  return spec.topics.get(topicId)?.partitionCount ?? 0;
}
