/**
 * InitProducerId: a producer id for an idempotent or transactional producer (KIP-98, KIP-360).
 *
 * v2 flexible      v3 the id and epoch that the producer has      v4 PRODUCER_FENCED      v6 two-phase commit (KIP-939, unstable)
 *
 * Transactions are not served yet: a transactional id has no coordinator.
 */
import { ERRORS } from '../protocol/errors.ts';
import type { InitProducerIdRequest, InitProducerIdResponseInput } from '../protocol/schema/22-init-producer-id.ts';
import type { Api } from './handler.ts';
import type { Services } from './services.ts';

function refuse(errorCode: number): InitProducerIdResponseInput {
  return { throttleTimeMs: 0, errorCode, producerId: -1, producerEpoch: -1 };
}

export const initProducerId: Api<InitProducerIdRequest, InitProducerIdResponseInput, Services> = {
  async handle(request, { services }) {
    // Both of what the producer has, or neither (KIP-360). What it is does not matter without a transactional id.
    if ((request.producerId === -1) !== (request.producerEpoch === -1)) return refuse(ERRORS.INVALID_REQUEST);
    if (request.transactionalId === '') return refuse(ERRORS.INVALID_REQUEST);
    if (request.transactionalId !== null) return refuse(ERRORS.COORDINATOR_NOT_AVAILABLE);
    const { errorCode, producerId } = await services.nextProducerId();
    if (errorCode !== ERRORS.NONE) return refuse(errorCode);
    return { throttleTimeMs: 0, errorCode, producerId, producerEpoch: 0 };
  },

  failed(_request, _context, errorCode) {
    return refuse(errorCode);
  },
};
