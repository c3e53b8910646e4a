/** DescribeTopicPartitions: order, pages, cursors. */
import type { RequestInputOf } from '../../src/protocol/schema/index.ts';
import type { Scenario, Session } from '../harness/session.ts';

type Request = RequestInputOf<'DescribeTopicPartitions'>;

function ask(session: Session, label: string, request: Partial<Request>): Promise<unknown> {
  return session.ask(label, 'DescribeTopicPartitions', { topics: [], ...request }, { keepOrder: true });
}

export const describeTopicPartitionsScenarios: readonly Scenario[] = [
  {
    name: 'pages',
    versions: [0],
    async run(session) {
      const a = await session.create('a', 3);
      const b = await session.create('b', 2);
      const c = await session.create('c', 1);
      const topics = [{ name: c.name }, { name: a.name }, { name: b.name }];
      await ask(session, 'all three', { topics });
      await ask(session, 'the same twice', { topics: [{ name: a.name }, { name: a.name }] });
      for (const responsePartitionLimit of [1, 2, 3, 4, 5, 6, 7, 0, -1]) {
        await ask(session, `at most ${responsePartitionLimit}`, { topics, responsePartitionLimit });
      }
      const at = (topicName: string, partitionIndex: number) => ({ topics, cursor: { topicName, partitionIndex } });
      await ask(session, 'from a 0', at(a.name, 0));
      await ask(session, 'from a 1', at(a.name, 1));
      await ask(session, 'from a 3', at(a.name, 3));
      await ask(session, 'from a 9', at(a.name, 9));
      await ask(session, 'from b 1', at(b.name, 1));
      await ask(session, 'from b 1, one', { ...at(b.name, 1), responsePartitionLimit: 1 });
      await ask(session, 'from c 0', at(c.name, 0));
      await ask(session, 'from behind', at(session.name('d'), 0));
      await ask(session, 'from between', at(session.name('aa'), 5));
      await ask(session, 'from a negative partition', at(a.name, -1));
      await ask(session, 'a cursor of a topic that is not asked for', {
        topics: [{ name: c.name }],
        cursor: { topicName: b.name, partitionIndex: 1 },
      });
    },
  },
  {
    name: 'topics that are not there',
    versions: [0],
    async run(session) {
      const b = await session.create('b', 2);
      const names = (...all: string[]) => all.map((name) => ({ name }));
      await ask(session, 'unknown', { topics: names(session.name('a')) });
      await ask(session, 'unknown and known', { topics: names(session.name('a'), b.name, session.name('c')) });
      await ask(session, 'unknown and known, one', {
        topics: names(session.name('a'), b.name, session.name('c')),
        responsePartitionLimit: 1,
      });
      await ask(session, 'unknown behind the limit', {
        topics: names(b.name, session.name('c')),
        responsePartitionLimit: 2,
      });
      await ask(session, 'not a name', { topics: names('a b') });
      await ask(session, 'an empty name', { topics: names('') });
      await ask(session, 'an unknown cursor', {
        topics: names(session.name('a'), b.name),
        cursor: { topicName: session.name('a'), partitionIndex: 0 },
      });
    },
  },
];
