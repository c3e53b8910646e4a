/** DescribeGroups: state and members of a group of the classic protocol. What members offer is shown while the group is stable. */
import { ERRORS } from '../../../protocol/errors.ts';
import type { ResponseOf } from '../../../protocol/schema/index.ts';
import type { Group } from '../group.ts';
import type { QueryGroup } from '../machine.ts';
import { ClassicGroup } from './group.ts';
import { metadataOf, NO_BYTES } from './live.ts';

/** From here on a group that is not there is an error (KIP-1043); before, it was a dead group. */
const FIRST_WITH_NOT_FOUND = 6;

type Described = ResponseOf<'DescribeGroups'>['groups'][number];

export const describeGroups: QueryGroup<'DescribeGroups'> = (state, { request, version }, committed) => ({
  throttleTimeMs: 0,
  groups: request.groups.map((groupId) => describe(state.groups.getAt(groupId, committed), groupId, version)),
});

function describe(group: Group | undefined, groupId: string, version: number): Described {
  const described: Described = {
    errorCode: ERRORS.NONE,
    errorMessage: null,
    groupId,
    groupState: 'Dead',
    protocolType: '',
    protocolData: '',
    members: [],
  };
  if (group === undefined || group.type !== 'classic') {
    if (version < FIRST_WITH_NOT_FOUND) return described;
    const errorMessage =
      group === undefined ? `Group ${groupId} not found.` : `Group ${groupId} is not a classic group.`;
    return { ...described, errorCode: ERRORS.GROUP_ID_NOT_FOUND, errorMessage };
  }
  if (!(group instanceof ClassicGroup)) return { ...described, groupState: 'Empty' };
  const { live } = group;
  const isStable = live.state === 'Stable';
  return {
    ...described,
    groupState: live.state,
    protocolType: live.protocolType ?? '',
    protocolData: isStable ? (live.protocolName ?? '') : '',
    members: Array.from(live.members.values(), (member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: isStable ? metadataOf(member, live.protocolName) : NO_BYTES,
      memberAssignment: member.assignment,
    })),
  };
}
