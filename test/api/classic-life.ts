/** The life of classic groups, from the first JoinGroup to the deletion; played for each API of the protocol in each of its versions. */
import { servedVersions } from '../harness/client.ts';
import type { Scenario, Session } from '../harness/session.ts';
import {
  type ClassicApi,
  joinAll,
  type Member,
  Members,
  pause,
  subscription,
  syncAll,
  TOPIC,
} from './classic-members.ts';

const NOBODY = 'c-00000000-0000-0000-0000-000000000000';

async function refused(session: Session, api: ClassicApi): Promise<void> {
  const all = new Members(session, api, await session.group('g'));
  await all.describe('no such group');
  await all.heartbeat('heartbeat, no such group', NOBODY, 1);
  await all.ask('sync, no such group', 'SyncGroup', all.syncRequest(NOBODY, 1));
  await all.leave('leave, no such group', { memberId: NOBODY });
  await all.ask('join with an id, no such group', 'JoinGroup', all.joinRequest({ memberId: NOBODY }));
  for (const sessionTimeoutMs of [0, 2 ** 31 - 1]) {
    await all.ask(`session timeout ${sessionTimeoutMs}`, 'JoinGroup', all.joinRequest({ sessionTimeoutMs }));
  }
  await all.describe('no group came of it');
  await all.ask('no protocols', 'JoinGroup', all.joinRequest({ protocols: [] }));
  // Kafka answers before the group is committed, and shows it after.
  await all.shows('Empty', 0);
  await all.describe('an empty group came of it');
  await all.ask('no protocol type', 'JoinGroup', all.joinRequest({ protocolType: '' }));
  await all.ask('join with an id, empty group', 'JoinGroup', all.joinRequest({ memberId: NOBODY }));
  await all.heartbeat('heartbeat, empty group', NOBODY, 0);
  await all.ask('sync, empty group', 'SyncGroup', all.syncRequest(NOBODY, 0));
  await all.leave('leave, empty group', { memberId: NOBODY });
  const nameless = new Members(session, api, '');
  await nameless.describe('no group id');
  await nameless.heartbeat('heartbeat, no group id', NOBODY, 1);
  await nameless.ask('sync, no group id', 'SyncGroup', nameless.syncRequest(NOBODY, 1));
  await nameless.leave('leave, no group id', { memberId: NOBODY });
  await nameless.ask('join, no group id', 'JoinGroup', nameless.joinRequest());
  await nameless.ask('join with an id, no group id', 'JoinGroup', nameless.joinRequest({ memberId: NOBODY }));
  await all.ask('described with what is allowed', 'DescribeGroups', {
    groups: [all.groupId],
    includeAuthorizedOperations: all.version('DescribeGroups') >= 3,
  });
  await all.ask('nobody is described', 'DescribeGroups', { groups: [], includeAuthorizedOperations: false });
  if (all.version('LeaveGroup') >= 3) await all.leave('nobody leaves');
  if (all.version('SyncGroup') >= 5) {
    const request = all.syncRequest(NOBODY, 1, {}, { protocolType: null });
    await all.ask('sync without a protocol type', 'SyncGroup', request);
    await all.ask('sync without a protocol', 'SyncGroup', { ...request, protocolType: 'consumer', protocolName: null });
  }
}

/** What is committed by whom while the group is as it is. */
async function commits(all: Members, label: string, { id, generation }: Member): Promise<void> {
  const { session, groupId } = all;
  const commit = async (who: string, memberId: string, generationIdOrMemberEpoch: number): Promise<void> => {
    const answer = await session.quietly('OffsetCommit', 8, {
      groupId,
      memberId,
      generationIdOrMemberEpoch,
      topics: [{ name: TOPIC, partitions: [{ partitionIndex: 0, committedOffset: 1n, committedMetadata: '' }] }],
    });
    all.tell(`${label}, commit of ${who}`, answer);
  };
  await commit('a member', id, generation);
  await commit('an older generation', id, generation - 1);
  await commit('a stranger', NOBODY, generation);
  await commit('nobody', '', -1);
}

async function dynamic(session: Session, api: ClassicApi): Promise<void> {
  const topic = { name: TOPIC, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  await session.quietly('CreateTopics', 7, { topics: [topic], timeoutMs: 30_000 });
  const other = await session.create('u');
  const all = new Members(session, api, await session.group('g'));
  const [a, b, c] = [all.member('A'), all.member('B'), all.member('C')];
  const joining = joinAll([a, b], 'joins a new group');
  await all.shows('PreparingRebalance', 1);
  await all.ask('another protocol type', 'JoinGroup', all.joinRequest({ protocolType: 'connect' }));
  const another = [{ name: 'other', metadata: Buffer.alloc(0) }];
  await all.ask('another protocol', 'JoinGroup', all.joinRequest({ protocols: another }));
  await joining;
  await all.describe('joined');
  await all.heartbeat('heartbeat while the leader assigns', b.id, b.generation);
  await commits(all, 'while the leader assigns', b);
  await all.ask('sync of another generation', 'SyncGroup', all.syncRequest(b.id, 7));
  await all.ask('sync of a stranger', 'SyncGroup', all.syncRequest(NOBODY, 1));
  if (all.version('SyncGroup') >= 5) {
    await all.ask('sync by another protocol', 'SyncGroup', all.syncRequest(b.id, 1, {}, { protocolName: 'other' }));
    await all.ask('sync by another type', 'SyncGroup', all.syncRequest(b.id, 1, {}, { protocolType: 'connect' }));
  }
  await b.join('B joins again and says the same');
  await a.join('A joins again and says the same');
  b.tell();
  a.tell();
  await syncAll([a, b], 'syncs');
  await all.describe('stable');
  await b.sync('B syncs again');
  await b.join('B joins again and says the same, stable');
  b.tell();
  await all.heartbeat('heartbeat', a.id, a.generation);
  await all.heartbeat('heartbeat of another generation', a.id, 7);
  await all.heartbeat('heartbeat of a stranger', NOBODY, 1);
  await all.ask('a stranger joins', 'JoinGroup', all.joinRequest({ memberId: NOBODY }));
  await commits(all, 'stable', b);
  all.tell('delete', await session.quietly('DeleteGroups', 2, { groupsNames: [all.groupId] }));
  const topics = [TOPIC, other.name].map((name) => ({ name, partitions: [{ partitionIndex: 0 }] }));
  all.tell('delete an offset', await session.quietly('OffsetDelete', 0, { groupId: all.groupId, topics }));

  const again = a.join('A, the leader, joins again');
  await all.shows('PreparingRebalance', 2);
  await all.describe('the leader has joined again');
  await all.heartbeat('heartbeat while others join', b.id, b.generation);
  await all.ask('sync while others join', 'SyncGroup', all.syncRequest(b.id, b.generation));
  await commits(all, 'while others join', b);
  await Promise.all([again, b.join('B joins again', { protocols: [{ name: 'range', metadata: subscription('u') }] })]);
  a.tell();
  b.tell();
  await a.sync('A forgets B', { [a.id]: 'all', [NOBODY]: 'none' });
  await b.sync('B is forgotten');
  a.tell();
  b.tell();

  const third = c.join('C joins a stable group');
  await all.shows('PreparingRebalance', 3);
  await Promise.all([third, b.join('B joins again, with C'), a.join('A joins again, with C')]);
  for (const member of [c, a, b]) member.tell();
  const left = b.sync('B syncs, and C leaves');
  await pause(30);
  await all.leave('C leaves', { memberId: c.id });
  await left;
  b.tell();
  await all.describe('C has left');
  await Promise.all([b.join('B joins again, without C'), a.join('A joins again, without C')]);
  a.tell();
  b.tell();
  await syncAll([a, b], 'syncs, without C');
  await all.leave('a stranger leaves', { memberId: NOBODY });
  await all.leave('A, the leader, leaves', { memberId: a.id });
  await b.join('B joins again, without A');
  b.tell();
  await all.leave('B leaves', { memberId: b.id });
  await all.describe('everybody has left');
  await all.heartbeat('heartbeat of who has left', b.id, b.generation);
  await all.ask('join of who has left', 'JoinGroup', all.joinRequest({ memberId: b.id }));
  all.tell('delete', await session.quietly('DeleteGroups', 2, { groupsNames: [all.groupId] }));
  await all.describe('deleted');
  all.close();
}

async function staticMembers(session: Session, api: ClassicApi): Promise<void> {
  const all = new Members(session, api, await session.group('g'));
  const [a, b] = [all.member('A'), all.member('B')];
  await joinAll([a, b], 'joins a new group', [{ groupInstanceId: 'i' }, { groupInstanceId: 'j' }]);
  await syncAll([a, b], 'syncs');
  await all.describe('stable');
  await all.heartbeat('heartbeat', a.id, 1, { groupInstanceId: 'i' });
  await all.heartbeat('heartbeat under the id of another', a.id, 1, { groupInstanceId: 'j' });
  await all.heartbeat('heartbeat under no such id', a.id, 1, { groupInstanceId: 'k' });

  const [a2, b2] = [all.member('A2'), all.member('B2')];
  await a2.join('A, the leader, comes back', { groupInstanceId: 'i' });
  a2.tell();
  await all.describe('A is back');
  await all.heartbeat('heartbeat of who was replaced', a.id, 1, { groupInstanceId: 'i' });
  await all.heartbeat('heartbeat of who was replaced, dynamic', a.id, 1);
  await all.ask('sync of who was replaced', 'SyncGroup', all.syncRequest(a.id, 1, {}, { groupInstanceId: 'i' }));
  await all.ask('join of who was replaced', 'JoinGroup', all.joinRequest({ memberId: a.id, groupInstanceId: 'i' }));
  await all.leave('who was replaced leaves', { memberId: a.id, groupInstanceId: 'i' });
  const changed = [
    { name: 'range', metadata: subscription('u') },
    { name: 'other', metadata: Buffer.alloc(0) },
  ];
  await b2.join('B, a follower, comes back changed', { groupInstanceId: 'j', protocols: changed });
  b2.tell();
  await all.describe('B is back');
  const other = [{ name: 'other', metadata: Buffer.alloc(0) }];
  await all.ask('B comes back unable', 'JoinGroup', all.joinRequest({ groupInstanceId: 'j', protocols: other }));
  const rejoining = a2.join('A, the leader, joins again', { groupInstanceId: 'i' });
  await all.shows('PreparingRebalance', 2);
  const b3 = all.member('B3');
  await Promise.all([rejoining, b3.join('B comes back while others join', { groupInstanceId: 'j' })]);
  a2.tell();
  b3.tell();
  const b4 = all.member('B4');
  const waiting = b4.join('B comes back while the leader assigns', { groupInstanceId: 'j' });
  await all.shows('PreparingRebalance', 2);
  await Promise.all([waiting, a2.join('A joins again', { groupInstanceId: 'i' })]);
  a2.tell();
  b4.tell();
  await all.leave(
    'several leave',
    { memberId: '', groupInstanceId: 'j' },
    { memberId: '', groupInstanceId: 'k' },
    { memberId: b4.id, groupInstanceId: 'i' },
    { memberId: '' },
  );
  await all.leave('A leaves', { memberId: a2.id, groupInstanceId: 'i' });
  await all.describe('everybody has left');
  all.close();
}

/** The first versions that know of static members. */
const FIRST_STATIC: Readonly<Record<ClassicApi, number>> = {
  JoinGroup: 5,
  SyncGroup: 3,
  Heartbeat: 3,
  LeaveGroup: 3,
  DescribeGroups: 0,
};

/** The scenarios of one API of the classic protocol. */
export function classicScenarios(api: ClassicApi): readonly Scenario[] {
  const versions = servedVersions(api);
  return [
    { name: 'what is refused', versions, run: (session) => refused(session, api) },
    { name: 'dynamic members', versions, run: (session) => dynamic(session, api) },
    {
      name: 'static members',
      versions: versions.filter((version) => version >= FIRST_STATIC[api]),
      run: (session) => staticMembers(session, api),
    },
  ];
}
