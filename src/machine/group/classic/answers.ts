/** The answers of the classic protocol, complete as the newest version has them. */
import { ERRORS, type ErrorCode } from '../../../protocol/errors.ts';
import type { ResponseOf } from '../../../protocol/schema/index.ts';
import { type ClassicMember, type LiveGroup, metadataOf, NO_BYTES } from './live.ts';

export type JoinAnswer = ResponseOf<'JoinGroup'>;
export type SyncAnswer = ResponseOf<'SyncGroup'>;

export function joinRefused(errorCode: number, memberId: string): JoinAnswer {
  return {
    throttleTimeMs: 0,
    errorCode,
    generationId: -1,
    protocolType: null,
    protocolName: '',
    leader: '',
    skipAssignment: false,
    memberId,
    members: [],
  };
}

export function syncRefused(errorCode: number): SyncAnswer {
  return { throttleTimeMs: 0, errorCode, protocolType: null, protocolName: null, assignment: NO_BYTES };
}

/** The current generation, for one of its members; the leader is told who else there is. */
export function joined(group: LiveGroup, memberId: string): JoinAnswer {
  return {
    throttleTimeMs: 0,
    errorCode: ERRORS.NONE,
    generationId: group.generation,
    protocolType: group.protocolType,
    protocolName: group.protocolName ?? '',
    leader: group.leaderId ?? '',
    skipAssignment: false,
    memberId,
    members: group.leaderId === memberId ? membersOf(group) : [],
  };
}

export function synced(group: LiveGroup, member: ClassicMember): SyncAnswer {
  const { protocolType, protocolName } = group;
  return { throttleTimeMs: 0, errorCode: ERRORS.NONE, protocolType, protocolName, assignment: member.assignment };
}

export function membersOf(group: LiveGroup): JoinAnswer['members'] {
  return Array.from(group.members.values(), (member) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    metadata: metadataOf(member, group.protocolName),
  }));
}

/** Whether somebody who names itself so is a member: a code. A static member must be the one that has its instance id (KIP-345). */
export function checkMember(group: LiveGroup, memberId: string, groupInstanceId: string | null): ErrorCode {
  if (groupInstanceId !== null) {
    const current = group.staticMembers.get(groupInstanceId);
    if (current === undefined) return ERRORS.UNKNOWN_MEMBER_ID;
    if (current !== memberId) return ERRORS.FENCED_INSTANCE_ID;
  }
  return group.members.has(memberId) ? ERRORS.NONE : ERRORS.UNKNOWN_MEMBER_ID;
}
