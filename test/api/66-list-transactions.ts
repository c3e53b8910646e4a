/** ListTransactions: the transactional ids of a broker, filtered (KIP-664, KIP-994, KIP-1152). */
import type { RequestInputOf } from '../../src/protocol/schema/index.ts';
import { servedVersions } from '../harness/client.ts';
import type { Scenario } from '../harness/session.ts';
import { NEW_CLIENT, OLD_CLIENT, pause, TransactionalProducer } from './transactional-producer.ts';

type Request = RequestInputOf<'ListTransactions'>;

export const listTransactionsScenarios: readonly Scenario[] = [
  {
    name: 'filters',
    versions: servedVersions('ListTransactions'),
    async run(session) {
      const topic = await session.create('a');
      const all: TransactionalProducer[] = [];
      for (const name of ['empty', 'open', 'committed', 'aborted', 'old']) {
        const producer = await TransactionalProducer.begun(session, name, name === 'old' ? OLD_CLIENT : NEW_CLIENT);
        all.push(producer);
        if (name === 'empty') continue;
        await producer.add(null, [[topic, 0]]);
        await producer.produce(null, topic);
        if (name === 'committed' || name === 'aborted') await producer.end(null, name === 'committed');
      }
      const ids = all.map(({ producerId }) => producerId);
      const [empty = -1, open = -1] = ids;
      // What others have on the same broker is left out.
      const ask = async (label: string, more: Partial<Request>): Promise<void> => {
        const answer = await session.quietly('ListTransactions', session.version, {
          stateFilters: [],
          producerIdFilters: [],
          ...more,
        });
        const mine = answer.transactionStates.filter(({ transactionalId }) =>
          transactionalId.startsWith(session.prefix),
        );
        session.tell(label, { ...answer, transactionStates: mine });
      };
      await ask('all', {});
      for (const state of ['Empty', 'Ongoing', 'PrepareCommit', 'CompleteCommit', 'CompleteAbort', 'Dead']) {
        await ask(state, { stateFilters: [state] });
      }
      await ask('two states', { stateFilters: ['Ongoing', 'CompleteAbort'] });
      await ask('a state twice', { stateFilters: ['Ongoing', 'Ongoing'] });
      await ask('another case', { stateFilters: ['ongoing', 'ONGOING'] });
      await ask('an unknown state', { stateFilters: ['nonsense'] });
      await ask('some that are unknown', { stateFilters: ['nonsense', 'Ongoing', ''] });
      await ask('a producer id', { producerIdFilters: [open] });
      await ask('two producer ids', { producerIdFilters: [open, empty, open] });
      await ask('an unknown producer id', { producerIdFilters: [1_000_000_007] });
      await ask('producer id -1', { producerIdFilters: [-1] });
      await ask('a producer id and a state', { stateFilters: ['Ongoing'], producerIdFilters: [empty] });
      if (session.version < 1) return;
      await pause();
      for (const durationFilter of [-2, -1, 0, 1, 86_400_000, Number.POSITIVE_INFINITY]) {
        await ask(`open for ${durationFilter} ms`, { durationFilter });
      }
      await ask('open for a while, and a state', { durationFilter: 86_400_000, stateFilters: ['Ongoing'] });
      if (session.version < 2) return;
      const { prefix } = session;
      const patterns = [
        null,
        '',
        `${prefix}open`,
        `${prefix}ope`,
        'open',
        '.*open',
        `${prefix}.*e.*`,
        `${prefix}[ae].*`,
        `${prefix}(open|empty)`,
        `(?i)${prefix}OPEN`,
        `${prefix}\\p{Lower}+`,
        '(',
        '*',
        '[',
        'a{2,1}',
        '\\',
        `(?=${prefix}).*`,
        `${prefix}(o)pen\\1?`,
      ];
      for (const transactionalIdPattern of patterns) {
        await ask(`pattern ${transactionalIdPattern?.replace(prefix, '<prefix>')}`, { transactionalIdPattern });
      }
      await ask('a pattern and a state', { transactionalIdPattern: `${prefix}.*e.*`, stateFilters: ['Ongoing'] });
      await ask('a bad pattern and an unknown state', { transactionalIdPattern: '(', stateFilters: ['nonsense'] });
    },
  },
];
