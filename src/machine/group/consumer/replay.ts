/**
 * The records of the consumer protocol, replayed. A tombstone of something that is not there changes nothing; any other record makes the
 * group where it is not there: compaction may have taken what stood before it.
 */
import type { Uuid } from '../../../base/uuid.ts';
import type { GroupState } from '../machine.ts';
import type { GroupRecord, GroupRecordOf } from '../records.ts';
import { ConsumerGroup } from './group.ts';
import { newMember, sortedNames, withCurrent, withSubscription } from './member.ts';
import { NOTHING_OWNED } from './partitions.ts';

type ConsumerRecordType =
  | 'consumerGroupMetadata'
  | 'consumerGroupPartitionMetadata'
  | 'consumerGroupMemberMetadata'
  | 'consumerGroupTargetAssignmentMetadata'
  | 'consumerGroupTargetAssignmentMember'
  | 'consumerGroupCurrentMemberAssignment'
  | 'consumerGroupRegularExpression';

type ConsumerRecord = { [N in ConsumerRecordType]: GroupRecordOf<N> }[ConsumerRecordType];

/** Of the machine: the group that the record is about, made where it has to be. */
function groupOf(state: GroupState, { key: { groupId }, value }: ConsumerRecord): ConsumerGroup | null {
  const group = state.groups.get(groupId);
  if (group instanceof ConsumerGroup) return group;
  // Offsets alone stand before: a group that nobody has joined. Another kind of group would have been deleted by its own record.
  const isFree = group === undefined || (group.isEmpty && group.protocolType === '');
  if (value === null || !isFree) return null;
  const made = new ConsumerGroup(groupId, state.consumer);
  state.groups.set(groupId, made);
  return made;
}

function replayConsumer(state: GroupState, record: ConsumerRecord): void {
  const group = groupOf(state, record);
  if (group === null) return;
  if (record.type === 'consumerGroupMetadata' && record.value === null) state.groups.delete(group.groupId);
  else applyRecord(group, record);
}

/** Of one group: what the record changes. */
export function applyRecord(group: ConsumerGroup, record: ConsumerRecord): void {
  switch (record.type) {
    case 'consumerGroupMetadata':
      if (record.value === null) return;
      group.setHeader({ groupEpoch: record.value.epoch, metadataHash: record.value.metadataHash });
      return;
    case 'consumerGroupPartitionMetadata':
      group.setHeader({ hasPartitionMetadata: record.value !== null });
      return;
    case 'consumerGroupMemberMetadata':
      if (record.value === null) group.removeMember(record.key.memberId);
      else group.putMember(withSubscription(memberOf(group, record.key.memberId), record.value));
      return;
    case 'consumerGroupTargetAssignmentMetadata':
      group.setHeader(
        record.value === null
          ? { assignmentEpoch: -1, assignmentTimestamp: 0 }
          : { assignmentEpoch: record.value.assignmentEpoch, assignmentTimestamp: record.value.assignmentTimestamp },
      );
      return;
    case 'consumerGroupTargetAssignmentMember':
      group.setTarget(record.key.memberId, record.value === null ? null : targetOf(record.value.topicPartitions));
      return;
    case 'consumerGroupCurrentMemberAssignment':
      replayCurrent(group, record);
      return;
    case 'consumerGroupRegularExpression': {
      const { regularExpression } = record.key;
      const { value } = record;
      group.setRegex(regularExpression, value === null ? null : { ...value, topics: sortedNames(value.topics) });
    }
  }
}

function replayCurrent(
  group: ConsumerGroup,
  { key, value }: GroupRecordOf<'consumerGroupCurrentMemberAssignment'>,
): void {
  if (value !== null) {
    group.putMember(withCurrent(memberOf(group, key.memberId), value));
    return;
  }
  const member = group.members.get(key.memberId);
  if (member === undefined) return;
  const gone = { memberEpoch: -1, previousMemberEpoch: -1, assigned: NOTHING_OWNED, revoking: NOTHING_OWNED };
  group.putMember({ ...member, ...gone });
}

function memberOf(group: ConsumerGroup, memberId: string): ReturnType<typeof newMember> {
  return group.members.get(memberId) ?? newMember(memberId);
}

function targetOf(
  topics: readonly { readonly topicId: Uuid; readonly partitions: readonly number[] }[],
): ReadonlyMap<Uuid, readonly number[]> {
  return new Map(topics.map(({ topicId, partitions }) => [topicId, [...partitions].sort((a, b) => a - b)]));
}

const CONSUMER_TYPES: ReadonlySet<string> = new Set<ConsumerRecordType>([
  'consumerGroupMetadata',
  'consumerGroupPartitionMetadata',
  'consumerGroupMemberMetadata',
  'consumerGroupTargetAssignmentMetadata',
  'consumerGroupTargetAssignmentMember',
  'consumerGroupCurrentMemberAssignment',
  'consumerGroupRegularExpression',
]);

export function isConsumerRecord(record: GroupRecord): record is ConsumerRecord {
  return CONSUMER_TYPES.has(record.type);
}

export const CONSUMER_REPLAYS = {
  consumerGroupMetadata: replayConsumer,
  consumerGroupPartitionMetadata: replayConsumer,
  consumerGroupMemberMetadata: replayConsumer,
  consumerGroupTargetAssignmentMetadata: replayConsumer,
  consumerGroupTargetAssignmentMember: replayConsumer,
  consumerGroupCurrentMemberAssignment: replayConsumer,
  consumerGroupRegularExpression: replayConsumer,
} as const;
