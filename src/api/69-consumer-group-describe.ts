/**
 * ConsumerGroupDescribe: state and members of groups of the consumer protocol (KIP-848).
 *
 * v1 the type of a member (KIP-1099)
 */
import type {
  ConsumerGroupDescribeRequest,
  ConsumerGroupDescribeResponseInput,
} from '../protocol/schema/69-consumer-group-describe.ts';
import { ERRORS } from '../protocol/errors.ts';
import type { Api } from './handler.ts';
import type { Context, Services } from './services.ts';
import { ALL_GROUP_OPERATIONS } from './topics.ts';

type Group = ConsumerGroupDescribeResponseInput['groups'][number];

function failedGroup(groupId: string, errorCode: number): Group {
  return {
    errorCode,
    groupId,
    groupState: '',
    groupEpoch: 0,
    assignmentEpoch: 0,
    assignorName: '',
    members: [],
  };
}

async function describe(groupId: string, request: ConsumerGroupDescribeRequest, context: Context): Promise<Group> {
  if (groupId === '') return failedGroup(groupId, ERRORS.INVALID_GROUP_ID);
  const asked = { ...request, groupIds: [groupId] };
  const outcome = await context.services.group('ConsumerGroupDescribe', groupId, asked, context);
  if (!outcome.ok) return failedGroup(groupId, outcome.errorCode);
  const group = outcome.response.groups[0] as Group;
  if (!request.includeAuthorizedOperations || group.errorCode !== ERRORS.NONE) return group;
  return { ...group, authorizedOperations: ALL_GROUP_OPERATIONS };
}

export const consumerGroupDescribe: Api<ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponseInput, Services> = {
  async handle(request, context) {
    const groups = await Promise.all(request.groupIds.map((groupId) => describe(groupId, request, context)));
    return { throttleTimeMs: 0, groups };
  },

  failed(request, _context, errorCode) {
    return { throttleTimeMs: 0, groups: request.groupIds.map((groupId) => failedGroup(groupId, errorCode)) };
  },
};
