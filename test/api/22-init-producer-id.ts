/** InitProducerId without transactions. */
import { servedVersions } from '../harness/client.ts';
import type { Scenario } from '../harness/session.ts';

export const initProducerIdScenarios: readonly Scenario[] = [
  {
    name: 'idempotent producers',
    versions: servedVersions('InitProducerId'),
    async run(session) {
      const plain = { transactionalId: null, transactionTimeoutMs: 60_000 };
      await session.ask('a new id', 'InitProducerId', plain);
      await session.ask('another', 'InitProducerId', plain);
      await session.ask('the timeout does not matter', 'InitProducerId', { ...plain, transactionTimeoutMs: -1 });
      await session.ask('the largest timeout', 'InitProducerId', { ...plain, transactionTimeoutMs: 0x7fffffff });
      await session.ask('an empty transactional id', 'InitProducerId', { ...plain, transactionalId: '' });
      if (session.version >= 3) {
        await session.ask('id without epoch', 'InitProducerId', { ...plain, producerId: 5, producerEpoch: -1 });
        await session.ask('epoch without id', 'InitProducerId', { ...plain, producerId: -1, producerEpoch: 3 });
        await session.ask('id and epoch', 'InitProducerId', { ...plain, producerId: 5, producerEpoch: 3 });
      }
    },
  },
];
