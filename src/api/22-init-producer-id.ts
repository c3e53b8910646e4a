/**
 * InitProducerId: a producer id for an idempotent or transactional producer (KIP-98, KIP-360).
 *
 * v2 flexible      v3 the id and epoch that the producer has      v4 PRODUCER_FENCED      v6 two-phase commit (KIP-939, unstable)
 *
 * With a transactional id its coordinator answers; without one any broker gives an id of its own.
 */
import { ERRORS } from '../protocol/errors.ts';
import type { InitProducerIdRequest, InitProducerIdResponseInput } from '../protocol/schema/22-init-producer-id.ts';
import type { Api } from './handler.ts';
import type { Services } from './services.ts';

const FIRST_WITH_FENCED = 4;

function refuse(errorCode: number): InitProducerIdResponseInput {
  return { throttleTimeMs: 0, errorCode, producerId: -1, producerEpoch: -1 };
}

export const initProducerId: Api<InitProducerIdRequest, InitProducerIdResponseInput, Services> = {
  async handle(request, context) {
    const { services, version } = context;
    const { transactionalId } = request;
    // Both of what the producer has, or neither (KIP-360). What it is does not matter without a transactional id.
    if ((request.producerId === -1) !== (request.producerEpoch === -1)) return refuse(ERRORS.INVALID_REQUEST);
    if (transactionalId === '') return refuse(ERRORS.INVALID_REQUEST);
    if (transactionalId === null) {
      const { errorCode, producerId } = await services.nextProducerId();
      if (errorCode !== ERRORS.NONE) return refuse(errorCode);
      return { throttleTimeMs: 0, errorCode, producerId, producerEpoch: 0 };
    }
    const outcome = await services.transaction('InitProducerId', transactionalId, request, context);
    if (!outcome.ok) return refuse(outcome.errorCode);
    const { response } = outcome;
    // Older producers do not know the code.
    const isFenced = response.errorCode === ERRORS.PRODUCER_FENCED && version < FIRST_WITH_FENCED;
    return isFenced ? { ...response, errorCode: ERRORS.INVALID_PRODUCER_EPOCH } : response;
  },

  failed(_request, _context, errorCode) {
    return refuse(errorCode);
  },
};
