/**
 * EndTxn: commits or aborts a transaction (KIP-98). The answer leaves when the decision is safe; the markers follow.
 *
 * v2 PRODUCER_FENCED (KIP-588)      v4 TRANSACTION_ABORTABLE      v5 the producer goes on with another epoch (KIP-890)
 */
import type { EndTxnRequest, EndTxnResponseInput } from '../protocol/schema/26-end-txn.ts';
import type { Api } from './handler.ts';
import type { Services } from './services.ts';
import { fencedCode } from './transaction-fencing.ts';

export const endTxn: Api<EndTxnRequest, EndTxnResponseInput, Services> = {
  async handle(request, context) {
    const outcome = await context.services.transaction('EndTxn', request.transactionalId, request, context);
    if (!outcome.ok) return { throttleTimeMs: 0, errorCode: outcome.errorCode };
    const { response } = outcome;
    return { ...response, errorCode: fencedCode(response.errorCode, context.version) };
  },

  failed(_request, _context, errorCode) {
    return { throttleTimeMs: 0, errorCode };
  },
};
