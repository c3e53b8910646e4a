/**
 * JoinGroup: somebody wants to be a member, or says anew what it offers. Waits until the join phase ends.
 *
 *   new, dynamic   gets an id and has to come back with it (KIP-394), or is added at once (before version 4)
 *   new, static    is added, or takes the place of whoever had its instance id (KIP-345; see static.ts)
 *   known          waits for the rebalance, begins one, or is told again what it missed
 */
import { ERRORS } from '../../../protocol/errors.ts';
import type { GroupApiEvent } from '../decision.ts';
import type { DecideGroup, GroupState } from '../machine.ts';
import { checkMember, joined, joinRefused } from './answers.ts';
import { ClassicGroup } from './group.ts';
import { type ClassicMember, LiveGroup, type MemberProtocol, saysTheSame } from './live.ts';
import { newGroupRecord } from './record.ts';
import { rebalanceOrGoOn } from './rebalance.ts';
import { joinAgainAs } from './static.ts';
import { sessionTimerOf } from './timers.ts';
import { Turn } from './turn.ts';

/** From here on a dynamic member has to come back with the id that it is given (KIP-394). */
const FIRST_WITH_KNOWN_IDS = 4;
/** A member that has never had an answer is dropped after so long: nothing else tells whether it is still there. */
const NEW_MEMBER_JOIN_TIMEOUT_MS = 5 * 60 * 1000;

/** One JoinGroup and what it says, in our own memory. */
export interface Joining {
  readonly event: GroupApiEvent<'JoinGroup'>;
  readonly protocols: readonly MemberProtocol[];
  readonly rebalanceTimeoutMs: number;
  readonly sessionTimeoutMs: number;
}

export const joinGroup: DecideGroup<'JoinGroup'> = (state, event, context) => {
  const { groupId, memberId } = event.request;
  const turn = new Turn(state, context);
  const current = state.groups.get(groupId);
  const isKnown = current instanceof ClassicGroup;
  if (current?.type === 'consumer' && !current.isEmpty) {
    return turn.decision(joinRefused(ERRORS.INCONSISTENT_GROUP_PROTOCOL, ''));
  }
  if (!isKnown && memberId !== '') {
    return turn.decision(joinRefused(ERRORS.UNKNOWN_MEMBER_ID, memberId));
  }
  const group = isKnown ? current.live : begin(turn, groupId);
  join(turn, group, joiningOf(event));
  if (isKnown) return turn.decision();
  // An empty group of the other kind makes room.
  if (current?.type === 'consumer') turn.records(current.tombstones());
  turn.records([newGroupRecord(group)]);
  turn.failing(group, 'created');
  return turn.decision();
};

function begin({ state, now }: Turn, groupId: string): LiveGroup {
  const group = new LiveGroup(groupId, now);
  state.live.set(groupId, group);
  return group;
}

/** A name counts once. Version 0 has one timeout for both. */
export function joiningOf(event: GroupApiEvent<'JoinGroup'>): Joining {
  const { protocols, sessionTimeoutMs, rebalanceTimeoutMs } = event.request;
  const byName = new Map<string, MemberProtocol>();
  for (const { name, metadata } of protocols) {
    if (!byName.has(name)) byName.set(name, { name, metadata: Buffer.from(metadata) });
  }
  return {
    event,
    protocols: [...byName.values()],
    sessionTimeoutMs,
    rebalanceTimeoutMs: event.version === 0 ? sessionTimeoutMs : rebalanceTimeoutMs,
  };
}

/** Somebody joins a group of the classic protocol. Its answer goes to the turn, or comes with the end of the join phase. */
function join(turn: Turn, group: LiveGroup, joining: Joining): void {
  const { memberId, protocolType } = joining.event.request;
  const { ticket } = turn.context;
  if (!mayJoin(turn.state, group, memberId)) {
    group.remove(memberId);
    turn.join(ticket, joinRefused(ERRORS.GROUP_MAX_SIZE_REACHED, ''));
    return;
  }
  const names = joining.protocols.map(({ name }) => name);
  if (!group.supports(protocolType, names)) {
    turn.join(ticket, joinRefused(ERRORS.INCONSISTENT_GROUP_PROTOCOL, memberId));
    return;
  }
  if (memberId === '') joinNew(turn, group, joining);
  else joinKnown(turn, group, joining);
}

/** Whether there is room (group.max.size). Members that wait count: the last to come are turned away. */
function mayJoin({ settings }: GroupState, group: LiveGroup, memberId: string): boolean {
  const most = settings.config.values['group.max.size'];
  const member = group.members.get(memberId);
  switch (group.state) {
    case 'Empty':
      return true;
    case 'PreparingRebalance':
      return typeof member?.joinTicket === 'number' || group.awaitingJoin < most;
    case 'CompletingRebalance':
    case 'Stable':
      return member !== undefined || group.members.size < most;
  }
}

function joinNew(turn: Turn, group: LiveGroup, joining: Joining): void {
  const { request, client, version } = joining.event;
  const { groupInstanceId } = request;
  const memberId = `${groupInstanceId ?? client.clientId}-${javaUuid(turn.context.uuid())}`;
  const known = groupInstanceId === null ? undefined : group.staticMembers.get(groupInstanceId);
  const replaced = known === undefined ? undefined : group.members.get(known);
  if (replaced !== undefined) {
    joinAgainAs(turn, group, joining, replaced, memberId);
  } else if (groupInstanceId === null && version >= FIRST_WITH_KNOWN_IDS) {
    group.pendingJoin.add(memberId);
    turn.time(sessionTimerOf(group.groupId, memberId, request.sessionTimeoutMs));
    turn.join(turn.context.ticket, joinRefused(ERRORS.MEMBER_ID_REQUIRED, memberId));
  } else {
    addMember(turn, group, joining, memberId);
  }
}

function addMember(turn: Turn, group: LiveGroup, joining: Joining, memberId: string): void {
  const { request, client } = joining.event;
  if (group.state === 'PreparingRebalance' && group.previousState === 'Empty') group.newMemberAdded = true;
  if (group.members.size === 0) group.protocolType = request.protocolType;
  const member = group.add({
    memberId,
    groupInstanceId: request.groupInstanceId,
    clientId: client.clientId,
    clientHost: client.clientHost,
    rebalanceTimeoutMs: joining.rebalanceTimeoutMs,
    sessionTimeoutMs: joining.sessionTimeoutMs,
    protocols: joining.protocols,
    joinTicket: turn.context.ticket,
    isNew: true,
  });
  turn.heard(group, member, NEW_MEMBER_JOIN_TIMEOUT_MS);
  rebalanceOrGoOn(turn, group);
}

function joinKnown(turn: Turn, group: LiveGroup, joining: Joining): void {
  const { memberId, groupInstanceId } = joining.event.request;
  const { ticket } = turn.context;
  if (group.pendingJoin.has(memberId)) {
    // The id was given to a dynamic member.
    if (groupInstanceId !== null) turn.join(ticket, joinRefused(ERRORS.UNKNOWN_SERVER_ERROR, ''));
    else addMember(turn, group, joining, memberId);
    return;
  }
  const code = checkMember(group, memberId, groupInstanceId);
  const member = group.members.get(memberId);
  if (code !== ERRORS.NONE || member === undefined || group.state === 'Empty') {
    turn.join(ticket, joinRefused(code === ERRORS.NONE ? ERRORS.UNKNOWN_MEMBER_ID : code, memberId));
  } else if (beginsRebalance(group, member, joining)) {
    joinAgain(turn, group, joining, member);
  } else {
    turn.join(ticket, joined(group, memberId));
  }
}

/** Whether it joins a rebalance, or has something to say that needs one. Else it missed its answer and is given it again. */
function beginsRebalance(group: LiveGroup, member: ClassicMember, { protocols }: Joining): boolean {
  if (group.state === 'PreparingRebalance' || !saysTheSame(member, protocols)) return true;
  // The leader may want to assign anew, for reasons that do not show in what it offers: partitions were added.
  return group.state === 'Stable' && group.leaderId === member.memberId;
}

/** A member joins the next generation. */
export function joinAgain(turn: Turn, group: LiveGroup, joining: Joining, member: ClassicMember): void {
  waitToJoin(turn, group, joining, member);
  rebalanceOrGoOn(turn, group);
}

/** The member's request waits; one that waited until now was given up by its client. */
export function waitToJoin(turn: Turn, group: LiveGroup, joining: Joining, member: ClassicMember): void {
  group.update(member, joining);
  const before = group.awaitJoin(member, turn.context.ticket);
  turn.join(before, joinRefused(ERRORS.REBALANCE_IN_PROGRESS, member.memberId));
}

/** As Java writes a UUID; member ids of the classic protocol end so. */
function javaUuid(text: string): string {
  const hex = Buffer.from(text, 'base64url').toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
