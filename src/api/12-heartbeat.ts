/**
 * Heartbeat: keeps a member of a classic group alive, and tells it of a rebalance.
 *
 * v3 static members (KIP-345)
 */
import { ERRORS } from '../protocol/errors.ts';
import type { HeartbeatRequest, HeartbeatResponseInput } from '../protocol/schema/12-heartbeat.ts';
import type { Api } from './handler.ts';
import type { Services } from './services.ts';

function refuse(errorCode: number): HeartbeatResponseInput {
  return { throttleTimeMs: 0, errorCode };
}

export const heartbeat: Api<HeartbeatRequest, HeartbeatResponseInput, Services> = {
  async handle(request, context) {
    if (request.groupId === '') return refuse(ERRORS.INVALID_GROUP_ID);
    const outcome = await context.services.group('Heartbeat', request.groupId, request, context);
    if (outcome.ok) return outcome.response;
    // While the coordinator loads nobody's session ends.
    return refuse(outcome.errorCode === ERRORS.COORDINATOR_LOAD_IN_PROGRESS ? ERRORS.NONE : outcome.errorCode);
  },

  failed(_request, _context, errorCode) {
    return refuse(errorCode);
  },
};
