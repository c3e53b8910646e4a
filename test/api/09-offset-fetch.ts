/** OffsetFetch: what is committed, of one group and of several, by name and by id. */
import { type Uuid, uuidFromText } from '../../src/base/uuid.ts';
import type { RequestInputOf } from '../../src/protocol/schema/index.ts';
import { servedVersions } from '../harness/client.ts';
import type { Scenario, Session, Topic } from '../harness/session.ts';
import { commitOf, part } from './08-offset-commit.ts';

const UNKNOWN = uuidFromText('AAAAAAAAAAAAAAAAAAABkA') as Uuid;

export interface Asked {
  readonly topics: readonly (readonly [topic: Topic, ...partitions: readonly number[]])[] | null;
  readonly memberId?: string | null;
  readonly memberEpoch?: number;
  readonly requireStable?: boolean;
}

/** A request about one group in any version. */
export function fetchOf(version: number, groupId: string, asked: Asked): RequestInputOf<'OffsetFetch'> {
  const topics = asked.topics?.map(([{ name, id }, ...partitionIndexes]) => ({ name, topicId: id, partitionIndexes }));
  const stable = asked.requireStable === undefined ? {} : { requireStable: asked.requireStable };
  if (version < 8) return { groupId, topics: topics ?? null, groups: [], ...stable };
  const { memberId = null, memberEpoch = -1 } = asked;
  const member = version >= 9 ? { memberId, memberEpoch } : {};
  return { groupId: '', topics: [], groups: [{ groupId, topics: topics ?? null, ...member }], ...stable };
}

export async function commit(
  session: Session,
  groupId: string,
  ...topics: Parameters<typeof commitOf>[1]
): Promise<void> {
  await session.quietly('OffsetCommit', 9, commitOf(groupId, topics));
}

export const offsetFetchScenarios: readonly Scenario[] = [
  {
    name: 'offsets',
    versions: servedVersions('OffsetFetch'),
    async run(session) {
      const { version } = session;
      const topic = await session.create('a', 3);
      const other = await session.create('b', 1);
      const unknown = { name: session.name('nothing'), id: UNKNOWN };
      const groupId = await session.group('g');
      const ask = (label: string, asked: Asked, of = groupId) =>
        session.ask(label, 'OffsetFetch', fetchOf(version, of, asked));
      await ask('no group', { topics: [[topic, 0, 1]] });
      if (version >= 2) await ask('all of no group', { topics: null });
      await commit(
        session,
        groupId,
        [topic, part(0, 5, { committedMetadata: 'm', committedLeaderEpoch: 0 }), part(2, 7)],
        [other, part(0, 9)],
      );
      await ask('one', { topics: [[topic, 0]] });
      await ask('several', {
        topics: [
          [other, 0],
          [topic, 2, 1, 0],
        ],
      });
      await ask('unknown partition', { topics: [[topic, 3, -1]] });
      await ask('unknown topic', { topics: [[unknown, 0]] });
      await ask('unknown topic and others', {
        topics: [
          [unknown, 0],
          [topic, 0],
          [unknown, 1],
        ],
      });
      await ask('the same twice', {
        topics: [
          [topic, 0, 0],
          [topic, 0],
        ],
      });
      await ask('no partitions', { topics: [[topic]] });
      await ask('no topics', { topics: [] });
      if (version >= 2) await ask('all', { topics: null });
      await ask('the empty group id', { topics: [[topic, 0]] }, '');
      if (version >= 7) {
        await ask('stable', { topics: [[topic, 0, 1]], requireStable: true });
        await ask('all that is stable', { topics: null, requireStable: true });
        await ask('stable, no group', { topics: [[topic, 0]], requireStable: true }, session.name('none'));
        await ask('all that is stable, no group', { topics: null, requireStable: true }, session.name('none'));
      }
      if (version >= 9) {
        await ask('a member of a simple group', { topics: [[topic, 0]], memberId: 'm', memberEpoch: 1 });
        await ask('an epoch of no member', { topics: [[topic, 0]], memberId: '', memberEpoch: 0 });
        await ask('all of a member', { topics: null, memberId: 'm', memberEpoch: 1 });
      }
    },
  },
  {
    name: 'deleted topics',
    versions: servedVersions('OffsetFetch'),
    async run(session) {
      const { version } = session;
      const topic = await session.create('a', 2);
      const other = await session.create('b', 1);
      const groupId = await session.group('g');
      await commit(session, groupId, [topic, part(0, 5), part(1, 6)], [other, part(0, 9)]);
      await session.quietly('DeleteTopics', 4, { topics: [], topicNames: [topic.name], timeoutMs: 30_000 });
      await session.gone(topic);
      // Kafka's coordinator hears of it later.
      const all = { groupId, topics: [{ name: topic.name, partitionIndexes: [0, 1] }], groups: [] };
      for (;;) {
        const { topics } = await session.quietly('OffsetFetch', 7, all);
        if (topics.every(({ partitions }) => partitions.every(({ committedOffset }) => committedOffset < 0n))) break;
      }
      const ask = (label: string, asked: Asked) => session.ask(label, 'OffsetFetch', fetchOf(version, groupId, asked));
      await ask('its offsets are gone', {
        topics: [
          [topic, 0, 1],
          [other, 0],
        ],
      });
      if (version >= 2) await ask('also of all', { topics: null });
      const again = await session.create('a', 2);
      await ask('the next of that name has none', { topics: [[again, 0, 1]] });
      if (version >= 10)
        await ask('the old id is nobody', {
          topics: [
            [topic, 0],
            [other, 0],
          ],
        });
    },
  },
  {
    name: 'groups',
    versions: servedVersions('OffsetFetch').filter((version) => version >= 8),
    async run(session) {
      const { version } = session;
      const topic = await session.create('a', 2);
      const groups = [await session.group('g1'), await session.group('g2'), session.name('none')];
      await commit(session, groups[0] as string, [topic, part(0, 5)]);
      await commit(session, groups[1] as string, [topic, part(1, 6)]);
      const topics = [{ name: topic.name, topicId: topic.id, partitionIndexes: [0, 1] }];
      const ask = (label: string, of: RequestInputOf<'OffsetFetch'>['groups']) =>
        session.ask(label, 'OffsetFetch', { groupId: '', topics: [], groups: of }, { version });
      await ask(
        'three',
        groups.map((groupId) => ({ groupId, topics })),
      );
      await ask(
        'all of three',
        groups.map((groupId) => ({ groupId, topics: null })),
      );
      await ask(
        'one of each',
        groups.map((groupId, i) => ({ groupId, topics: i === 0 ? null : topics })),
      );
      await ask(
        'the same twice',
        [0, 0].map((i) => ({ groupId: groups[i] as string, topics })),
      );
      await ask('none', []);
    },
  },
];
