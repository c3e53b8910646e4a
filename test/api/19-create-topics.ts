/** CreateTopics: defaults, assignments, settings, every way to be refused. */
import type { RequestInputOf } from '../../src/protocol/schema/index.ts';
import { servedVersions } from '../harness/client.ts';
import type { Scenario, Session } from '../harness/session.ts';

const all = servedVersions('CreateTopics');
type Wanted = Partial<RequestInputOf<'CreateTopics'>['topics'][number]>;

function asker(session: Session) {
  return async (
    label: string,
    wanted: readonly (Wanted & { name: string })[],
    { validateOnly = false, timeoutMs = 30_000, keepOrder = false } = {},
  ) => {
    const topics = wanted.map((each) => ({
      numPartitions: 1,
      replicationFactor: 1,
      assignments: [],
      configs: [],
      ...each,
    }));
    await session.ask(label, 'CreateTopics', { topics, timeoutMs, validateOnly }, { keepOrder });
  };
}

function assigned(...brokers: readonly (readonly number[])[]): Wanted {
  const assignments = brokers.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds }));
  return { numPartitions: -1, replicationFactor: -1, assignments };
}

export const createTopicsScenarios: readonly Scenario[] = [
  {
    name: 'made',
    versions: all,
    async run(session) {
      const ask = asker(session);
      const name = (text: string) => session.name(text);
      await ask('plain', [{ name: name('a') }]);
      await ask('again', [{ name: name('a') }]);
      await ask('three partitions', [{ name: name('b'), numPartitions: 3 }]);
      await ask('two at once', [{ name: name('d') }, { name: name('c') }], { keepOrder: true });
      await ask('assigned', [{ name: name('e'), ...assigned([1], [1]) }]);
      if (session.version >= 4) {
        await ask('defaults', [{ name: name('f'), numPartitions: -1, replicationFactor: -1 }]);
        await ask('default partitions', [{ name: name('g'), numPartitions: -1 }]);
        await ask('default replication', [{ name: name('h'), replicationFactor: -1 }]);
      } else {
        await ask('defaults', [{ name: name('f'), numPartitions: -1, replicationFactor: -1 }]);
      }
      await ask('only validated', [{ name: name('i'), numPartitions: 2 }], { validateOnly: true });
      await ask('only validated is not made', [{ name: name('i'), numPartitions: 2 }], { validateOnly: true });
      await ask('only validated, there already', [{ name: name('a') }], { validateOnly: true });
      await ask('nothing', []);
    },
  },
  {
    name: 'with settings',
    versions: all,
    async run(session) {
      const ask = asker(session);
      const configs = [
        { name: 'cleanup.policy', value: 'compact' },
        { name: 'retention.ms', value: '1000' },
      ];
      await ask('two', [{ name: session.name('a'), configs }]);
      await ask('two, validated', [{ name: session.name('b'), configs }], { validateOnly: true });
      await ask('null', [{ name: session.name('c'), configs: [{ name: 'retention.ms', value: null }] }]);
      await ask('unknown', [{ name: session.name('d'), configs: [{ name: 'no.such', value: '1' }] }]);
      await ask('not a number', [{ name: session.name('e'), configs: [{ name: 'retention.ms', value: 'x' }] }]);
      await ask('not among the values', [
        { name: session.name('f'), configs: [{ name: 'cleanup.policy', value: 'x' }] },
      ]);
      await ask('out of bounds', [{ name: session.name('g'), configs: [{ name: 'max.message.bytes', value: '-1' }] }]);
      await ask('the same twice', [
        {
          name: session.name('h'),
          configs: [
            { name: 'retention.ms', value: '1' },
            { name: 'retention.ms', value: '2' },
          ],
        },
      ]);
      await ask('retention of tiers without tiers', [
        { name: session.name('i'), configs: [{ name: 'local.retention.ms', value: '100000000000' }] },
      ]);
      await ask('tiers', [{ name: session.name('j'), configs: [{ name: 'remote.storage.enable', value: 'true' }] }]);
      await ask('more in sync than replicas', [
        { name: session.name('k'), configs: [{ name: 'min.insync.replicas', value: '2' }] },
      ]);
      await ask('an empty policy', [{ name: session.name('l'), configs: [{ name: 'cleanup.policy', value: '' }] }]);
      await ask('lag bounds that contradict', [
        {
          name: session.name('m'),
          configs: [
            { name: 'min.compaction.lag.ms', value: '10' },
            { name: 'max.compaction.lag.ms', value: '5' },
          ],
        },
      ]);
      await ask('an empty name', [{ name: session.name('n'), configs: [{ name: '', value: '5' }] }]);
    },
  },
  {
    name: 'refused',
    versions: all,
    async run(session) {
      const ask = asker(session);
      const name = (text: string) => session.name(text);
      await ask('no partitions', [{ name: name('a'), numPartitions: 0 }]);
      await ask('negative partitions', [{ name: name('a'), numPartitions: -2 }]);
      await ask('no replicas', [{ name: name('a'), replicationFactor: 0 }]);
      await ask('negative replicas', [{ name: name('a'), replicationFactor: -2 }]);
      await ask('more replicas than brokers', [{ name: name('a'), replicationFactor: 2 }]);
      await ask('too many partitions', [{ name: name('a'), numPartitions: 10_001 }]);
      await ask('not a name', [{ name: 'a b' }]);
      await ask('an empty name', [{ name: '' }]);
      await ask('a dot', [{ name: '.' }]);
      await ask('two dots', [{ name: '..' }]);
      await ask('too long', [{ name: 'x'.repeat(250) }]);
      await ask('the metadata topic', [{ name: '__cluster_metadata' }]);
      await ask('the same twice', [{ name: name('a') }, { name: name('a') }]);
      await ask('the same twice and another', [{ name: name('a') }, { name: name('z') }, { name: name('a') }]);
      await ask('good and bad', [{ name: name('b') }, { name: 'a b' }, { name: name('c'), replicationFactor: 7 }]);
      await ask('one of them is there', [{ name: name('b') }, { name: name('d') }]);
      await ask('dots', [{ name: name('x.y') }]);
      await ask('collides with dots', [{ name: name('x_y') }]);
      await ask('both collide', [{ name: name('u.v') }, { name: name('u_v') }], { keepOrder: true });
      await ask('a long setting', [
        { name: name('long'), configs: [{ name: 'retention.ms', value: '1'.repeat(30_000) }] },
      ]);
      await ask('the largest numbers', [{ name: name('most'), numPartitions: 0x7fffffff, replicationFactor: 0x7fff }]);
      await ask('no time', [{ name: name('t') }], { timeoutMs: 0 });
      await ask('negative time', [{ name: name('t2') }], { timeoutMs: -1 });
    },
  },
  {
    name: 'assignments refused',
    versions: all,
    async run(session) {
      const ask = asker(session);
      const topic = { name: session.name('a') };
      await ask('with a number of partitions', [{ ...topic, ...assigned([1]), numPartitions: 1 }]);
      await ask('with a number of replicas', [{ ...topic, ...assigned([1]), replicationFactor: 1 }]);
      await ask('with both', [{ ...topic, ...assigned([1]), numPartitions: 1, replicationFactor: 1 }]);
      await ask('no brokers', [{ ...topic, ...assigned([]) }]);
      await ask('an unknown broker', [{ ...topic, ...assigned([7]) }]);
      await ask('a broker twice', [{ ...topic, ...assigned([1, 1]) }]);
      await ask('a negative broker', [{ ...topic, ...assigned([-1]) }]);
      await ask('different numbers', [{ ...topic, ...assigned([1], [1, 2]) }]);
      const gap = [
        { partitionIndex: 0, brokerIds: [1] },
        { partitionIndex: 2, brokerIds: [1] },
      ];
      await ask('a gap', [{ ...topic, numPartitions: -1, replicationFactor: -1, assignments: gap }]);
      const twice = [
        { partitionIndex: 0, brokerIds: [1] },
        { partitionIndex: 0, brokerIds: [1] },
      ];
      await ask('a partition twice', [{ ...topic, numPartitions: -1, replicationFactor: -1, assignments: twice }]);
      const negative = [{ partitionIndex: -1, brokerIds: [1] }];
      await ask('a negative partition', [
        { ...topic, numPartitions: -1, replicationFactor: -1, assignments: negative },
      ]);
    },
  },
];
