/** DeleteGroups: groups without members go with their offsets. */
import { servedVersions } from '../harness/client.ts';
import type { Scenario } from '../harness/session.ts';
import { commitOf, part } from './08-offset-commit.ts';

export const deleteGroupsScenarios: readonly Scenario[] = [
  {
    name: 'simple groups',
    versions: servedVersions('DeleteGroups'),
    async run(session) {
      const topic = await session.create('a', 2);
      const groups = [await session.group('g1'), await session.group('g2'), await session.group('g3')];
      const none = session.name('none');
      for (const groupId of groups) {
        await session.quietly('OffsetCommit', 9, commitOf(groupId, [[topic, part(0, 1), part(1, 2)]]));
      }
      const [first = '', second = '', third = ''] = groups;
      const ask = (label: string, ...groupsNames: string[]) => session.ask(label, 'DeleteGroups', { groupsNames });
      const show = (label: string, groupId: string) =>
        session.ask(
          label,
          'OffsetFetch',
          { groupId, topics: [{ name: topic.name, partitionIndexes: [0, 1] }], groups: [] },
          { version: 7 },
        );
      await ask('no group', none);
      await ask('one', first);
      await show('its offsets', first);
      await ask('again', first);
      await ask('several', second, none, third);
      await show('of the second', second);
      await session.quietly('OffsetCommit', 9, commitOf(first, [[topic, part(1, 7)]]));
      await show('a new one with that id', first);
      await ask('the same twice', first, first);
      await ask('the empty id', '');
      await ask('none');
    },
  },
];
