/**
 * DescribeGroups: state and members of groups of the classic protocol.
 *
 * v3 authorized operations (KIP-430)      v4 static members (KIP-345)      v6 GROUP_ID_NOT_FOUND instead of a dead group (KIP-1043)
 */
import { ERRORS } from '../protocol/errors.ts';
import type { DescribeGroupsRequest, DescribeGroupsResponseInput } from '../protocol/schema/15-describe-groups.ts';
import type { Api } from './handler.ts';
import type { Context, Services } from './services.ts';
import { ALL_GROUP_OPERATIONS } from './topics.ts';

type Group = DescribeGroupsResponseInput['groups'][number];

function failedGroup(groupId: string, errorCode: number): Group {
  return {
    errorCode,
    groupId,
    groupState: '',
    protocolType: '',
    protocolData: '',
    members: [],
  };
}

async function describe(groupId: string, request: DescribeGroupsRequest, context: Context): Promise<Group> {
  const asked = { ...request, groups: [groupId] };
  const outcome = await context.services.group('DescribeGroups', groupId, asked, context);
  if (!outcome.ok) return failedGroup(groupId, outcome.errorCode);
  const group = outcome.response.groups[0] as Group;
  if (!request.includeAuthorizedOperations || group.errorCode !== ERRORS.NONE) return group;
  return { ...group, authorizedOperations: ALL_GROUP_OPERATIONS };
}

export const describeGroups: Api<DescribeGroupsRequest, DescribeGroupsResponseInput, Services> = {
  async handle(request, context) {
    return {
      throttleTimeMs: 0,
      groups: await Promise.all(request.groups.map((groupId) => describe(groupId, request, context))),
    };
  },

  failed(request, _context, errorCode) {
    return { throttleTimeMs: 0, groups: request.groups.map((groupId) => failedGroup(groupId, errorCode)) };
  },
};
