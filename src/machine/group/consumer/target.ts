/**
 * The target assignment: who shall own what, computed by the assignor that most members ask for when the group's epoch has moved on, though
 * not more often than the assignment interval says (KIP-1263): members that come one after the other cost one assignment together.
 */
import type { Uuid } from '../../../base/uuid.ts';
import type { MetadataImage } from '../../image/image.ts';
import { ASSIGNORS, type AssignorName } from '../assignor/index.ts';
import type { AssignmentMember, AssignmentTopic, MemberAssignment } from '../assignor/spec.ts';
import type { GroupContext } from '../decision.ts';
import type { GroupState } from '../machine.ts';
import { type GroupRecord, record } from '../records.ts';
import type { ConsumerGroup } from './group.ts';
import { partitionRacks } from './metadata-hash.ts';
import type { Member } from './member.ts';
import { targetSame } from './partitions.ts';
import { defaultAssignor, groupSetting } from './settings.ts';
import { topicIdsOf } from './subscriptions.ts';
import type { Tally } from './tally.ts';

export interface Target {
  readonly epoch: number;
  /** The member's. */
  readonly partitions: MemberAssignment;
}

const NO_PARTITIONS: MemberAssignment = new Map();

/** The assignor that most members ask for; of two with as many, Kafka's first. Null: nobody asks for one. */
export function preferredAssignor(assignors: Tally<string>): string | null {
  const names = [...assignors.keys()].sort().toReversed();
  return names.reduce<string | null>(
    (best, name) => (best !== null && assignors.get(best) >= assignors.get(name) ? best : name),
    null,
  );
}

/** As it will be when `before` has become `after`. */
export function assignorAfter(group: ConsumerGroup, before: Member | null, after: Member): string | null {
  const { assignors } = group.index;
  if (before?.serverAssignor === after.serverAssignor) return preferredAssignor(assignors);
  const counts = assignors.copy();
  if (before !== null && before.serverAssignor !== null) counts.add(before.serverAssignor, -1);
  if (after.serverAssignor !== null) counts.add(after.serverAssignor, 1);
  return preferredAssignor(counts);
}

/** The member's part of the target that stands. */
export function standingTarget(group: ConsumerGroup, member: Member): Target {
  // A static member that takes over has its predecessor's, until the records that say so are replayed.
  const owner = group.staticMember(member.instanceId)?.memberId ?? member.memberId;
  const memberId = member.instanceId === null ? member.memberId : owner;
  return { epoch: group.header.assignmentEpoch, partitions: group.targets.get(memberId) ?? NO_PARTITIONS };
}

function mayAssign(state: GroupState, group: ConsumerGroup, { now, image }: GroupContext): boolean {
  const { assignmentTimestamp } = group.header;
  const intervalMs = groupSetting(state, image, group.groupId, 'assignment.interval.ms');
  return assignmentTimestamp === 0 || intervalMs === 0 || now >= assignmentTimestamp + intervalMs;
}

/** The target of the group's epoch, computed now where it is due and may be. Adds the records of what changes. */
export function updatedTarget(
  state: GroupState,
  group: ConsumerGroup,
  groupEpoch: number,
  change: { readonly before: Member | null; readonly after: Member; readonly homogeneous: () => boolean },
  context: GroupContext,
  records: GroupRecord[],
): Target {
  const { before, after } = change;
  if (group.header.assignmentEpoch >= groupEpoch || !mayAssign(state, group, context))
    return standingTarget(group, after);
  const name = assignorAfter(group, before, after) ?? defaultAssignor(state.settings.config.values);
  const members = membersAfter(group, after);
  const spec = specOf(group, members, context.image);
  const assigned = ASSIGNORS[name as AssignorName]({ ...spec, homogeneous: change.homogeneous() });
  const { groupId } = group;
  for (const memberId of members.keys()) {
    const target = assigned.get(memberId) ?? NO_PARTITIONS;
    const standing = memberId === after.memberId ? targetOf(group, after) : group.targets.get(memberId);
    if (standing !== undefined && targetSame(standing, target)) continue;
    records.push(targetRecord(groupId, memberId, target));
  }
  records.push(targetEpochRecord(groupId, groupEpoch, context.now));
  return { epoch: groupEpoch, partitions: assigned.get(after.memberId) ?? NO_PARTITIONS };
}

/** The member's standing target; undefined where it has none yet. */
function targetOf(group: ConsumerGroup, member: Member): MemberAssignment | undefined {
  const own = group.targets.get(member.memberId);
  if (own !== undefined) return own;
  const predecessor = group.staticMember(member.instanceId);
  return predecessor === undefined ? undefined : group.targets.get(predecessor.memberId);
}

function membersAfter(group: ConsumerGroup, after: Member): Map<string, Member> {
  const members = new Map(group.members);
  const predecessor = group.staticMember(after.instanceId);
  if (predecessor !== undefined && predecessor.memberId !== after.memberId) members.delete(predecessor.memberId);
  members.set(after.memberId, after);
  return members;
}

function specOf(
  group: ConsumerGroup,
  members: ReadonlyMap<string, Member>,
  image: MetadataImage,
): { members: Map<string, AssignmentMember>; topics: Map<Uuid, AssignmentTopic> } {
  // Members that say the same share one set.
  const sets = new Map<string, Set<Uuid>>();
  const spec = { members: new Map<string, AssignmentMember>(), topics: new Map<Uuid, AssignmentTopic>() };
  for (const [memberId, member] of members) {
    const said = JSON.stringify([member.regex, member.topicNames]);
    const topicIds = sets.get(said) ?? topicIdsOf(group, member, image);
    sets.set(said, topicIds);
    const { instanceId, rackId } = member;
    spec.members.set(memberId, { instanceId, rackId, topicIds, assigned: targetOf(group, member) ?? NO_PARTITIONS });
  }
  for (const topicIds of sets.values()) {
    for (const topicId of topicIds) {
      const topic = image.topics.byId(topicId);
      if (topic === undefined || spec.topics.has(topicId)) continue;
      const partitions = Array.from({ length: topic.partitionCount }, (_, partition) => partition);
      const racks = partitions.map((partition) => partitionRacks(topic, partition, image));
      spec.topics.set(topicId, { partitionCount: topic.partitionCount, racks });
    }
  }
  return spec;
}

export function targetRecord(groupId: string, memberId: string, target: MemberAssignment): GroupRecord {
  const topicPartitions = Array.from(target, ([topicId, partitions]) => ({ topicId, partitions: [...partitions] }));
  return record('consumerGroupTargetAssignmentMember', { groupId, memberId }, 0, { topicPartitions });
}

export function targetEpochRecord(groupId: string, assignmentEpoch: number, assignmentTimestamp: number): GroupRecord {
  return record('consumerGroupTargetAssignmentMetadata', { groupId }, 0, { assignmentEpoch, assignmentTimestamp });
}

export function epochRecord(groupId: string, epoch: number, metadataHash: bigint): GroupRecord {
  return record('consumerGroupMetadata', { groupId }, 0, { epoch, metadataHash });
}
