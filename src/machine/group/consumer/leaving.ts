/** Members that go: they leave, are fenced by a timer, or step back for a while (static members). */
import { ERRORS } from '../../../protocol/errors.ts';
import type { RequestOf, ResponseOf } from '../../../protocol/schema/index.ts';
import type { GroupAnswer, GroupContext, GroupDecision, GroupTimer } from '../decision.ts';
import type { GroupState } from '../machine.ts';
import { type GroupRecord, tombstone } from '../records.ts';
import { downgraded } from './downgrade.ts';
import { ConsumerGroup } from './group.ts';
import { fencedInstance, unknownInstance, unknownMember } from './joining.ts';
import { currentRecord, LEFT_FOR_NOW, type Member, memberTombstones, regexOf } from './member.ts';
import { NOTHING_OWNED, type Owned } from './partitions.ts';
import { Refused, refused } from './refused.ts';
import { hashOfTopics, subscribedAfter } from './subscriptions.ts';
import { epochRecord, targetEpochRecord } from './target.ts';
import { noTimers } from './timers.ts';

const OTHERS = ['rebalance', 'join', 'sync'] as const;

type Response = ResponseOf<'ConsumerGroupHeartbeat'>;

function answerOf(memberId: string, memberEpoch: number): Response {
  return {
    throttleTimeMs: 0,
    errorCode: ERRORS.NONE,
    errorMessage: null,
    memberId,
    memberEpoch,
    heartbeatIntervalMs: 0,
    assignment: null,
  };
}

/** The group of the id, which has to be one of the consumer protocol. */
export function consumerGroup(state: GroupState, groupId: string): ConsumerGroup | Refused {
  const group = state.groups.get(groupId);
  if (group === undefined) return refused('GROUP_ID_NOT_FOUND', `Group ${groupId} not found.`);
  if (group instanceof ConsumerGroup) return group;
  return refused('GROUP_ID_NOT_FOUND', `Group ${groupId} is not a consumer group.`);
}

export function leaveByHeartbeat(
  state: GroupState,
  { groupId, memberId, memberEpoch, instanceId }: RequestOf<'ConsumerGroupHeartbeat'>,
  context: GroupContext,
): GroupDecision<Response> | Refused {
  const group = consumerGroup(state, groupId);
  if (group instanceof Refused) return group;
  const answer = answerOf(memberId, memberEpoch);
  if (instanceId === null) {
    const member = group.members.get(memberId);
    return member === undefined
      ? unknownMember(groupId, memberId)
      : withoutMembers(state, group, [member], context, answer);
  }
  const member = group.staticMember(instanceId);
  if (member === undefined) return unknownInstance(instanceId);
  if (member.memberId !== memberId) return fencedInstance(member, memberId, instanceId);
  if (memberEpoch !== LEFT_FOR_NOW) return withoutMembers(state, group, [member], context, answer);
  return { records: [currentRecord(groupId, steppedBack(member))], answer };
}

/** It keeps what it owns until its session ends; nobody of the earlier epochs may commit for it (assignment epochs 0). */
function steppedBack(member: Member): Member {
  const assigned: Owned = new Map(
    Array.from(member.assigned, ([topicId, partitions]) => {
      return [topicId, new Map(Array.from(partitions.keys(), (partition) => [partition, 0]))];
    }),
  );
  return { ...member, memberEpoch: LEFT_FOR_NOW, revoking: NOTHING_OWNED, assigned };
}

/** The group without these members; where only members of the classic protocol stay, a group of that protocol. */
export function withoutMembers<Answer extends GroupAnswer>(
  state: GroupState,
  group: ConsumerGroup,
  gone: readonly Member[],
  context: GroupContext,
  answer: Answer,
): GroupDecision<Answer> {
  if (gone.length === 0) return { records: [], answer };
  const classic = downgraded(state, group, gone, context, answer);
  if (classic !== null) return classic;
  const { groupId, header } = group;
  const records = gone.flatMap(({ memberId }) => memberTombstones(groupId, memberId));
  records.push(...regexTombstones(group, gone));
  const { topics } = subscribedAfter(group, gone, []);
  const groupEpoch = header.groupEpoch + 1;
  records.push(epochRecord(groupId, groupEpoch, hashOfTopics(state, context.image, topics.keys())));
  // Nobody is left: the next member's assignment does not wait for the interval.
  if (group.members.size === gone.length) records.push(targetEpochRecord(groupId, groupEpoch, 0));
  return { records, answer, timers: timersOfGone(group, gone) };
}

/** Not those of the sessions: one that finds nobody does nothing, and where the records cannot be written the member is still to be watched. */
function timersOfGone(group: ConsumerGroup, gone: readonly Member[]): GroupTimer[] {
  for (const { memberId } of gone) group.soft.rejoining.delete(memberId);
  return gone.flatMap(({ memberId }) => noTimers(group.groupId, memberId, OTHERS));
}

function regexTombstones(group: ConsumerGroup, gone: readonly Member[]): GroupRecord[] {
  const counts = new Map<string, number>();
  for (const member of gone) {
    const regex = regexOf(member);
    if (regex !== null) counts.set(regex, (counts.get(regex) ?? 0) + 1);
  }
  const orphans = [...counts].filter(([regex, count]) => group.index.regexes.get(regex) === count);
  return orphans.map(([regularExpression]) =>
    tombstone('consumerGroupRegularExpression', { groupId: group.groupId, regularExpression }),
  );
}
