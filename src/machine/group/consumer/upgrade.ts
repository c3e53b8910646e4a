/** The group that a member of the consumer protocol speaks to: there, made, or made of a classic group in use (online upgrade, KIP-848). */
import { ERRORS } from '../../../protocol/errors.ts';
import type { MetadataImage } from '../../image/image.ts';
import { joinRefused, syncRefused } from '../classic/answers.ts';
import { ClassicGroup } from '../classic/group.ts';
import { type ClassicMember as LiveMember, type LiveGroup, metadataOf } from '../classic/live.ts';
import type { GroupContext, GroupTimer, Reply } from '../decision.ts';
import type { GroupState } from '../machine.ts';
import type { GroupRecord } from '../records.ts';
import { assignmentOf, subscriptionOf } from './embedded.ts';
import { ConsumerGroup } from './group.ts';
import { currentRecord, type Member, newMember, sortedNames, subscriptionRecord } from './member.ts';
import { ownedFromRecord } from './partitions.ts';
import { Refused, refused } from './refused.ts';
import { applyRecord, isConsumerRecord } from './replay.ts';
import { migrationPolicy } from './settings.ts';
import { hashOfTopics } from './subscriptions.ts';
import { epochRecord, targetEpochRecord, targetRecord } from './target.ts';
import { memberTimer } from './timers.ts';

interface Found {
  readonly group: ConsumerGroup;
  /** Answers of classic members that waited. */
  readonly replies: readonly Reply[];
}

interface Making {
  readonly records: GroupRecord[];
  readonly timers: GroupTimer[];
}

export function groupForMembers(
  state: GroupState,
  groupId: string,
  isJoining: boolean,
  context: GroupContext,
  making: Making,
): Found | Refused {
  const group = state.groups.get(groupId);
  if (group instanceof ConsumerGroup) return { group, replies: [] };
  if (group === undefined) {
    if (!isJoining) return refused('GROUP_ID_NOT_FOUND', `Consumer group ${groupId} not found.`);
    return { group: ConsumerGroup.detached(groupId), replies: [] };
  }
  if (isJoining && group.isEmpty) {
    making.records.push(...group.tombstones());
    return { group: ConsumerGroup.detached(groupId), replies: [] };
  }
  if (!isJoining || !(group instanceof ClassicGroup)) {
    return refused('GROUP_ID_NOT_FOUND', `Group ${groupId} is not a consumer group.`);
  }
  return upgraded(state, group, context, making);
}

function cannot(groupId: string, why: string): Refused {
  return refused('GROUP_ID_NOT_FOUND', `Cannot upgrade classic group ${groupId} to consumer group because ${why}`);
}

function upgraded(state: GroupState, classic: ClassicGroup, context: GroupContext, making: Making): Found | Refused {
  const { groupId, live } = classic;
  const { values } = state.settings.config;
  if (!migrationPolicy(values).upgrade) return cannot(groupId, 'online upgrade is disabled.');
  if (!live.usesConsumerProtocol) return cannot(groupId, 'the group does not use the consumer embedded protocol.');
  if (live.members.size > values['group.consumer.max.size']) {
    return cannot(groupId, 'the group size exceeds the consumer group maximum size.');
  }
  const members: Member[] = [];
  for (const member of live.members.values()) {
    const made = memberOf(live, member, context.image);
    if (made instanceof Refused) return made;
    members.push(made);
  }
  const records = recordsOf(state, live, members, context);
  const group = ConsumerGroup.detached(groupId);
  for (const record of records) if (isConsumerRecord(record)) applyRecord(group, record);
  making.records.push(...classic.tombstones(), ...records);
  for (const { memberId, classic: said } of members) {
    making.timers.push(memberTimer(groupId, 'session', memberId, said?.sessionTimeoutMs ?? 0));
  }
  return { group, replies: refuseWaiting(live) };
}

/** Whoever waits in the classic group is told to join again, and then joins the consumer group. */
function refuseWaiting(live: LiveGroup): Reply[] {
  const replies: Reply[] = [];
  for (const member of live.members.values()) {
    const joining = live.awaitJoin(member, null);
    if (joining !== null)
      replies.push({ to: joining, answer: joinRefused(ERRORS.REBALANCE_IN_PROGRESS, member.memberId) });
    if (member.syncTicket !== null)
      replies.push({ to: member.syncTicket, answer: syncRefused(ERRORS.REBALANCE_IN_PROGRESS) });
    member.syncTicket = null;
  }
  return replies;
}

function memberOf(live: LiveGroup, member: LiveMember, image: MetadataImage): Member | Refused {
  const { groupId, generation } = live;
  const malformed = cannot(groupId, 'the embedded consumer protocol is malformed.');
  const assignment = assignmentOf(member.assignment, image);
  if (assignment === null) return malformed;
  if (assignment.hasUserData) {
    return cannot(
      groupId,
      'an unsupported custom assignor is in use. Please refer to the documentation or switch to a default assignor before re-attempting the upgrade.',
    );
  }
  const subscription = subscriptionOf(metadataOf(member, live.protocolName ?? live.selectProtocol()));
  if (subscription === null) return malformed;
  return {
    ...newMember(member.memberId),
    memberEpoch: generation,
    previousMemberEpoch: generation,
    instanceId: member.groupInstanceId,
    rackId: subscription.rackId === '' ? null : subscription.rackId,
    rebalanceTimeoutMs: member.rebalanceTimeoutMs,
    clientId: member.clientId,
    clientHost: member.clientHost,
    topicNames: sortedNames(subscription.topics),
    assigned: ownedFromRecord(assignment.topics, generation),
    classic: { sessionTimeoutMs: member.sessionTimeoutMs, supportedProtocols: member.protocols },
  };
}

function recordsOf(
  state: GroupState,
  { groupId, generation }: LiveGroup,
  members: readonly Member[],
  { image }: GroupContext,
): GroupRecord[] {
  const topics = new Set(members.flatMap(({ topicNames }) => topicNames));
  return [
    ...members.map((member) => subscriptionRecord(groupId, member)),
    epochRecord(groupId, generation, hashOfTopics(state, image, topics)),
    ...members.map(({ memberId, assigned }) => {
      const target = Array.from(
        assigned,
        ([topicId, partitions]) => [topicId, [...partitions.keys()].sort((a, b) => a - b)] as const,
      );
      return targetRecord(groupId, memberId, new Map(target));
    }),
    targetEpochRecord(groupId, generation, 0),
    ...members.map((member) => currentRecord(groupId, member)),
  ];
}
