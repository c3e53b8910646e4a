/** FindCoordinator: of groups and of transactional ids. */
import { servedVersions } from '../harness/client.ts';
import type { Scenario } from '../harness/session.ts';
import { isInBetween, transactionalIdOf } from './transactional-producer.ts';

const GROUP = 0;
const TRANSACTION = 1;

export const findCoordinatorScenarios: readonly Scenario[] = [
  {
    name: 'one key or several',
    versions: servedVersions('FindCoordinator'),
    async run(session) {
      const { version } = session;
      const group = await session.group('g');
      const transaction = await transactionalIdOf(session, 't');
      const ask = (label: string, keyType: number, keys: readonly string[]) =>
        session.ask(
          label,
          'FindCoordinator',
          { keyType, key: version >= 4 ? '' : (keys[0] ?? ''), coordinatorKeys: version >= 4 ? [...keys] : [] },
          { isInBetween },
        );
      await ask('a group', GROUP, [group]);
      await ask('the empty group', GROUP, ['']);
      if (version === 0) return;
      await ask('a transactional id', TRANSACTION, [transaction]);
      await ask('the empty transactional id', TRANSACTION, ['']);
      await ask('a long transactional id', TRANSACTION, ['x'.repeat(10_000)]);
      for (const keyType of [-1, 3, 127]) await ask(`type ${keyType}`, keyType, [transaction]);
      if (version < 6) await ask('type 2', 2, [transaction]);
      if (version < 4) return;
      for (const keyType of [GROUP, TRANSACTION]) {
        await ask(`type ${keyType}, several`, keyType, ['b', 'a', 'c']);
        await ask(`type ${keyType}, one twice`, keyType, ['b', 'a', 'b']);
        await ask(`type ${keyType}, none`, keyType, []);
        await ask(`type ${keyType}, some empty`, keyType, ['a', '', 'b']);
      }
      await ask('type 9, several', 9, ['a', 'b']);
      await ask('type 9, none', 9, []);
    },
  },
];
