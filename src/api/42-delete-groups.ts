/**
 * DeleteGroups: deletes groups without members, with their offsets (KIP-229).
 *
 * v3 error messages (KIP-1331)
 */
import type { DeleteGroupsRequest, DeleteGroupsResponseInput } from '../protocol/schema/42-delete-groups.ts';
import type { Api } from './handler.ts';
import type { Context, Services } from './services.ts';

type Result = DeleteGroupsResponseInput['results'][number];

function failedGroup(groupId: string, errorCode: number): Result {
  return { groupId, errorCode, errorMessage: null };
}

async function deleteGroup(groupId: string, context: Context): Promise<Result> {
  const outcome = await context.services.group('DeleteGroups', groupId, { groupsNames: [groupId] }, context);
  return outcome.ok ? (outcome.response.results[0] as Result) : failedGroup(groupId, outcome.errorCode);
}

export const deleteGroups: Api<DeleteGroupsRequest, DeleteGroupsResponseInput, Services> = {
  async handle(request, context) {
    const groups = [...new Set(request.groupsNames)];
    return { throttleTimeMs: 0, results: await Promise.all(groups.map((groupId) => deleteGroup(groupId, context))) };
  },

  failed(request, _context, errorCode) {
    const groups = [...new Set(request.groupsNames)];
    return { throttleTimeMs: 0, results: groups.map((groupId) => failedGroup(groupId, errorCode)) };
  },
};
