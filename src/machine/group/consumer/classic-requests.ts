/**
 * Members of the classic protocol in a group of the consumer protocol: while a group is rolled from one to the other both are in it. What such a
 * member gets is decided as for the others; JoinGroup is its reconciliation step, SyncGroup tells what it owns, Heartbeat that it is to join again.
 */
import { ERRORS } from '../../../protocol/errors.ts';
import type { RequestOf, ResponseOf } from '../../../protocol/schema/index.ts';
import { type JoinAnswer, joinRefused, syncRefused } from '../classic/answers.ts';
import { type Joining, joiningOf } from '../classic/join.ts';
import type { GroupContext, GroupDecision, GroupTimer } from '../decision.ts';
import type { DecideGroup, GroupState } from '../machine.ts';
import type { GroupRecord } from '../records.ts';
import { becomesClassic, downgradedByJoin } from './downgrade.ts';
import { assignmentBytes, byId, subscriptionOf } from './embedded.ts';
import { ConsumerGroup } from './group.ts';
import { noted, raisedEpoch, settled, type Turn } from './heartbeat.ts';
import { groupIsFull, speakerOf, unknownMember } from './joining.ts';
import { withoutMembers } from './leaving.ts';
import { MEMBER_STATE, type Member, sortedNames } from './member.ts';
import { listOwned, type TopicPartitions } from './partitions.ts';
import { Refused, refused } from './refused.ts';
import { migrationPolicy } from './settings.ts';
import { standingTarget, updatedTarget } from './target.ts';
import { memberTimer, noTimer } from './timers.ts';

const FIRST_WITH_KNOWN_IDS = 4;
const FIRST_WITH_MEMBERS = 3;
const PROTOCOL_TYPE = 'consumer';

type Api = 'JoinGroup' | 'SyncGroup' | 'Heartbeat' | 'LeaveGroup';

/** Those of `classic`, where the group is not one of the consumer protocol with members in it. */
export function besideClassic(classic: { readonly [N in Api]: DecideGroup<N> }): {
  readonly [N in Api]: DecideGroup<N>;
} {
  const route =
    <N extends Api>(
      ours: (group: ConsumerGroup, ...rest: Parameters<DecideGroup<N>>) => ReturnType<DecideGroup<N>>,
      theirs: DecideGroup<N>,
    ): DecideGroup<N> =>
    (state, event, context) => {
      const group = state.groups.get(event.request.groupId);
      const isOurs = group instanceof ConsumerGroup && !group.isEmpty;
      return isOurs ? ours(group, state, event, context) : theirs(state, event, context);
    };
  return {
    JoinGroup: route(joinGroup, classic.JoinGroup),
    SyncGroup: route(syncGroup, classic.SyncGroup),
    Heartbeat: route(heartbeat, classic.Heartbeat),
    LeaveGroup: route(leaveGroup, classic.LeaveGroup),
  };
}

function joinGroup(
  group: ConsumerGroup,
  state: GroupState,
  event: Parameters<DecideGroup<'JoinGroup'>>[1],
  context: GroupContext,
): GroupDecision<JoinAnswer> {
  const joining = joiningOf(event);
  const memberId = event.request.memberId === '' ? context.uuid() : event.request.memberId;
  const refuse = ({ errorCode }: Refused): GroupDecision<JoinAnswer> => ({
    records: [],
    answer: joinRefused(errorCode, ''),
  });
  const { groupInstanceId } = event.request;
  const why =
    mayNotJoin(group, state, joining) ??
    groupIsFull(state, group, memberId, groupInstanceId) ??
    unsupported(group, joining);
  if (why !== null) return refuse(why);
  if (event.request.memberId === '' && groupInstanceId === null && event.version >= FIRST_WITH_KNOWN_IDS) {
    return { records: [], answer: joinRefused(ERRORS.MEMBER_ID_REQUIRED, memberId) };
  }
  const joined = joinAs(group, state, joining, memberId, context);
  return joined instanceof Refused ? refuse(joined) : joined;
}

function mayNotJoin(group: ConsumerGroup, state: GroupState, _joining: Joining): Refused | null {
  const { upgrade, downgrade } = migrationPolicy(state.settings.config.values);
  if (upgrade || downgrade) return null;
  return refused(
    'INCONSISTENT_GROUP_PROTOCOL',
    `Cannot join the consumer group ${group.groupId} with the classic protocol because the group migration is disabled.`,
  );
}

/** One of its assignors has to be one that all other classic members have. */
function unsupported({ index }: ConsumerGroup, { event, protocols }: Joining): Refused | null {
  const isSupported =
    event.request.protocolType === PROTOCOL_TYPE &&
    protocols.some(({ name }) => index.classicProtocols.get(name) === index.classicMembers);
  return isSupported ? null : refused('INCONSISTENT_GROUP_PROTOCOL', "Member's protocols are not supported.");
}

function joinAs(
  group: ConsumerGroup,
  state: GroupState,
  joining: Joining,
  memberId: string,
  context: GroupContext,
): GroupDecision<JoinAnswer> | Refused {
  const { request } = joining.event;
  const { groupInstanceId: instanceId } = request;
  const records: GroupRecord[] = [];
  const timers: GroupTimer[] = [];
  const isJoining = instanceId === null || request.memberId === '';
  const before = speakerOf(
    group,
    { memberId, memberEpoch: -1, instanceId, owned: [], isJoining, isClassic: true },
    records,
  );
  if (before instanceof Refused) return before;
  const subscription = subscriptionOf(joining.protocols[0]?.metadata ?? Buffer.alloc(0));
  if (subscription === null) {
    return refused(
      'INCONSISTENT_GROUP_PROTOCOL',
      'Malformed embedded consumer protocol in subscription deserialization.',
    );
  }
  const said: Member = {
    ...before,
    instanceId: instanceId ?? before.instanceId,
    rackId: subscription.rackId === null || subscription.rackId === '' ? before.rackId : subscription.rackId,
    rebalanceTimeoutMs: joining.rebalanceTimeoutMs === -1 ? before.rebalanceTimeoutMs : joining.rebalanceTimeoutMs,
    topicNames: sortedNames(subscription.topics),
    regex: '',
    clientId: joining.event.client.clientId,
    clientHost: joining.event.client.clientHost,
    classic: { sessionTimeoutMs: joining.sessionTimeoutMs, supportedProtocols: joining.protocols },
  };
  const owned = byId(subscription.ownedPartitions, context.image);
  return stepped({ state, context, group, records, timers }, { before, said, owned, joining });
}

interface Step {
  readonly before: Member;
  readonly said: Member;
  readonly owned: readonly TopicPartitions[];
  readonly joining: Joining;
}

function stepped(turn: Turn, { before, said, owned, joining }: Step): GroupDecision<JoinAnswer> | Refused {
  const { group, state, context, records, timers } = turn;
  const { groupId } = group;
  // It takes the place of the last member of the consumer protocol: the group is a classic one from here on.
  const leaving = group.staticMember(said.instanceId);
  const isLast = leaving !== undefined && leaving.classic === null && becomesClassic(state, group, [leaving], 1);
  const { namesChanged, regexes } = noted(turn, before, said);
  if (regexes instanceof Refused) return regexes;
  const changed = namesChanged || regexes !== 'same';
  const { groupEpoch, homogeneous } = raisedEpoch(turn, before, said, changed);
  const isKnown = group.members.has(before.memberId) || leaving !== undefined;
  const isStale = group.header.assignmentEpoch < groupEpoch;
  const change = { before: isKnown ? before : null, after: said, homogeneous };
  const target = isLast
    ? standingTarget(group, said)
    : updatedTarget(state, group, groupEpoch, change, context, records);
  const after = isLast && isStale ? said : settled(turn, said, target, changed, owned);
  if (after instanceof Refused) return after;
  const answer = joinedAs(after);
  group.soft.rejoining.delete(after.memberId);
  timers.push(noTimer(groupId, 'join', after.memberId));
  if (isLast) return downgradedByJoin(state, group, { leaving, joining: after }, context, { records, isStale, answer });
  timers.push(memberTimer(groupId, 'session', after.memberId, joining.sessionTimeoutMs));
  timers.push(memberTimer(groupId, 'sync', after.memberId, joining.rebalanceTimeoutMs));
  return { records, answer, timers };
}

function protocolOf(member: Member): { readonly name: string; readonly metadata: Buffer } {
  return member.classic?.supportedProtocols[0] ?? { name: '', metadata: Buffer.alloc(0) };
}

function joinedAs(member: Member): JoinAnswer {
  return {
    throttleTimeMs: 0,
    errorCode: ERRORS.NONE,
    generationId: member.memberEpoch,
    protocolType: PROTOCOL_TYPE,
    protocolName: protocolOf(member).name,
    leader: '',
    skipAssignment: false,
    memberId: member.memberId,
    members: [],
  };
}

/** The member of the classic protocol that the request speaks for, in its epoch; else a code. */
function speaking(
  group: ConsumerGroup,
  { memberId, groupInstanceId, generationId }: RequestOf<'Heartbeat'>,
): Member | number {
  const owner = groupInstanceId === null ? group.members.get(memberId) : group.staticMember(groupInstanceId);
  if (owner === undefined) return ERRORS.UNKNOWN_MEMBER_ID;
  if (owner.memberId !== memberId) return ERRORS.FENCED_INSTANCE_ID;
  if (owner.classic === null) return ERRORS.UNKNOWN_MEMBER_ID;
  return generationId === owner.memberEpoch ? owner : ERRORS.ILLEGAL_GENERATION;
}

/** It has so long to join again; the time runs from the first time that it is told. */
function toldToRejoin({ groupId, soft }: ConsumerGroup, { memberId, rebalanceTimeoutMs }: Member): GroupTimer[] {
  if (soft.rejoining.has(memberId)) return [];
  soft.rejoining.add(memberId);
  return [memberTimer(groupId, 'join', memberId, rebalanceTimeoutMs)];
}

function heardOf({ groupId }: ConsumerGroup, { memberId, classic }: Member): GroupTimer {
  return memberTimer(groupId, 'session', memberId, classic?.sessionTimeoutMs ?? 0);
}

function syncGroup(
  group: ConsumerGroup,
  _state: GroupState,
  { request }: Parameters<DecideGroup<'SyncGroup'>>[1],
  { image }: GroupContext,
): GroupDecision<ResponseOf<'SyncGroup'>> {
  const member = speaking(group, request);
  if (typeof member === 'number') return { records: [], answer: syncRefused(member) };
  const { name, metadata } = protocolOf(member);
  const { protocolType, protocolName } = request;
  if ((protocolType !== null && protocolType !== PROTOCOL_TYPE) || (protocolName !== null && protocolName !== name)) {
    return { records: [], answer: syncRefused(ERRORS.INCONSISTENT_GROUP_PROTOCOL) };
  }
  if (group.header.assignmentEpoch > member.memberEpoch && member.state !== MEMBER_STATE.unrevoked) {
    return { records: [], answer: syncRefused(ERRORS.REBALANCE_IN_PROGRESS), timers: toldToRejoin(group, member) };
  }
  const owned = listOwned(member.assigned).map(({ topicId, partitions }) => [topicId, partitions] as const);
  const assignment = assignmentBytes(owned, metadata, image);
  return {
    records: [],
    answer: { throttleTimeMs: 0, errorCode: ERRORS.NONE, protocolType, protocolName, assignment },
    timers: [noTimer(group.groupId, 'sync', member.memberId), heardOf(group, member)],
  };
}

function heartbeat(
  group: ConsumerGroup,
  _state: GroupState,
  { request }: Parameters<DecideGroup<'Heartbeat'>>[1],
): GroupDecision<ResponseOf<'Heartbeat'>> {
  const answer = (errorCode: number): ResponseOf<'Heartbeat'> => ({ throttleTimeMs: 0, errorCode });
  const member = speaking(group, request);
  if (typeof member === 'number') return { records: [], answer: answer(member) };
  const timers = [heardOf(group, member)];
  const hasNews =
    member.memberEpoch < group.header.assignmentEpoch ||
    member.state === MEMBER_STATE.unrevoked ||
    (member.state === MEMBER_STATE.unreleased && !waitsForOthers(group, member));
  if (!hasNews) return { records: [], answer: answer(ERRORS.NONE), timers };
  return {
    records: [],
    answer: answer(ERRORS.REBALANCE_IN_PROGRESS),
    timers: [...timers, ...toldToRejoin(group, member)],
  };
}

/** Whether another member still has something of the member's target. */
function waitsForOthers(group: ConsumerGroup, member: Member): boolean {
  for (const [topicId, partitions] of group.targets.get(member.memberId) ?? []) {
    const mine = member.assigned.get(topicId);
    if (partitions.some((partition) => mine?.has(partition) !== true && group.isOwned(topicId, partition))) return true;
  }
  return false;
}

function leaveGroup(
  group: ConsumerGroup,
  state: GroupState,
  { request, version }: Parameters<DecideGroup<'LeaveGroup'>>[1],
  context: GroupContext,
): GroupDecision<ResponseOf<'LeaveGroup'>> {
  const leaving =
    version >= FIRST_WITH_MEMBERS ? request.members : [{ memberId: request.memberId, groupInstanceId: null }];
  const gone = new Set<Member>();
  const members = leaving.map(({ memberId, groupInstanceId }) => {
    const member = leavingMember(group, memberId, groupInstanceId);
    if (!(member instanceof Refused)) gone.add(member);
    return { memberId, groupInstanceId, errorCode: member instanceof Refused ? member.errorCode : ERRORS.NONE };
  });
  const answer =
    version >= FIRST_WITH_MEMBERS
      ? { throttleTimeMs: 0, errorCode: ERRORS.NONE, members }
      : { throttleTimeMs: 0, errorCode: members[0]?.errorCode ?? ERRORS.NONE, members: [] };
  return withoutMembers(state, group, [...gone], context, answer);
}

function leavingMember(group: ConsumerGroup, memberId: string, instanceId: string | null): Member | Refused {
  if (instanceId === null) return group.members.get(memberId) ?? unknownMember(group.groupId, memberId);
  const owner = group.staticMember(instanceId);
  if (owner === undefined) return refused('UNKNOWN_MEMBER_ID', `Instance id ${instanceId} is unknown.`);
  if (memberId === '' || memberId === owner.memberId) return owner;
  return refused('FENCED_INSTANCE_ID', '');
}
