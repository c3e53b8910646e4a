/** ListGroups: what is listed, and the filters. */
import type { RequestInputOf } from '../../src/protocol/schema/index.ts';
import { servedVersions } from '../harness/client.ts';
import type { Scenario } from '../harness/session.ts';
import { commitOf, part } from './08-offset-commit.ts';

export const listGroupsScenarios: readonly Scenario[] = [
  {
    name: 'simple groups',
    versions: servedVersions('ListGroups'),
    async run(session) {
      const { version } = session;
      const topic = await session.create('a');
      const groups = [await session.group('g1'), await session.group('g2')];
      for (const groupId of groups) await session.quietly('OffsetCommit', 9, commitOf(groupId, [[topic, part(0, 1)]]));
      const ask = async (label: string, filters: Partial<RequestInputOf<'ListGroups'>> = {}) => {
        const answer = await session.quietly('ListGroups', version, { statesFilter: [], typesFilter: [], ...filters });
        // Other sessions have groups too.
        const own = answer.groups.filter(({ groupId }) => groups.includes(groupId));
        session.tell(label, { ...answer, groups: own.toSorted((a, b) => (a.groupId < b.groupId ? -1 : 1)) });
      };
      await ask('all');
      if (version >= 4) {
        for (const state of ['Empty', 'empty', ' EMPTY ', 'Stable', 'Dead', 'nonsense', '']) {
          await ask(`state "${state}"`, { statesFilter: [state] });
        }
        await ask('two states', { statesFilter: ['Stable', 'Empty'] });
      }
      if (version >= 5) {
        for (const type of ['classic', 'Classic', ' CLASSIC', 'consumer', 'share', 'streams', 'nonsense', '']) {
          await ask(`type "${type}"`, { typesFilter: [type] });
        }
        await ask('two types', { typesFilter: ['consumer', 'classic'] });
        await ask('state and type', { statesFilter: ['empty'], typesFilter: ['classic'] });
        await ask('state and another type', { statesFilter: ['empty'], typesFilter: ['consumer'] });
      }
      await session.quietly('DeleteGroups', 2, { groupsNames: [groups[0] as string] });
      await ask('one is deleted');
    },
  },
];
