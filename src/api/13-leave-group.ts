/**
 * LeaveGroup: members leave a classic group, or are removed from it.
 *
 * v3 several members, by instance id too (KIP-345)      v5 the reason (KIP-800)
 */
import { ERRORS } from '../protocol/errors.ts';
import type { LeaveGroupRequest, LeaveGroupResponseInput } from '../protocol/schema/13-leave-group.ts';
import type { Api } from './handler.ts';
import type { Services } from './services.ts';

function refuse(errorCode: number): LeaveGroupResponseInput {
  return { throttleTimeMs: 0, errorCode, members: [] };
}

export const leaveGroup: Api<LeaveGroupRequest, LeaveGroupResponseInput, Services> = {
  async handle(request, context) {
    if (request.groupId === '') return refuse(ERRORS.INVALID_GROUP_ID);
    const outcome = await context.services.group('LeaveGroup', request.groupId, request, context);
    return outcome.ok ? outcome.response : refuse(outcome.errorCode);
  },

  failed(_request, _context, errorCode) {
    return refuse(errorCode);
  },
};
