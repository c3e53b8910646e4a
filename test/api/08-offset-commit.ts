/** OffsetCommit: commits without membership, what is refused, what is written. */
import { type Uuid, uuidFromText } from '../../src/base/uuid.ts';
import type { RequestInputOf } from '../../src/protocol/schema/index.ts';
import { servedVersions } from '../harness/client.ts';
import type { Scenario, Session, Topic } from '../harness/session.ts';

const UNKNOWN = uuidFromText('AAAAAAAAAAAAAAAAAAABkA') as Uuid;
const MAX = 2n ** 63n - 1n;

type Request = RequestInputOf<'OffsetCommit'>;
type Partition = Request['topics'][number]['partitions'][number];

/** A partition to commit. */
export function part(
  partitionIndex: number,
  committedOffset: bigint | number,
  more: Partial<Partition> = {},
): Partition {
  return { partitionIndex, committedOffset: BigInt(committedOffset), committedMetadata: '', ...more };
}

/** A commit without membership, of these partitions. */
export function commitOf(
  groupId: string,
  topics: readonly (readonly [topic: Topic, ...partitions: readonly Partition[]])[],
  more: Partial<Request> = {},
): Request {
  const all = topics.map(([{ name, id }, ...partitions]) => ({ name, topicId: id, partitions }));
  return { groupId, generationIdOrMemberEpoch: -1, memberId: '', topics: all, ...more };
}

/** What is committed of the first two partitions of a topic. */
async function show(session: Session, label: string, groupId: string, topic: Topic): Promise<void> {
  const topics = [{ name: topic.name, partitionIndexes: [0, 1] }];
  await session.ask(label, 'OffsetFetch', { groupId, topics, groups: [] }, { version: 7 });
}

export const offsetCommitScenarios: readonly Scenario[] = [
  {
    name: 'offsets',
    versions: servedVersions('OffsetCommit'),
    async run(session) {
      const topic = await session.create('a', 3);
      const other = await session.create('b', 1);
      const groupId = await session.group('g');
      const ask = (label: string, request: Request) => session.ask(label, 'OffsetCommit', request);
      await ask('the first', commitOf(groupId, [[topic, part(0, 5)]]));
      await show(session, 'is there', groupId, topic);
      await ask('with metadata', commitOf(groupId, [[topic, part(0, 6, { committedMetadata: 'märchen' })]]));
      await ask('without metadata', commitOf(groupId, [[topic, part(1, 7, { committedMetadata: null })]]));
      await show(session, 'are there', groupId, topic);
      await ask('with a leader epoch', commitOf(groupId, [[topic, part(0, 8, { committedLeaderEpoch: 3 })]]));
      await ask('a negative leader epoch', commitOf(groupId, [[topic, part(1, 9, { committedLeaderEpoch: -2 })]]));
      await show(session, 'epochs', groupId, topic);
      await ask('a lower offset', commitOf(groupId, [[topic, part(0, 1)]]));
      await ask('a negative offset', commitOf(groupId, [[topic, part(1, -5)]]));
      await show(session, 'both', groupId, topic);
      await ask('the largest offset', commitOf(groupId, [[topic, part(0, MAX)]]));
      await ask('the lowest offset', commitOf(groupId, [[topic, part(1, -MAX - 1n)]]));
      await show(session, 'extremes', groupId, topic);
      await ask('the same partition twice', commitOf(groupId, [[topic, part(0, 11), part(0, 12)]]));
      await ask(
        'the same topic twice',
        commitOf(groupId, [
          [topic, part(1, 13)],
          [topic, part(1, 14)],
        ]),
      );
      await ask(
        'several',
        commitOf(groupId, [
          [topic, part(2, 1), part(1, 15)],
          [other, part(0, 2)],
        ]),
      );
      await show(session, 'at last', groupId, topic);
      if (session.version <= 4) {
        await ask('kept for a day', commitOf(groupId, [[topic, part(0, 3)]], { retentionTimeMs: 86_400_000 }));
        await ask('kept for no time', commitOf(groupId, [[topic, part(1, 3)]], { retentionTimeMs: 0 }));
        await ask('kept as settings say', commitOf(groupId, [[topic, part(2, 3)]], { retentionTimeMs: -1 }));
        await show(session, 'kept', groupId, topic);
      }
    },
  },
  {
    name: 'errors',
    versions: servedVersions('OffsetCommit'),
    async run(session) {
      const topic = await session.create('a', 2);
      const groupId = await session.group('g');
      const unknown = { name: session.name('nothing'), id: UNKNOWN };
      const ask = (label: string, request: Request) => session.ask(label, 'OffsetCommit', request);
      await ask('unknown topic', commitOf(groupId, [[unknown, part(0, 1), part(1, 1)]]));
      await ask('unknown partition', commitOf(groupId, [[topic, part(2, 1)]]));
      await ask('negative partition', commitOf(groupId, [[topic, part(-1, 1)]]));
      await ask('no topic', commitOf(groupId, []));
      await ask('no partition', commitOf(groupId, [[topic]]));
      await ask('no partition of an unknown topic', commitOf(groupId, [[unknown]]));
      await ask(
        'some of each',
        commitOf(groupId, [
          [topic, part(0, 1), part(7, 1), part(1, 1)],
          [unknown, part(0, 1)],
          [topic, part(1, 2)],
        ]),
      );
      await show(session, 'what there is counts', groupId, topic);
      await ask(
        'metadata at the limit',
        commitOf(groupId, [[topic, part(0, 2, { committedMetadata: 'x'.repeat(4096) })]]),
      );
      await ask(
        'metadata over the limit',
        commitOf(groupId, [[topic, part(0, 3, { committedMetadata: 'x'.repeat(4097) }), part(1, 3)]]),
      );
      await ask(
        'counted in UTF-16',
        commitOf(groupId, [[topic, part(0, 4, { committedMetadata: '😀'.repeat(2049) })]]),
      );
      await ask('not in bytes', commitOf(groupId, [[topic, part(1, 4, { committedMetadata: 'ä'.repeat(4096) })]]));
      const offsets = await session.quietly('OffsetFetch', 7, {
        groupId,
        topics: [{ name: topic.name, partitionIndexes: [0, 1] }],
        groups: [],
      });
      const [fetched] = offsets.topics;
      session.tell(
        'metadata',
        fetched?.partitions.map(({ committedOffset, metadata }) => [Number(committedOffset), metadata?.length]),
      );
    },
  },
  {
    name: 'membership',
    versions: servedVersions('OffsetCommit'),
    async run(session) {
      const topic = await session.create('a');
      const groupId = await session.group('g');
      const unknown = { name: session.name('nothing'), id: UNKNOWN };
      const ask = (label: string, of: string, more: Partial<Request>) =>
        session.ask(label, 'OffsetCommit', commitOf(of, [[topic, part(0, 1)]], more));
      const isStatic = session.version >= 7;
      await ask('no group, a generation', groupId, { generationIdOrMemberEpoch: 0 });
      await ask('no group, a generation and a member', groupId, { generationIdOrMemberEpoch: 3, memberId: 'm' });
      await session.ask(
        'no group, some of each',
        'OffsetCommit',
        commitOf(
          groupId,
          [
            [topic, part(0, 1), part(5, 1)],
            [unknown, part(0, 1)],
          ],
          { generationIdOrMemberEpoch: 1 },
        ),
      );
      await ask('no group, a member', groupId, { memberId: 'm' });
      await ask('a simple group, a generation', groupId, { generationIdOrMemberEpoch: 0 });
      await ask('a simple group, a member', groupId, { memberId: 'm' });
      await ask('a simple group, a member and a generation', groupId, { memberId: 'm', generationIdOrMemberEpoch: 1 });
      await ask('generation -2', groupId, { generationIdOrMemberEpoch: -2 });
      if (isStatic) {
        await ask('a static member', groupId, { groupInstanceId: 'i' });
        await ask('a static member, a generation', groupId, { groupInstanceId: 'i', generationIdOrMemberEpoch: 0 });
      }
      await ask('the empty group id', '', {});
      await ask('the empty group id, a generation', '', { generationIdOrMemberEpoch: 5 });
      await session.quietly('DeleteGroups', 2, { groupsNames: [''] });
    },
  },
];
