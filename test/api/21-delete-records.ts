/** DeleteRecords: the start of the log moves. */
import { servedVersions } from '../harness/client.ts';
import type { Scenario } from '../harness/session.ts';

export const deleteRecordsScenarios: readonly Scenario[] = [
  {
    name: 'offsets',
    versions: servedVersions('DeleteRecords'),
    async run(session) {
      const topic = await session.create('a', 2);
      const compacted = await session.create('compacted', 1, { 'cleanup.policy': 'compact' });
      const both = await session.create('both', 1, { 'cleanup.policy': 'compact,delete' });
      for (const each of ['one', 'two', 'three', 'four', 'five']) await session.append(topic, [each]);
      await session.append(compacted, ['one', 'two']);
      await session.append(both, ['one', 'two']);
      const ask = (label: string, name: string, ...partitions: (readonly [partition: number, offset: number])[]) =>
        session.ask(label, 'DeleteRecords', {
          topics: [{ name, partitions: partitions.map(([partitionIndex, offset]) => ({ partitionIndex, offset })) }],
          timeoutMs: 10_000,
        });
      await ask('nothing', topic.name, [0, 0]);
      await ask('two', topic.name, [0, 2]);
      await ask('fewer than before', topic.name, [0, 1]);
      await session.ask(
        'the start has moved',
        'ListOffsets',
        {
          replicaId: -1,
          isolationLevel: 0,
          topics: [{ name: topic.name, partitions: [{ partitionIndex: 0, timestamp: -2n }] }],
        },
        { version: 5 },
      );
      await session.ask('below the start', 'Fetch', session.fetchOf([{ topic, offset: 1 }]), { version: 11 });
      await session.ask('at the start', 'Fetch', session.fetchOf([{ topic, offset: 2 }]), { version: 11 });
      await ask('too many', topic.name, [0, 6]);
      await ask('a negative offset', topic.name, [0, -2]);
      await ask('all', topic.name, [0, -1]);
      await ask('all again', topic.name, [0, 5]);
      await ask('an empty partition', topic.name, [1, -1]);
      await ask('several', topic.name, [0, 5], [1, 0], [2, 0]);
      await ask('unknown topic', session.name('b'), [0, 0]);
      await ask('compacted', compacted.name, [0, 1]);
      await ask('compacted and deleted', both.name, [0, 1]);
      await ask('the same partition twice', topic.name, [1, 0], [1, 0]);
      await ask('not a name', 'a b', [0, 0]);
      await ask('the largest offset', topic.name, [0, Number.POSITIVE_INFINITY]);
      await session.ask('no time', 'DeleteRecords', {
        topics: [{ name: topic.name, partitions: [{ partitionIndex: 0, offset: 5 }] }],
        timeoutMs: 0,
      });
      await session.ask('no partitions', 'DeleteRecords', {
        topics: [{ name: topic.name, partitions: [] }],
        timeoutMs: 1,
      });
      await session.ask('no topics', 'DeleteRecords', { topics: [], timeoutMs: 1 });
      await session.append(topic, ['six']);
      await session.ask('and it goes on', 'Fetch', session.fetchOf([{ topic, offset: 5 }]), { version: 11 });
    },
  },
];
