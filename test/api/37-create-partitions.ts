/** CreatePartitions: more partitions, with and without assignments. */
import { servedVersions } from '../harness/client.ts';
import type { Scenario, Session } from '../harness/session.ts';

type Wanted = { name: string; count: number; brokers?: readonly (readonly number[])[] | null };

function asker(session: Session) {
  return async (label: string, wanted: readonly Wanted[], { validateOnly = false, timeoutMs = 30_000 } = {}) => {
    const topics = wanted.map(({ name, count, brokers = null }) => ({
      name,
      count,
      assignments: brokers === null ? null : brokers.map((brokerIds) => ({ brokerIds })),
    }));
    await session.ask(label, 'CreatePartitions', { topics, timeoutMs, validateOnly });
  };
}

export const createPartitionsScenarios: readonly Scenario[] = [
  {
    name: 'more and not',
    versions: servedVersions('CreatePartitions'),
    async run(session) {
      const a = await session.create('a', 1);
      const b = await session.create('b', 2);
      const ask = asker(session);
      await ask('one more', [{ name: a.name, count: 2 }]);
      await ask('as many', [{ name: a.name, count: 2 }]);
      await ask('fewer', [{ name: a.name, count: 1 }]);
      await ask('none', [{ name: a.name, count: 0 }]);
      await ask('negative', [{ name: a.name, count: -1 }]);
      await ask('far too many', [{ name: a.name, count: 20_000 }]);
      await ask('validated', [{ name: a.name, count: 5 }], { validateOnly: true });
      await ask('assigned', [{ name: a.name, count: 4, brokers: [[1], [1]] }]);
      await ask('too few assigned', [{ name: a.name, count: 7, brokers: [[1]] }]);
      await ask('too many assigned', [{ name: a.name, count: 5, brokers: [[1], [1]] }]);
      await ask('none assigned', [{ name: a.name, count: 5, brokers: [] }]);
      await ask('assigned to nobody', [{ name: a.name, count: 5, brokers: [[]] }]);
      await ask('assigned to an unknown broker', [{ name: a.name, count: 5, brokers: [[7]] }]);
      await ask('assigned twice', [{ name: a.name, count: 5, brokers: [[1, 1]] }]);
      await ask('more replicas than before', [{ name: a.name, count: 5, brokers: [[1, 2]] }]);
      await ask('unknown topic', [{ name: session.name('x'), count: 5 }]);
      await ask('not a name', [{ name: 'a b', count: 5 }]);
      await ask('the metadata topic', [{ name: '__cluster_metadata', count: 5 }]);
      await ask('the same twice', [
        { name: a.name, count: 5 },
        { name: a.name, count: 6 },
      ]);
      await ask('two', [
        { name: a.name, count: 5 },
        { name: b.name, count: 3 },
      ]);
      await ask('one good, one bad', [
        { name: a.name, count: 1 },
        { name: b.name, count: 4 },
      ]);
      await ask('nothing', []);
      await ask('no time', [{ name: b.name, count: 9 }], { timeoutMs: 0 });
      await ask('no time to validate', [{ name: b.name, count: 9 }], { timeoutMs: 0, validateOnly: true });
      await session.settled(a, 5);
      await session.settled(b, 4);
      const topics = [{ name: a.name }, { name: b.name }];
      await session.ask(
        'what there is',
        'Metadata',
        {
          topics,
          allowAutoTopicCreation: false,
          includeTopicAuthorizedOperations: false,
          includeClusterAuthorizedOperations: false,
        },
        { version: 9 },
      );
    },
  },
];
