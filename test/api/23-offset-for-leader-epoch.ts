/** OffsetForLeaderEpoch: where an epoch ended, who may ask. */
import { servedVersions } from '../harness/client.ts';
import type { Scenario, Session, Topic } from '../harness/session.ts';

function asker(session: Session) {
  return (
    label: string,
    topic: Topic | string,
    partition: number,
    leaderEpoch: number,
    currentLeaderEpoch = -1,
    replicaId = -1,
  ) => {
    const name = typeof topic === 'string' ? topic : topic.name;
    return session.ask(label, 'OffsetForLeaderEpoch', {
      ...(session.version >= 3 ? { replicaId } : {}),
      topics: [{ topic: name, partitions: [{ partition, currentLeaderEpoch, leaderEpoch }] }],
    });
  };
}

export const offsetForLeaderEpochScenarios: readonly Scenario[] = [
  {
    name: 'epochs',
    versions: servedVersions('OffsetForLeaderEpoch'),
    async run(session) {
      const topic = await session.create('a', 2);
      const ask = asker(session);
      await ask('of an empty log', topic, 0, 0);
      await session.append(topic, ['one', 'two', 'three']);
      await ask('current', topic, 0, 0);
      await ask('future', topic, 0, 1);
      await ask('far future', topic, 0, 2147483647);
      await ask('undefined', topic, 0, -1);
      await ask('negative', topic, 0, -2);
      await ask('current, with the right current epoch', topic, 0, 0, 0);
      await ask('current epoch too new', topic, 0, 0, 1);
      await ask('another partition, empty', topic, 1, 0);
      await ask('unknown partition', topic, 2, 0);
      await ask('negative partition', topic, -1, 0);
      await ask('unknown topic', session.name('b'), 0, 0);
      if (session.version >= 3) {
        await ask('as debugger', topic, 0, 0, -1, -2);
        await ask('as follower that is not one', topic, 0, 0, -1, 7);
      }
      await session.ask('the same twice', 'OffsetForLeaderEpoch', {
        topics: [{ topic: topic.name, partitions: [0, 0, 1].map((partition) => ({ partition, leaderEpoch: 0 })) }],
      });
      await session.ask('no partitions', 'OffsetForLeaderEpoch', { topics: [{ topic: topic.name, partitions: [] }] });
      await session.ask('no topics', 'OffsetForLeaderEpoch', { topics: [] });
      await session.ask('several', 'OffsetForLeaderEpoch', {
        topics: [
          { topic: session.name('b'), partitions: [{ partition: 0, leaderEpoch: 0 }] },
          { topic: topic.name, partitions: [1, 0].map((partition) => ({ partition, leaderEpoch: 0 })) },
        ],
      });
    },
  },
];
