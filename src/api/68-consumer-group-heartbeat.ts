/**
 * ConsumerGroupHeartbeat: a member of a consumer group joins, stays, leaves, and learns what it owns (KIP-848).
 *
 * v1 subscription by a regular expression; members draw their own ids (KIP-1082)
 */
import type {
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponseInput,
} from '../protocol/schema/68-consumer-group-heartbeat.ts';
import type { Api } from './handler.ts';
import type { Services } from './services.ts';

function refuse(errorCode: number): ConsumerGroupHeartbeatResponseInput {
  return {
    throttleTimeMs: 0,
    errorCode,
    errorMessage: null,
    memberId: null,
    memberEpoch: 0,
    heartbeatIntervalMs: 0,
    assignment: null,
  };
}

export const consumerGroupHeartbeat: Api<ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponseInput, Services> =
  {
    async handle(request, context) {
      const outcome = await context.services.group('ConsumerGroupHeartbeat', request.groupId, request, context);
      return outcome.ok ? outcome.response : refuse(outcome.errorCode);
    },

    failed(_request, _context, errorCode) {
      return refuse(errorCode);
    },
  };
