/**
 * SyncGroup: the leader says who gets what, every member fetches its part. Followers that come before the leader wait.
 */
import { ERRORS, type ErrorCode } from '../../../protocol/errors.ts';
import type { RequestOf } from '../../../protocol/schema/index.ts';
import type { DecideGroup } from '../machine.ts';
import { checkMember, syncRefused, synced } from './answers.ts';
import { classicGroup } from './group.ts';
import type { LiveGroup } from './live.ts';
import { assign } from './rebalance.ts';
import { Turn } from './turn.ts';

export const syncGroup: DecideGroup<'SyncGroup'> = (state, { request }, context) => {
  const turn = new Turn(state, context);
  const group = classicGroup(state, request.groupId)?.live;
  const member = group?.members.get(request.memberId);
  const code = group === undefined || group.state === 'Empty' ? ERRORS.UNKNOWN_MEMBER_ID : checkSync(group, request);
  if (group === undefined || member === undefined || code !== ERRORS.NONE) return turn.decision(syncRefused(code));
  if (group.state === 'PreparingRebalance') return turn.decision(syncRefused(ERRORS.REBALANCE_IN_PROGRESS));
  group.pendingSync.delete(member.memberId);
  if (group.pendingSync.size === 0) turn.stopSync(group);
  if (group.state === 'Stable') return turn.decision(synced(group, member));
  // A request that waited until now was given up by its client.
  turn.sync(member.syncTicket, syncRefused(ERRORS.REBALANCE_IN_PROGRESS));
  member.syncTicket = context.ticket;
  if (group.leaderId === member.memberId) {
    assign(turn, group, new Map(request.assignments.map((part) => [part.memberId, Buffer.from(part.assignment)])));
  }
  return turn.decision();
};

function checkSync(group: LiveGroup, request: RequestOf<'SyncGroup'>): ErrorCode {
  const { memberId, groupInstanceId, generationId, protocolType, protocolName } = request;
  const code = checkMember(group, memberId, groupInstanceId);
  if (code !== ERRORS.NONE) return code;
  if (generationId !== group.generation) return ERRORS.ILLEGAL_GENERATION;
  if (differ(protocolType, group.protocolType) || differ(protocolName, group.protocolName)) {
    return ERRORS.INCONSISTENT_GROUP_PROTOCOL;
  }
  return ERRORS.NONE;
}

/** Versions before 5 do not say. */
function differ(said: string | null, is: string | null): boolean {
  return said !== null && is !== null && said !== is;
}
