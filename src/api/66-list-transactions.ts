/**
 * ListTransactions: the transactional ids that this broker coordinates (KIP-664).
 *
 * v1 by duration (KIP-994)      v2 by a pattern (KIP-1152)
 */
import { ERRORS } from '../protocol/errors.ts';
import type {
  ListTransactionsRequest,
  ListTransactionsResponseInput,
} from '../protocol/schema/66-list-transactions.ts';
import type { Api } from './handler.ts';
import type { Services } from './services.ts';

export const listTransactions: Api<ListTransactionsRequest, ListTransactionsResponseInput, Services> = {
  async handle(request, context) {
    const answers = await context.services.allTransactions(request, context);
    const errorCode = answers.find((answer) => answer.errorCode !== ERRORS.NONE)?.errorCode ?? ERRORS.NONE;
    const transactionStates = errorCode === ERRORS.NONE ? answers.flatMap((answer) => answer.transactionStates) : [];
    const unknownStateFilters =
      answers.find((answer) => answer.unknownStateFilters.length > 0)?.unknownStateFilters ?? [];
    return { throttleTimeMs: 0, errorCode, unknownStateFilters, transactionStates };
  },

  failed(_request, _context, errorCode) {
    return { throttleTimeMs: 0, errorCode, unknownStateFilters: [], transactionStates: [] };
  },
};
