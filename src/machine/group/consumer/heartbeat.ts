/**
 * ConsumerGroupHeartbeat: a member joins, stays, says what it owns, leaves (KIP-848). One request may do all of a change:
 *
 *   who speaks ─► what it says of itself ─► topics' metadata ─► target assignment ─► its own next step
 *   (joining)     (record 5)                (group epoch: 3)    (7, 6)               (8)
 *
 * A heartbeat that says nothing new looks at no other member.
 */
import { ERRORS } from '../../../protocol/errors.ts';
import type { RequestOf, ResponseOf } from '../../../protocol/schema/index.ts';
import type { Client, GroupContext, GroupDecision, GroupTimer } from '../decision.ts';
import type { DecideGroup, GroupState } from '../machine.ts';
import type { GroupRecord } from '../records.ts';
import type { ConsumerGroup } from './group.ts';
import { groupIsFull, speakerOf } from './joining.ts';
import { leaveByHeartbeat } from './leaving.ts';
import {
  currentRecord,
  isReconciledTo,
  LEAVE,
  LEFT_FOR_NOW,
  MEMBER_STATE,
  type Member,
  sameCurrent,
  sameNames,
  sameSubscription,
  sortedNames,
  subscriptionRecord,
} from './member.ts';
import { listOwned, ownedSame, type TopicPartitions } from './partitions.ts';
import { type RegexStatus, updateRegexes } from './patterns.ts';
import { reconciled } from './reconcile.ts';
import { Refused, refused } from './refused.ts';
import { assignorNames, defaultAssignor, groupSetting, REFRESH_MS } from './settings.ts';
import { hashOfTopics, isHomogeneous, isSubscribedTo, subscribedAfter, topicsOf } from './subscriptions.ts';
import { assignorAfter, epochRecord, preferredAssignor, type Target, updatedTarget } from './target.ts';
import { memberTimer, noTimer } from './timers.ts';
import { groupForMembers } from './upgrade.ts';

type Request = RequestOf<'ConsumerGroupHeartbeat'>;
type Response = ResponseOf<'ConsumerGroupHeartbeat'>;

/** What one request does, as it is found out. */
export interface Turn {
  readonly state: GroupState;
  readonly context: GroupContext;
  readonly group: ConsumerGroup;
  readonly records: GroupRecord[];
  readonly timers: GroupTimer[];
}

export const decideHeartbeat: DecideGroup<'ConsumerGroupHeartbeat'> = (
  state,
  { request, version, client },
  context,
) => {
  const invalid = invalidity(state, request, version);
  if (invalid !== null) return refuse(invalid);
  if (request.memberEpoch === LEAVE || request.memberEpoch === LEFT_FOR_NOW) {
    const left = leaveByHeartbeat(state, request, context);
    return left instanceof Refused ? refuse(left) : left;
  }
  return stay(state, request, client, context);
};

/** The answer in which a request is refused. */
export function refusedResponse({ errorCode, message }: Refused): Response {
  return {
    throttleTimeMs: 0,
    errorCode,
    errorMessage: message,
    memberId: null,
    memberEpoch: 0,
    heartbeatIntervalMs: 0,
    assignment: null,
  };
}

function refuse(why: Refused): GroupDecision<Response> {
  return { records: [], answer: refusedResponse(why) };
}

function invalidity(state: GroupState, request: Request, version: number): Refused | null {
  const invalid = (message: string): Refused => refused('INVALID_REQUEST', message);
  const isBlank = (text: string | null): boolean => text !== null && text.trim() === '';
  const { memberEpoch } = request;
  // From v1 on, members draw their own ids (KIP-1082).
  if ((version >= 1 || memberEpoch > 0 || memberEpoch === LEAVE) && isBlank(request.memberId)) {
    return invalid("MemberId can't be empty.");
  }
  if (isBlank(request.groupId)) return invalid("GroupId can't be empty.");
  if (isBlank(request.instanceId)) return invalid("InstanceId can't be empty.");
  if (isBlank(request.rackId)) return invalid("RackId can't be empty.");
  if (memberEpoch === 0) {
    if (request.rebalanceTimeoutMs === -1) return invalid('RebalanceTimeoutMs must be provided in first request.');
    if (request.topicPartitions === null || request.topicPartitions.length > 0) {
      return invalid('TopicPartitions must be empty when (re-)joining.');
    }
    if (request.subscribedTopicNames === null && request.subscribedTopicRegex === null) {
      return invalid('Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.');
    }
  } else if (memberEpoch === LEFT_FOR_NOW) {
    if (request.instanceId === null) return invalid("InstanceId can't be null.");
  } else if (memberEpoch < LEFT_FOR_NOW) return invalid('MemberEpoch is invalid.');
  const supported = assignorNames(state.settings.config.values);
  const { serverAssignor } = request;
  if (serverAssignor === null || supported.includes(serverAssignor)) return null;
  return refused(
    'UNSUPPORTED_ASSIGNOR',
    `ServerAssignor ${serverAssignor} is not supported. Supported assignors: ${supported.join(', ')}.`,
  );
}

function stay(state: GroupState, request: Request, client: Client, context: GroupContext): GroupDecision<Response> {
  const records: GroupRecord[] = [];
  const timers: GroupTimer[] = [];
  const isJoining = request.memberEpoch === 0;
  const found = groupForMembers(state, request.groupId, isJoining, context, { records, timers });
  if (found instanceof Refused) return refuse(found);
  const { group, replies } = found;
  const full = groupIsFull(state, group, request.memberId, request.instanceId);
  if (full !== null) return refuse(full);
  const memberId = request.memberId === '' ? context.uuid() : request.memberId;
  const { memberEpoch, instanceId, topicPartitions: owned } = request;
  const before = speakerOf(group, { memberId, memberEpoch, instanceId, owned, isJoining, isClassic: false }, records);
  if (before instanceof Refused) return refuse(before);

  const turn: Turn = { state, context, group, records, timers };
  const after = advance(turn, before, described(before, request, client), owned);
  if (after instanceof Refused) return refuse(after);
  const sessionMs = groupSetting(state, context.image, group.groupId, 'session.timeout.ms');
  timers.push(memberTimer(group.groupId, 'session', memberId, sessionMs));
  return { records, answer: answerTo(turn, request, before, after), replies, timers };
}

/** The member with what it says of itself; the same object where that is nothing new. */
function described(member: Member, request: Request, client: Client): Member {
  const { subscribedTopicNames: names } = request;
  const topicNames = names === null ? member.topicNames : sortedNames(names);
  const after: Member = {
    ...member,
    instanceId: request.instanceId ?? member.instanceId,
    rackId: request.rackId ?? member.rackId,
    rebalanceTimeoutMs: request.rebalanceTimeoutMs === -1 ? member.rebalanceTimeoutMs : request.rebalanceTimeoutMs,
    serverAssignor: request.serverAssignor ?? member.serverAssignor,
    topicNames: sameNames(topicNames, member.topicNames) ? member.topicNames : topicNames,
    regex: request.subscribedTopicRegex ?? member.regex,
    clientId: client.clientId,
    clientHost: client.clientHost,
    classic: null,
  };
  return sameSubscription(member, after) ? member : after;
}

/** From what a member was and what it says now to what it is then. Adds the records of every step. */
export function advance(
  turn: Turn,
  before: Member,
  said: Member,
  owned: readonly TopicPartitions[] | null,
): Member | Refused {
  const { group, state, context, records } = turn;
  const { namesChanged, regexes } = noted(turn, before, said);
  if (regexes instanceof Refused) return regexes;
  const assignorChanged = before.serverAssignor !== said.serverAssignor && changesAssignor(turn, before, said);
  // A group that comes from a classic one of generation 0: a member of epoch 0 would be taken for one that joins.
  const isUnborn = group.header.groupEpoch === 0;
  const bump = namesChanged || regexes === 'resolved' || assignorChanged || isUnborn;
  const { groupEpoch, homogeneous } = raisedEpoch(turn, before, said, bump);
  const change = { before: isKnown(group, before) ? before : null, after: said, homogeneous };
  const target = updatedTarget(state, group, groupEpoch, change, context, records);
  return settled(turn, said, target, namesChanged || regexes !== 'same', owned);
}

/** Writes down what the member says of itself. */
export function noted(
  { state, context, group, records, timers }: Turn,
  before: Member,
  said: Member,
): { readonly namesChanged: boolean; readonly regexes: RegexStatus | Refused } {
  const isNew = said !== before && !sameSubscription(before, said);
  if (isNew) records.push(subscriptionRecord(group.groupId, said));
  const regexes = updateRegexes(state, context, group, { before, said }, records, timers);
  return { namesChanged: isNew && !sameNames(before.topicNames, said.topicNames), regexes };
}

function changesAssignor({ state, group }: Turn, before: Member, said: Member): boolean {
  const fallback = defaultAssignor(state.settings.config.values);
  return (preferredAssignor(group.index.assignors) ?? fallback) !== (assignorAfter(group, before, said) ?? fallback);
}

function isKnown(group: ConsumerGroup, member: Member): boolean {
  return group.members.has(member.memberId) || group.staticMember(member.instanceId) !== undefined;
}

/** The group's epoch, raised where the subscriptions or the topics' metadata have changed. */
export function raisedEpoch(
  { state, context, group, records }: Turn,
  before: Member,
  said: Member,
  bump: boolean,
): { readonly groupEpoch: number; readonly homogeneous: () => boolean } {
  const { header, soft, groupId } = group;
  if (!bump && !group.isMetadataStale(context.now)) {
    return {
      groupEpoch: header.groupEpoch,
      homogeneous: () => isHomogeneous(subscribedAfter(group, [], []), group.members.size),
    };
  }
  const known = isKnown(group, said);
  const subscribed = subscribedAfter(group, known ? [before] : [], [said]);
  const hash = hashOfTopics(state, context.image, subscribed.topics.keys());
  let { groupEpoch } = header;
  if (bump || hash !== header.metadataHash) {
    groupEpoch++;
    records.push(epochRecord(groupId, groupEpoch, hash));
  }
  soft.refreshAt = context.now + REFRESH_MS;
  soft.refreshEpoch = groupEpoch;
  if (header.hasPartitionMetadata) records.push(group.partitionMetadataTombstone());
  return { groupEpoch, homogeneous: () => isHomogeneous(subscribed, group.members.size + (known ? 0 : 1)) };
}

/** The member's next step towards its target. */
export function settled(
  { context: { image }, group, records, timers }: Turn,
  member: Member,
  target: Target,
  subscriptionChanged: boolean,
  owned: readonly TopicPartitions[] | null,
): Member | Refused {
  if (!subscriptionChanged && isReconciledTo(member, target.epoch)) return member;
  const after = reconciled(member, {
    epoch: target.epoch,
    target: target.partitions,
    isSubscribed(topicId) {
      const name = image.topics.byId(topicId)?.name;
      return name !== undefined && isSubscribedTo(group, member, name);
    },
    subscribesToNothing: topicsOf(group, member).next().done === true,
    subscriptionChanged,
    isOwned: (topicId, partition) => group.isOwned(topicId, partition),
    owned,
  });
  if (after instanceof Refused || sameCurrent(after, member)) return after instanceof Refused ? after : member;
  const { groupId } = group;
  records.push(currentRecord(groupId, after));
  if (after.classic !== null) return after;
  timers.push(
    after.state === MEMBER_STATE.unrevoked
      ? memberTimer(groupId, 'rebalance', after.memberId, after.rebalanceTimeoutMs, after.memberEpoch)
      : noTimer(groupId, 'rebalance', after.memberId),
  );
  return after;
}

function answerTo({ state, context, group }: Turn, request: Request, before: Member, after: Member): Response {
  const isFull =
    request.rebalanceTimeoutMs !== -1 &&
    (request.subscribedTopicNames !== null || request.subscribedTopicRegex !== null) &&
    request.topicPartitions !== null;
  const tells = request.memberEpoch === 0 || isFull || !ownedSame(before.assigned, after.assigned);
  return {
    throttleTimeMs: 0,
    errorCode: ERRORS.NONE,
    errorMessage: null,
    memberId: after.memberId,
    memberEpoch: after.memberEpoch,
    heartbeatIntervalMs: groupSetting(state, context.image, group.groupId, 'heartbeat.interval.ms'),
    assignment: tells ? { topicPartitions: listOwned(after.assigned) } : null,
  };
}
