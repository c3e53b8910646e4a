/** ListOffsets: the special timestamps, look-ups by time, epochs. */
import { servedVersions } from '../harness/client.ts';
import type { Scenario, Session, Topic } from '../harness/session.ts';

const all = servedVersions('ListOffsets');
const LATEST = -1n;

function asker(session: Session) {
  return (
    label: string,
    topic: Topic | string,
    timestamp: bigint,
    { partition = 0, epoch = -1, replicaId = -1, isolationLevel = 0 } = {},
  ) =>
    session.ask(label, 'ListOffsets', {
      replicaId,
      isolationLevel: session.version >= 2 ? isolationLevel : 0,
      topics: [
        {
          name: typeof topic === 'string' ? topic : topic.name,
          partitions: [{ partitionIndex: partition, currentLeaderEpoch: epoch, timestamp }],
        },
      ],
    });
}

export const listOffsetsScenarios: readonly Scenario[] = [
  {
    name: 'special timestamps',
    versions: all,
    async run(session) {
      const topic = await session.create('a', 2);
      const ask = asker(session);
      const special = [-1n, -2n, -3n, -4n, -5n, -6n, -7n, -8n, -9223372036854775808n];
      for (const timestamp of special) await ask(`${timestamp} of an empty log`, topic, timestamp);
      await session.append(topic, [
        { timestamp: 1000n, value: 'a' },
        { timestamp: 3000n, value: 'b' },
        { timestamp: 2000n, value: 'c' },
      ]);
      await session.append(topic, [{ timestamp: 2500n, value: 'd' }]);
      for (const timestamp of special) await ask(`${timestamp}`, topic, timestamp);
      await session.quietly('DeleteRecords', 1, {
        topics: [{ name: topic.name, partitions: [{ partitionIndex: 0, offset: 1 }] }],
        timeoutMs: 1000,
      });
      for (const timestamp of special) await ask(`${timestamp} with a start that moved`, topic, timestamp);
    },
  },
  {
    name: 'by time',
    versions: all,
    async run(session) {
      const topic = await session.create('a', 1);
      const ask = asker(session);
      await ask('of an empty log', topic, 0n);
      await session.append(topic, [
        { timestamp: 1000n, value: 'a' },
        { timestamp: 3000n, value: 'b' },
        { timestamp: 2000n, value: 'c' },
      ]);
      await session.append(topic, [{ timestamp: 2500n, value: 'd' }], { codec: 'gzip' });
      await session.append(
        topic,
        [
          { timestamp: 4000n, value: 'e' },
          { timestamp: 5000n, value: 'f' },
        ],
        { codec: 'lz4' },
      );
      for (const timestamp of [
        0n,
        999n,
        1000n,
        1001n,
        2000n,
        2001n,
        2500n,
        3000n,
        3001n,
        4000n,
        4001n,
        5000n,
        5001n,
        9223372036854775807n,
      ]) {
        await ask(`${timestamp}`, topic, timestamp);
      }
      await session.quietly('DeleteRecords', 1, {
        topics: [{ name: topic.name, partitions: [{ partitionIndex: 0, offset: 2 }] }],
        timeoutMs: 1000,
      });
      for (const timestamp of [0n, 1000n, 3000n]) await ask(`${timestamp} with a start that moved`, topic, timestamp);
    },
  },
  {
    name: 'who asks for what',
    versions: all,
    async run(session) {
      const topic = await session.create('a', 2);
      await session.append(topic, ['one']);
      const ask = asker(session);
      await ask('unknown topic', session.name('b'), LATEST);
      await ask('not a name', 'a b', LATEST);
      await ask('unknown partition', topic, LATEST, { partition: 2 });
      await ask('negative partition', topic, LATEST, { partition: -1 });
      await ask('read committed', topic, LATEST, { isolationLevel: 1 });
      await ask('read committed, max timestamp', topic, -3n, { isolationLevel: 1 });
      await ask('the right epoch', topic, LATEST, { epoch: 0 });
      await ask('the right epoch, by time', topic, 0n, { epoch: 0 });
      await ask('an epoch too new', topic, LATEST, { epoch: 5 });
      if (session.version >= 2) await ask('an isolation level that is none', topic, LATEST, { isolationLevel: 7 });
      await ask('as debugger', topic, LATEST, { replicaId: -2 });
      await ask('as follower that is not one', topic, LATEST, { replicaId: 7 });
      const partition = (partitionIndex: number) => ({ partitionIndex, timestamp: LATEST });
      const several = (label: string, ...partitions: number[]) =>
        session.ask(label, 'ListOffsets', {
          replicaId: -1,
          isolationLevel: 0,
          topics: [{ name: topic.name, partitions: partitions.map(partition) }],
        });
      await several('both partitions', 0, 1);
      await several('the same twice', 0, 0);
      await several('the same twice and another', 0, 1, 0);
      await session.ask('no topics', 'ListOffsets', { replicaId: -1, isolationLevel: 0, topics: [] });
      await several('no partitions');
    },
  },
];
