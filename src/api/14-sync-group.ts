/**
 * SyncGroup: the leader of a classic group gives the assignment, every member fetches its own. Answered when the leader has.
 *
 * v3 static members (KIP-345)      v5 the protocol type and name, which must be there (KIP-559)
 */
import { ERRORS } from '../protocol/errors.ts';
import type { SyncGroupRequest, SyncGroupResponseInput } from '../protocol/schema/14-sync-group.ts';
import type { Api } from './handler.ts';
import type { Services } from './services.ts';

const NOTHING = Buffer.alloc(0);

function refuse(errorCode: number): SyncGroupResponseInput {
  return { throttleTimeMs: 0, errorCode, protocolType: null, protocolName: null, assignment: NOTHING };
}

export const syncGroup: Api<SyncGroupRequest, SyncGroupResponseInput, Services> = {
  async handle(request, context) {
    const { groupId, protocolType, protocolName } = request;
    if (context.version >= 5 && (protocolType === null || protocolName === null)) {
      return refuse(ERRORS.INCONSISTENT_GROUP_PROTOCOL);
    }
    if (groupId === '') return refuse(ERRORS.INVALID_GROUP_ID);
    const outcome = await context.services.group('SyncGroup', groupId, request, context);
    return outcome.ok ? outcome.response : refuse(outcome.errorCode);
  },

  failed(_request, _context, errorCode) {
    return refuse(errorCode);
  },
};
