/**
 * AddOffsetsToTxn: adds the partition of `__consumer_offsets` that a group's offsets stand in to a transaction (KIP-98).
 *
 * v2 PRODUCER_FENCED (KIP-588)      v4 TRANSACTION_ABORTABLE (KIP-890)
 */
import type { AddOffsetsToTxnRequest, AddOffsetsToTxnResponseInput } from '../protocol/schema/25-add-offsets-to-txn.ts';
import type { Api } from './handler.ts';
import type { Services } from './services.ts';
import { fencedCode } from './transaction-fencing.ts';

export const addOffsetsToTxn: Api<AddOffsetsToTxnRequest, AddOffsetsToTxnResponseInput, Services> = {
  async handle(request, context) {
    const outcome = await context.services.transaction('AddOffsetsToTxn', request.transactionalId, request, context);
    const errorCode = outcome.ok ? outcome.response.errorCode : outcome.errorCode;
    return { throttleTimeMs: 0, errorCode: fencedCode(errorCode, context.version) };
  },

  failed(_request, _context, errorCode) {
    return { throttleTimeMs: 0, errorCode };
  },
};
