/**
 * TxnOffsetCommit: offsets that wait for the end of a transaction, who may commit them, and what becomes of them when something else happens to
 * the group or the topic meanwhile (KIP-98, KIP-447, KIP-890, KIP-1319).
 */
import { type Uuid, uuidFromText, ZERO_UUID } from '../../src/base/uuid.ts';
import type { RequestInputOf } from '../../src/protocol/schema/index.ts';
import { servedVersions } from '../harness/client.ts';
import type { Scenario, Session, Topic } from '../harness/session.ts';
import { commitOf, part } from './08-offset-commit.ts';
import { fetchOf } from './09-offset-fetch.ts';
import { joinClassic, joinConsumer, leaveClassic, leaveConsumer } from './group-members.ts';
import {
  type ClientVersions,
  isInBetween,
  NEW_CLIENT,
  OLD_CLIENT,
  TransactionalProducer,
  transactionalIdOf,
} from './transactional-producer.ts';

const UNKNOWN = uuidFromText('AAAAAAAAAAAAAAAAAAABkA') as Uuid;
const VERSIONS = servedVersions('TxnOffsetCommit');
const HAS_MEMBERS = 3;
/** From this version on the broker adds the group's partition by itself. */
const ADDS = 5;

type Request = RequestInputOf<'TxnOffsetCommit'>;
type Partition = Request['topics'][number]['partitions'][number];
type Topics = readonly (readonly [topic: Topic, ...partitions: readonly Partition[]])[];

function versionsOf({ version }: Session): ClientVersions {
  return { ...(version >= ADDS ? NEW_CLIENT : OLD_CLIENT), TxnOffsetCommit: version };
}

/** A producer whose transaction has the offsets of these groups. */
async function opened(session: Session, name: string, ...groups: readonly string[]): Promise<TransactionalProducer> {
  const producer = await TransactionalProducer.begun(session, name, versionsOf(session));
  await open(producer, ...groups);
  return producer;
}

async function open(producer: TransactionalProducer, ...groups: readonly string[]): Promise<void> {
  if (producer.session.version >= ADDS) return;
  for (const groupId of groups) await producer.addOffsets(null, groupId);
}

async function commit(
  label: string,
  { session, who }: TransactionalProducer,
  groupId: string,
  topics: Topics,
  more: Partial<Request> = {},
): Promise<void> {
  const all = topics.map(([{ name, id }, ...partitions]) => ({ name, topicId: id, partitions }));
  await session.ask(label, 'TxnOffsetCommit', { ...who, groupId, topics: all, ...more }, { isInBetween });
}

/** What a group has committed of the first two partitions of a topic, as far as nothing is open, and in any case. */
async function show(session: Session, label: string, groupId: string, ...topics: readonly Topic[]): Promise<void> {
  const asked = topics.map(({ name }) => ({ name, partitionIndexes: [0, 1] }));
  for (const requireStable of [true, false]) {
    const request = { groupId, topics: asked, groups: [], requireStable };
    await session.ask(`${label}, ${requireStable ? 'stable' : 'any'}`, 'OffsetFetch', request, { version: 7 });
  }
}

async function plainly(session: Session, groupId: string, topic: Topic, offset: number): Promise<void> {
  await session.quietly('OffsetCommit', 9, commitOf(groupId, [[topic, part(0, offset)]]));
}

export const txnOffsetCommitScenarios: readonly Scenario[] = [
  {
    name: 'offsets',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a', 2);
      const other = await session.create('b', 2);
      const groupId = await session.group('g');
      const producer = await opened(session, 't', groupId);
      const ask = (label: string, ...topics: Topics) => commit(label, producer, groupId, topics);
      await ask('the first', [topic, part(0, 5)]);
      await show(session, 'it is open', groupId, topic);
      await producer.describe('the transaction');
      await ask('another partition', [topic, part(1, 6, { committedMetadata: 'märchen' })]);
      await ask('the first again', [topic, part(0, 7, { committedMetadata: null })]);
      await ask('another topic', [other, part(0, 8), part(1, -9)]);
      await producer.end('committed', true);
      await show(session, 'it is committed', groupId, topic, other);

      await open(producer, groupId);
      await ask('with leader epochs', [topic, part(0, 10, { committedLeaderEpoch: 3 })]);
      await ask('a negative leader epoch', [topic, part(1, 11, { committedLeaderEpoch: -2 })]);
      await ask('the same partition twice', [other, part(0, 12), part(0, 13)]);
      await show(session, 'the second is open', groupId, topic, other);
      await producer.end('the second is committed', true);
      await show(session, 'after the second', groupId, topic, other);

      await open(producer, groupId);
      await ask('the same topic twice', [topic, part(0, 14)], [other, part(0, 14)], [topic, part(1, 15)]);
      await producer.end('the third is aborted', false);
      await show(session, 'after the third', groupId, topic, other);
      await open(producer, groupId);
      await ask('a lower one', [topic, part(0, 1)]);
      await producer.end('the fourth is committed', true);
      await show(session, 'after the fourth', groupId, topic, other);
    },
  },
  {
    name: 'errors',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a', 2);
      const groupId = await session.group('g');
      const unknown = { name: session.name('nothing'), id: UNKNOWN };
      const producer = await opened(session, 't', groupId);
      const ask = (label: string, ...topics: Topics) => commit(label, producer, groupId, topics);
      await ask('unknown topic', [unknown, part(0, 1), part(1, 1)]);
      await ask('unknown partition', [topic, part(2, 1)]);
      await ask('negative partition', [topic, part(-1, 1)]);
      await ask('no topic');
      await ask('no partition', [topic]);
      await ask('no partition of an unknown topic', [unknown]);
      await producer.describe('nothing was asked of the coordinator');
      await commit('the empty group', producer, '', [[topic, part(0, 1)]]);
      await commit('the empty group, unknown topic', producer, '', [[unknown, part(0, 1)]]);
      await commit('the empty group, some of each', producer, '', [
        [unknown, part(0, 1)],
        [topic, part(0, 1), part(7, 1)],
      ]);
      await ask(
        'some of each',
        [topic, part(0, 1), part(7, 1), part(1, 1)],
        [unknown, part(0, 1)],
        [topic, part(1, 2)],
      );
      await ask('metadata at the limit', [topic, part(0, 2, { committedMetadata: 'x'.repeat(4096) })]);
      await ask('metadata over the limit', [topic, part(0, 3, { committedMetadata: 'x'.repeat(4097) }), part(1, 3)]);
      await ask('only metadata over the limit', [topic, part(0, 4, { committedMetadata: 'x'.repeat(4097) })]);
      await producer.end('committed', true);
      const { topics } = await session.quietly('OffsetFetch', 7, {
        groupId,
        topics: [{ name: topic.name, partitionIndexes: [0, 1] }],
        groups: [],
      });
      session.tell(
        'what there is counts',
        topics[0]?.partitions.map(({ committedOffset, metadata }) => [Number(committedOffset), metadata?.length]),
      );
    },
  },
  {
    name: 'producers',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a', 2);
      const groupId = await session.group('g');
      const producer = await TransactionalProducer.begun(session, 't', versionsOf(session));
      // Another epoch: there is one before it.
      await producer.init(null);
      const { who } = producer;
      const ask = (label: string, more: Partial<Request> = {}) =>
        commit(label, producer, groupId, [[topic, part(0, 1)]], more);
      const nothing = await transactionalIdOf(session, 'nothing');
      const refusals = async (when: string): Promise<void> => {
        await ask(`${when}: an unknown transactional id`, { transactionalId: nothing });
        await ask(`${when}: the empty transactional id`, { transactionalId: '' });
        await ask(`${when}: another producer id`, { producerId: who.producerId + 100_000 });
        await ask(`${when}: no producer id`, { producerId: -1 });
        await ask(`${when}: the epoch before`, { producerEpoch: who.producerEpoch - 1 });
        await ask(`${when}: an epoch to come`, { producerEpoch: who.producerEpoch + 1 });
        await ask(`${when}: no epoch`, { producerEpoch: -1 });
      };
      await refusals('nothing is open');
      if (session.version < ADDS) {
        await ask('the group was not added');
        await producer.addOffsets(null, groupId);
        await refusals('the group is added');
      }
      await ask('as it should be');
      await refusals('it is open here');
      await show(session, 'it is open', groupId, topic);
      await producer.end('aborted', false);
      await refusals('it has ended');
      if (session.version < ADDS) await ask('it has ended: the group was not added again');
      await producer.describe('at last');
      await show(session, 'at last', groupId, topic);
      if (session.version >= ADDS) await producer.end('the next epoch was the right one', false);
    },
  },
  {
    name: 'one that has been replaced',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a', 2);
      const groupId = await session.group('g');
      const old = await opened(session, 't', groupId);
      await commit('the old one', old, groupId, [[topic, part(0, 1)]]);
      const successor = old.twin();
      await successor.init('the new one comes');
      await commit('the old one again', old, groupId, [[topic, part(0, 2)]]);
      await show(session, 'what the old one began is over', groupId, topic);
      await open(successor, groupId);
      await commit('the new one', successor, groupId, [[topic, part(1, 3)]]);
      await commit('the old one while the new one is at it', old, groupId, [[topic, part(0, 4)]]);
      await successor.end('the new one commits', true);
      await commit('the old one at last', old, groupId, [[topic, part(0, 5)]]);
      await show(session, 'at last', groupId, topic);
    },
  },
  {
    name: 'several producers and plain commits',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a', 2);
      const groupId = await session.group('g');
      const first = await opened(session, 't', groupId);
      const second = await opened(session, 'u', groupId);
      await commit('the first', first, groupId, [[topic, part(0, 1), part(1, 1)]]);
      await commit('the second', second, groupId, [[topic, part(0, 2)]]);
      await show(session, 'both are open', groupId, topic);
      await second.end('the second commits', true);
      await show(session, 'the first is open', groupId, topic);
      await first.end('the first commits', true);
      await show(session, 'the record that stands last counts', groupId, topic);

      await open(first, groupId);
      await plainly(session, groupId, topic, 3);
      await commit('behind a plain one', first, groupId, [[topic, part(0, 4)]]);
      await first.end('that commits', true);
      await show(session, 'it replaces the plain one', groupId, topic);
      await open(first, groupId);
      await commit('ahead of a plain one', first, groupId, [[topic, part(0, 5), part(1, 5)]]);
      await plainly(session, groupId, topic, 6);
      await show(session, 'the plain one is there', groupId, topic);
      await first.end('and that commits', true);
      await show(session, 'the plain one stays', groupId, topic);

      await open(first, groupId);
      await open(second, groupId);
      await commit('one to commit', first, groupId, [[topic, part(0, 7)]]);
      await commit('one to abort', second, groupId, [[topic, part(0, 8)]]);
      await second.end('aborted', false);
      await show(session, 'one is open still', groupId, topic);
      await first.end('committed', true);
      await show(session, 'at last', groupId, topic);
    },
  },
  {
    name: 'several groups',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a', 2);
      const groups = [await session.group('g'), await session.group('h'), await session.group('i')] as const;
      const producer = await opened(session, 't', ...groups);
      for (const groupId of groups) await commit('one of them', producer, groupId, [[topic, part(0, 1)]]);
      await producer.describe('all are in it');
      const described = async (label: string): Promise<void> => {
        const request = { groups: [...groups], includeAuthorizedOperations: false };
        const { groups: all } = await session.quietly('DescribeGroups', 6, request);
        session.tell(
          label,
          all.map(({ groupId, groupState, protocolType }) => `${groupId} '${protocolType}' ${groupState}`).sort(),
        );
      };
      await described('they are there');
      await producer.end('aborted', false);
      for (const groupId of groups) await show(session, 'nothing', groupId, topic);
      await described('they stay');
    },
  },
  {
    name: 'all topics, where some are unstable',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a', 2);
      const other = await session.create('b', 2);
      const groupId = await session.group('g');
      await session.quietly(
        'OffsetCommit',
        9,
        commitOf(groupId, [
          [topic, part(0, 1), part(1, 1)],
          [other, part(0, 1)],
        ]),
      );
      const producer = await opened(session, 't', groupId);
      await commit('of two topics', producer, groupId, [
        [topic, part(1, 2)],
        [other, part(1, 2)],
      ]);
      const fetchAll = async (label: string): Promise<void> => {
        for (const version of [7, 9]) {
          const request = fetchOf(version, groupId, { topics: null, requireStable: true });
          await session.ask(`${label}, OffsetFetch v${version}`, 'OffsetFetch', request, { version });
        }
      };
      await fetchAll('all');
      await producer.end('committed', true);
      await fetchAll('all are stable');
    },
  },
  {
    name: 'what is deleted while it is open',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a', 2);
      const doomed = await session.create('b', 2);
      const groupId = await session.group('g');
      const other = await session.group('h');
      const producer = await opened(session, 't', groupId, other);
      const deleteOffset = async (label: string): Promise<void> => {
        const topics = [{ name: topic.name, partitions: [{ partitionIndex: 0 }, { partitionIndex: 1 }] }];
        await session.ask(label, 'OffsetDelete', { groupId, topics }, { version: 0 });
      };
      await commit('some', producer, groupId, [
        [topic, part(0, 1)],
        [doomed, part(0, 1)],
      ]);
      await commit('some of another group', producer, other, [[topic, part(0, 1)]]);
      await deleteOffset('OffsetDelete');
      await show(session, 'one is gone', groupId, topic, doomed);
      await session.ask('DeleteGroups', 'DeleteGroups', { groupsNames: [other] }, { version: 2 });
      await show(session, 'the other group', other, topic);
      await commit('after the OffsetDelete', producer, groupId, [[topic, part(1, 2)]]);
      await producer.end('committed', true);
      await show(session, 'what is left', groupId, topic, doomed);
      await show(session, 'what is left of the other group', other, topic);

      await open(producer, groupId);
      await commit('of a topic that goes', producer, groupId, [
        [topic, part(0, 3)],
        [doomed, part(1, 3)],
      ]);
      await session.quietly('DeleteTopics', 6, {
        topics: [{ name: doomed.name, topicId: ZERO_UUID }],
        timeoutMs: 30_000,
      });
      await session.gone(doomed);
      await producer.end('committed without that topic', true);
      await show(session, 'what there is', groupId, topic);
    },
  },
];

/** Those with members: they want a broker that does not wait for more of them (settings.ts). */
export const txnOffsetsOfMembersScenarios: readonly Scenario[] = [
  {
    name: 'members of a classic group',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a', 2);
      const groupId = await session.group('g');
      const producer = await opened(session, 't', groupId);
      const ask = (label: string, more: Partial<Request> = {}) =>
        commit(label, producer, groupId, [[topic, part(0, 1)]], more);
      const hasMembers = session.version >= HAS_MEMBERS;
      if (hasMembers) {
        await ask('a generation, no such group', { memberId: 'm', generationIdOrMemberEpoch: 1 });
        await ask('a member without generation, no such group', { memberId: 'm' });
      }
      const member = await joinClassic(session, groupId, topic, { assigned: false });
      const { memberId, epoch } = member;
      if (hasMembers) {
        await ask('before the assignment', { memberId, generationIdOrMemberEpoch: epoch });
      }
      await ask('nobody, before the assignment');
      const assignments = [{ memberId, assignment: Buffer.from([0, 0, 0, 0, 0, 0, 255, 255, 255, 255]) }];
      await session.quietly('SyncGroup', 2, { groupId, generationId: epoch, memberId, assignments });
      await ask('nobody');
      if (hasMembers) {
        await ask('the member', { memberId, generationIdOrMemberEpoch: epoch });
        await ask('the generation before', { memberId, generationIdOrMemberEpoch: epoch - 1 });
        await ask('the next generation', { memberId, generationIdOrMemberEpoch: epoch + 1 });
        await ask('the member without generation', { memberId });
        await ask('another member', { memberId: 'other', generationIdOrMemberEpoch: epoch });
        await ask('a generation without member', { generationIdOrMemberEpoch: epoch });
        await ask('a static member that is none', {
          memberId,
          generationIdOrMemberEpoch: epoch,
          groupInstanceId: 'i',
        });
        await ask('only an instance', { groupInstanceId: 'i' });
      }
      await leaveClassic(session, groupId, member);
      if (hasMembers) await ask('who has left', { memberId, generationIdOrMemberEpoch: epoch });
      await ask('nobody, of an empty group');
      await producer.end('aborted', false);
    },
  },
  {
    name: 'members of a consumer group',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a', 2);
      const groupId = await session.group('g');
      const producer = await opened(session, 't', groupId);
      const ask = (label: string, more: Partial<Request> = {}) =>
        commit(label, producer, groupId, [[topic, part(0, 1), part(1, 2)]], more);
      const member = await joinConsumer(session, groupId, topic);
      const { memberId, epoch } = member;
      await ask('nobody');
      if (session.version >= HAS_MEMBERS) {
        await ask('the member', { memberId, generationIdOrMemberEpoch: epoch });
        await ask('an older epoch', { memberId, generationIdOrMemberEpoch: epoch - 1 });
        await ask('a newer epoch', { memberId, generationIdOrMemberEpoch: epoch + 1 });
        await ask('the member without epoch', { memberId });
        await ask('another member', { memberId: 'other', generationIdOrMemberEpoch: epoch });
        await ask('an epoch without member', { generationIdOrMemberEpoch: epoch });
        await ask('only an instance', { groupInstanceId: 'i' });
        await ask('an older epoch, and metadata that is too long', {
          memberId,
          generationIdOrMemberEpoch: epoch - 1,
          topics: [
            {
              name: topic.name,
              topicId: topic.id,
              partitions: [part(0, 1, { committedMetadata: 'x'.repeat(4097) })],
            },
          ],
        });
      }
      await leaveConsumer(session, groupId, member);
      if (session.version >= HAS_MEMBERS) await ask('who has left', { memberId, generationIdOrMemberEpoch: epoch });
      await ask('nobody, of an empty group');
      await producer.end('committed', true);
      await show(session, 'at last', groupId, topic);
    },
  },
];
