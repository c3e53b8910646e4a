/** What time does to a classic group: members that die, do not rejoin, do not fetch their assignment; and which protocol a group takes. */
import type { Scenario } from '../harness/session.ts';
import { joinAll, type Member, Members, subscription, syncAll } from './classic-members.ts';

const versions = [9];
const offer = (name: string): { name: string; metadata: Buffer } => ({ name, metadata: subscription('t') });

async function keepAlive(all: Members, member: Member, state: string, count: number): Promise<void> {
  const beating = setInterval(() => {
    const { id: memberId, generation: generationId } = member;
    void all.session.quietly('Heartbeat', 4, { groupId: all.groupId, memberId, generationId }).catch(() => {});
  }, 100);
  await all.shows(state, count);
  clearInterval(beating);
}

export const classicTimeScenarios: readonly Scenario[] = [
  {
    name: 'a member dies',
    versions,
    async run(session) {
      const all = new Members(session, 'JoinGroup', await session.group('g'));
      const [a, b] = [all.member('A'), all.member('B')];
      await joinAll([a, b], 'joins', [{}, { sessionTimeoutMs: 500 }]);
      await syncAll([a, b], 'syncs');
      await keepAlive(all, a, 'PreparingRebalance', 1);
      await all.describe('B is dead');
      await all.heartbeat('B wakes up', b.id, b.generation);
      await a.join('A goes on alone');
      a.tell();
      all.close();
    },
  },
  {
    name: 'a member does not rejoin',
    versions,
    async run(session) {
      const all = new Members(session, 'JoinGroup', await session.group('g'));
      const [a, b] = [all.member('A'), all.member('B')];
      await joinAll([a, b], 'joins', [{ rebalanceTimeoutMs: 600 }, { rebalanceTimeoutMs: 500 }]);
      await syncAll([a, b], 'syncs');
      const more = { protocols: [offer('range'), offer('other')], rebalanceTimeoutMs: 500 };
      await b.join('B says something new, A does not come', more);
      b.tell();
      await all.describe('B leads alone');
      await all.heartbeat('A wakes up', a.id, a.generation);
      all.close();
    },
  },
  {
    name: 'members do not sync',
    versions,
    async run(session) {
      const all = new Members(session, 'JoinGroup', await session.group('g'));
      const [a, b] = [all.member('A'), all.member('B')];
      await joinAll([a, b], 'joins', [{ rebalanceTimeoutMs: 600 }, { rebalanceTimeoutMs: 600 }]);
      await b.sync('B syncs, A does not');
      b.tell();
      await all.describe('A is gone');
      await b.join('B joins again', { rebalanceTimeoutMs: 600 });
      b.tell();
      all.close();
    },
  },
  {
    name: 'which protocol',
    versions,
    async run(session) {
      const votes: readonly (readonly string[])[][] = [
        [
          ['range', 'roundrobin'],
          ['roundrobin', 'range'],
        ],
        [
          ['roundrobin', 'range'],
          ['range', 'roundrobin'],
        ],
        [
          ['sticky', 'range', 'cooperative-sticky'],
          ['cooperative-sticky', 'range', 'sticky'],
        ],
        [
          ['a', 'b', 'c'],
          ['c', 'b', 'd'],
        ],
        [
          ['x', 'only'],
          ['only', 'y'],
        ],
        [
          ['zeta', 'alpha'],
          ['alpha', 'zeta'],
        ],
      ];
      for (const [index, lists] of votes.entries()) {
        const all = new Members(session, 'JoinGroup', await session.group(`g${index}`));
        const members = lists.map((_, at) => all.member(`M${at}`));
        const offers = lists.map((names) => ({ protocols: names.map(offer) }));
        await joinAll(members, lists.map((names) => names.join(' ')).join(', '), offers);
        all.close();
      }
    },
  },
  {
    name: 'metadata that cannot be read',
    versions,
    async run(session) {
      const topic = await session.create('t');
      const all = new Members(session, 'JoinGroup', await session.group('g'));
      const a = all.member('A');
      const noise = [{ name: 'range', metadata: Buffer.from([0, 0, 127, 255, 255, 255, 1]) }];
      await joinAll([a], 'joins', [{ protocols: noise }]);
      await syncAll([a], 'syncs');
      await all.describe('stable');
      const topics = [{ name: topic.name, partitions: [{ partitionIndex: 0 }] }];
      all.tell('delete an offset', await session.quietly('OffsetDelete', 0, { groupId: all.groupId, topics }));
      all.close();
    },
  },
];
