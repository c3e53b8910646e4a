/** DescribeTransactions: the state of transactions, each from its coordinator (KIP-664). */
import type {
  DescribeTransactionsRequest,
  DescribeTransactionsResponseInput,
} from '../protocol/schema/65-describe-transactions.ts';
import type { Api } from './handler.ts';
import type { Context, Services } from './services.ts';

type Described = DescribeTransactionsResponseInput['transactionStates'][number];

function refused(transactionalId: string, errorCode: number): Described {
  return {
    errorCode,
    transactionalId,
    transactionState: '',
    transactionTimeoutMs: 0,
    transactionStartTimeMs: 0,
    producerId: 0,
    producerEpoch: 0,
    topics: [],
  };
}

async function describe(transactionalId: string, context: Context): Promise<Described> {
  const one = { transactionalIds: [transactionalId] };
  const outcome = await context.services.transaction('DescribeTransactions', transactionalId, one, context);
  if (!outcome.ok) return refused(transactionalId, outcome.errorCode);
  return outcome.response.transactionStates[0] as Described;
}

export const describeTransactions: Api<DescribeTransactionsRequest, DescribeTransactionsResponseInput, Services> = {
  async handle({ transactionalIds }, context) {
    const transactionStates = await Promise.all(transactionalIds.map((id) => describe(id, context)));
    return { throttleTimeMs: 0, transactionStates };
  },

  failed({ transactionalIds }, _context, errorCode) {
    return { throttleTimeMs: 0, transactionStates: transactionalIds.map((id) => refused(id, errorCode)) };
  },
};
