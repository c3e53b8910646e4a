/** OffsetDelete: offsets of single partitions go. */
import { servedVersions } from '../harness/client.ts';
import type { Scenario } from '../harness/session.ts';
import { commitOf, part } from './08-offset-commit.ts';

type Parts = readonly (readonly [name: string, ...partitions: readonly number[]])[];

export const offsetDeleteScenarios: readonly Scenario[] = [
  {
    name: 'simple groups',
    versions: servedVersions('OffsetDelete'),
    async run(session) {
      const topic = await session.create('a', 3);
      const other = await session.create('b', 1);
      const groupId = await session.group('g');
      const unknown = session.name('nothing');
      const ask = (label: string, parts: Parts, of = groupId) =>
        session.ask(label, 'OffsetDelete', {
          groupId: of,
          topics: parts.map(([name, ...partitions]) => ({
            name,
            partitions: partitions.map((partitionIndex) => ({ partitionIndex })),
          })),
        });
      const show = (label: string) =>
        session.ask(label, 'OffsetFetch', { groupId, topics: null, groups: [] }, { version: 7 });
      await ask('no group', [[topic.name, 0]]);
      await ask('no group, unknown topic', [[unknown, 0]]);
      await ask('no group, some of each', [
        [unknown, 0],
        [topic.name, 0, 7],
      ]);
      await ask('the empty group id', [[topic.name, 0]], '');
      await ask('the empty group id, unknown topic', [[unknown, 0]], '');
      await session.quietly(
        'OffsetCommit',
        9,
        commitOf(groupId, [
          [topic, part(0, 1), part(1, 2), part(2, 3)],
          [other, part(0, 4)],
        ]),
      );
      await ask('one', [[topic.name, 0]]);
      await show('without it');
      await ask('one that is not there', [[topic.name, 0]]);
      await ask('the same twice', [[topic.name, 1, 1]]);
      await ask('the same topic twice', [
        [topic.name, 1],
        [topic.name, 2],
      ]);
      await show('one topic is left');
      await ask('unknown partition', [[topic.name, 3, -1]]);
      await ask('unknown topic', [[unknown, 0]]);
      await ask('no partitions', [[topic.name]]);
      await ask('no topics', []);
      await ask('some of each', [
        [unknown, 0],
        [other.name, 7, 0],
        [topic.name, 0],
      ]);
      await show('nothing is left');
    },
  },
];
