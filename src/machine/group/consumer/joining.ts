/** Which member a request speaks for: found, made, or refused. */
import type { Uuid } from '../../../base/uuid.ts';
import type { GroupState } from '../machine.ts';
import type { GroupRecord } from '../records.ts';
import type { ConsumerGroup } from './group.ts';
import { currentRecord, LEFT_FOR_NOW, type Member, memberTombstones, newMember, subscriptionRecord } from './member.ts';
import { isWithin, type TopicPartitions } from './partitions.ts';
import { Refused, refused } from './refused.ts';
import { targetRecord } from './target.ts';

export interface Speaker {
  readonly memberId: string;
  readonly memberEpoch: number;
  readonly instanceId: string | null;
  readonly owned: readonly TopicPartitions[] | null;
  /** It may be made where it is not there. */
  readonly isJoining: boolean;
  readonly isClassic: boolean;
}

const rejoin = 'The member must abandon all its partitions and rejoin.';

export function groupIsFull(
  state: GroupState,
  group: ConsumerGroup,
  memberId: string,
  instanceId: string | null,
): Refused | null {
  const most = state.settings.config.values['group.consumer.max.size'];
  if (group.staticMember(instanceId) !== undefined || group.members.size < most) return null;
  if (memberId !== '' && group.members.has(memberId)) return null;
  return refused('GROUP_MAX_SIZE_REACHED', `The consumer group has reached its maximum capacity of ${most} members.`);
}

export function unknownMember(groupId: string, memberId: string): Refused {
  return refused('UNKNOWN_MEMBER_ID', `Member ${memberId} is not a member of group ${groupId}.`);
}

function checkEpoch(member: Member, memberEpoch: number, owned: readonly TopicPartitions[] | null): Refused | null {
  if (memberEpoch === 0 || memberEpoch === member.memberEpoch) return null;
  const known = `member epoch (${memberEpoch}) than the one known by the group coordinator (${member.memberEpoch})`;
  if (memberEpoch > member.memberEpoch) {
    return refused('FENCED_MEMBER_EPOCH', `The consumer group member has a greater ${known}. ${rejoin}`);
  }
  // The answer with the new epoch was lost: fine, as long as the member has nothing that was taken from it since.
  if (memberEpoch === member.previousMemberEpoch && isWithin(owned, member.assigned)) return null;
  return refused('FENCED_MEMBER_EPOCH', `The consumer group member has a smaller ${known}. ${rejoin}`);
}

export function unknownInstance(instanceId: string): Refused {
  return refused('UNKNOWN_MEMBER_ID', `Instance id ${instanceId} is unknown.`);
}

export function fencedInstance(owner: Member, memberId: string, instanceId: string): Refused {
  return refused(
    'FENCED_INSTANCE_ID',
    `Static member ${memberId} with instance id ${instanceId} was fenced by member ${owner.memberId}.`,
  );
}

/** The member as it stands, before what the request says of it. Adds the records of a static member that takes over. */
export function speakerOf(group: ConsumerGroup, speaker: Speaker, records: GroupRecord[]): Member | Refused {
  return speaker.instanceId === null
    ? dynamicMember(group, speaker)
    : staticMember(group, speaker, speaker.instanceId, records);
}

function dynamicMember(group: ConsumerGroup, speaker: Speaker): Member | Refused {
  const { memberId, isJoining, isClassic } = speaker;
  const member = group.members.get(memberId) ?? (isJoining ? newMember(memberId) : null);
  if (member === null) return unknownMember(group.groupId, memberId);
  return (isClassic ? null : checkEpoch(member, speaker.memberEpoch, speaker.owned)) ?? member;
}

function staticMember(
  group: ConsumerGroup,
  speaker: Speaker,
  instanceId: string,
  records: GroupRecord[],
): Member | Refused {
  const { memberId, isJoining, isClassic } = speaker;
  const owner = group.staticMember(instanceId);
  if (!isJoining) {
    if (owner === undefined) return unknownInstance(instanceId);
    if (owner.memberId !== memberId) return fencedInstance(owner, memberId, instanceId);
    return (isClassic ? null : checkEpoch(owner, speaker.memberEpoch, speaker.owned)) ?? owner;
  }
  if (owner === undefined) return group.members.get(memberId) ?? newMember(memberId);
  if (!isClassic && owner.classic === null && owner.memberEpoch !== LEFT_FOR_NOW) {
    return refused(
      'UNRELEASED_INSTANCE_ID',
      `Static member ${memberId} with instance id ${instanceId} cannot join the group because the instance id is owned by ${owner.memberId} member.`,
    );
  }
  const successor: Member = { ...owner, memberId, memberEpoch: 0, previousMemberEpoch: 0 };
  replace(group, owner, successor, records);
  return successor;
}

function replace(group: ConsumerGroup, owner: Member, successor: Member, records: GroupRecord[]): void {
  const { groupId } = group;
  const target = group.targets.get(owner.memberId) ?? new Map<Uuid, readonly number[]>();
  records.push(...memberTombstones(groupId, owner.memberId));
  records.push(subscriptionRecord(groupId, successor));
  records.push(targetRecord(groupId, successor.memberId, target));
  records.push(currentRecord(groupId, successor));
}
