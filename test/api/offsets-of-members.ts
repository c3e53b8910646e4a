/** What may be done about the offsets of groups that have members, and how such groups are listed and deleted. */
import type { RequestInputOf } from '../../src/protocol/schema/index.ts';
import { servedVersions } from '../harness/client.ts';
import type { Scenario } from '../harness/session.ts';
import { commitOf, part } from './08-offset-commit.ts';
import { type Asked, commit, fetchOf } from './09-offset-fetch.ts';
import { joinClassic, joinConsumer, leaveClassic, leaveConsumer } from './group-members.ts';

type Request = RequestInputOf<'OffsetCommit'>;

export const offsetsOfMembersScenarios: readonly Scenario[] = [
  {
    name: 'OffsetCommit: members of a classic group',
    versions: servedVersions('OffsetCommit'),
    async run(session) {
      const topic = await session.create('a');
      const groupId = await session.group('g');
      const ask = (label: string, more: Partial<Request>) =>
        session.ask(label, 'OffsetCommit', commitOf(groupId, [[topic, part(0, 1)]], more));
      const member = await joinClassic(session, groupId, topic, { assigned: false });
      const { memberId, epoch } = member;
      await ask('before the assignment', { memberId, generationIdOrMemberEpoch: epoch });
      await ask('nobody, before the assignment', {});
      const assignments = [{ memberId, assignment: Buffer.from([0, 0, 0, 0, 0, 0, 255, 255, 255, 255]) }];
      await session.quietly('SyncGroup', 2, { groupId, generationId: epoch, memberId, assignments });
      await ask('the member', { memberId, generationIdOrMemberEpoch: epoch });
      await ask('the generation before', { memberId, generationIdOrMemberEpoch: epoch - 1 });
      await ask('the next generation', { memberId, generationIdOrMemberEpoch: epoch + 1 });
      await ask('the member without generation', { memberId });
      await ask('another member', { memberId: 'other', generationIdOrMemberEpoch: epoch });
      await ask('nobody', {});
      if (session.version >= 7) {
        await ask('a static member that is none', { memberId, generationIdOrMemberEpoch: epoch, groupInstanceId: 'i' });
      }
      await leaveClassic(session, groupId, member);
      await ask('who has left', { memberId, generationIdOrMemberEpoch: epoch });
      await ask('nobody, of an empty group', {});
    },
  },
  {
    name: 'OffsetCommit: members of a consumer group',
    versions: servedVersions('OffsetCommit'),
    async run(session) {
      const topic = await session.create('a', 2);
      const groupId = await session.group('g');
      const ask = (label: string, more: Partial<Request>) =>
        session.ask(label, 'OffsetCommit', commitOf(groupId, [[topic, part(0, 1), part(1, 2)]], more));
      const member = await joinConsumer(session, groupId, topic);
      const { memberId, epoch } = member;
      await ask('the member', { memberId, generationIdOrMemberEpoch: epoch });
      await ask('an older epoch', { memberId, generationIdOrMemberEpoch: epoch - 1 });
      await ask('a newer epoch', { memberId, generationIdOrMemberEpoch: epoch + 1 });
      await ask('the member without epoch', { memberId });
      await ask('another member', { memberId: 'other', generationIdOrMemberEpoch: epoch });
      await ask('nobody', {});
      await leaveConsumer(session, groupId, member);
      await ask('who has left', { memberId, generationIdOrMemberEpoch: epoch });
      await ask('nobody, of an empty group', {});
    },
  },
  {
    name: 'OffsetFetch: members',
    versions: servedVersions('OffsetFetch'),
    async run(session) {
      const { version } = session;
      const topic = await session.create('a', 2);
      const ask = (
        label: string,
        of: string,
        asked: Omit<Asked, 'topics'>,
        topics: Asked['topics'] = [[topic, 0, 1]],
      ) => session.ask(label, 'OffsetFetch', fetchOf(version, of, { topics, ...asked }));
      const classic = await session.group('classic');
      await commit(session, classic, [topic, part(0, 5)]);
      await joinClassic(session, classic, topic);
      await ask('a classic group', classic, {});
      const consumer = await session.group('consumer');
      const member = await joinConsumer(session, consumer, topic);
      const { memberId, epoch: memberEpoch } = member;
      await ask('a consumer group, nobody', consumer, {});
      if (version >= 9) {
        await ask('a classic group, a member', classic, { memberId: 'm', memberEpoch: 1 });
        await ask('the member', consumer, { memberId, memberEpoch });
        await ask('an older epoch', consumer, { memberId, memberEpoch: memberEpoch - 1 });
        await ask('a newer epoch', consumer, { memberId, memberEpoch: memberEpoch + 1 });
        await ask('another member', consumer, { memberId: 'other', memberEpoch });
        await ask('an epoch and no member', consumer, { memberId: '', memberEpoch });
        await ask('a member and no epoch', consumer, { memberId, memberEpoch: -1 });
        await ask('all, an older epoch', consumer, { memberId, memberEpoch: memberEpoch - 1 }, null);
        await ask('stable, an older epoch', consumer, { memberId, memberEpoch: memberEpoch - 1, requireStable: true });
      }
      await leaveConsumer(session, consumer, member);
      await ask('nobody, of an empty group', consumer, {});
      if (version >= 9) await ask('who has left', consumer, { memberId, memberEpoch });
    },
  },
  {
    name: 'ListGroups: groups with members',
    versions: servedVersions('ListGroups'),
    async run(session) {
      const { version } = session;
      const topic = await session.create('a');
      const names = ['assigning', 'connect', 'consumer', 'stable'];
      const groups: string[] = [];
      for (const name of names) groups.push(await session.group(name));
      const [assigning = '', connect = '', consumer = '', stable = ''] = groups;
      const ask = async (label: string, filters: Partial<RequestInputOf<'ListGroups'>> = {}) => {
        const answer = await session.quietly('ListGroups', version, { statesFilter: [], typesFilter: [], ...filters });
        const own = answer.groups.filter(({ groupId }) => groups.includes(groupId));
        session.tell(label, { ...answer, groups: own.toSorted((a, b) => (a.groupId < b.groupId ? -1 : 1)) });
      };
      await joinClassic(session, assigning, topic, { assigned: false });
      const connected = await joinClassic(session, connect, topic, { protocolType: 'connect' });
      const consuming = await joinConsumer(session, consumer, topic);
      await joinClassic(session, stable, topic);
      await ask('all');
      if (version >= 4) {
        for (const state of ['Stable', 'completingrebalance', 'CompletingRebalance', 'assigning', 'Reconciling']) {
          await ask(`state ${state}`, { statesFilter: [state] });
        }
      }
      if (version >= 5) {
        for (const type of ['classic', 'consumer', 'Consumer']) await ask(`type ${type}`, { typesFilter: [type] });
        await ask('stable consumers', { statesFilter: ['stable'], typesFilter: ['consumer'] });
      }
      await leaveClassic(session, connect, connected);
      await leaveConsumer(session, consumer, consuming);
      await ask('two are empty');
    },
  },
  {
    name: 'DeleteGroups: groups with members',
    versions: servedVersions('DeleteGroups'),
    async run(session) {
      const topic = await session.create('a');
      const classic = await session.group('classic');
      const consumer = await session.group('consumer');
      const ask = (label: string, ...groupsNames: string[]) => session.ask(label, 'DeleteGroups', { groupsNames });
      const member = await joinClassic(session, classic, topic, { assigned: false });
      await ask('a classic group that assigns', classic);
      const consuming = await joinConsumer(session, consumer, topic);
      await ask('a consumer group', consumer);
      await leaveClassic(session, classic, member);
      await leaveConsumer(session, consumer, consuming);
      await ask('both are empty', classic, consumer);
      await ask('both are gone', classic, consumer);
    },
  },
  {
    name: 'OffsetDelete: groups with members',
    versions: servedVersions('OffsetDelete'),
    async run(session) {
      const topic = await session.create('a');
      const other = await session.create('b');
      const ask = (label: string, groupId: string) =>
        session.ask(label, 'OffsetDelete', {
          groupId,
          topics: [topic, other].map(({ name }) => ({ name, partitions: [{ partitionIndex: 0 }] })),
        });
      const groups: string[] = [];
      for (const name of ['classic', 'connect', 'consumer', 'assigning']) groups.push(await session.group(name));
      const [classic = '', connect = '', consumer = '', assigning = ''] = groups;
      for (const groupId of groups) {
        if (groupId === consumer) continue;
        await session.quietly(
          'OffsetCommit',
          9,
          commitOf(groupId, [
            [topic, part(0, 1)],
            [other, part(0, 2)],
          ]),
        );
      }
      const member = await joinClassic(session, classic, topic);
      await joinClassic(session, connect, topic, { protocolType: 'connect' });
      await joinClassic(session, assigning, topic, { assigned: false });
      const { memberId, epoch } = await joinConsumer(session, consumer, topic);
      await session.quietly(
        'OffsetCommit',
        9,
        commitOf(
          consumer,
          [
            [topic, part(0, 1)],
            [other, part(0, 2)],
          ],
          {
            memberId,
            generationIdOrMemberEpoch: epoch,
          },
        ),
      );
      await ask('a classic group', classic);
      await ask('a group that is none of consumers', connect);
      await ask('a classic group that assigns', assigning);
      await ask('a consumer group', consumer);
      await leaveClassic(session, classic, member);
      await ask('an empty classic group', classic);
    },
  },
];
