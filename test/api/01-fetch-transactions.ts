/** Fetch and ListOffsets of committed records only: the last stable offset, and the transactions that were aborted (KIP-98). */
import type { ApiName } from '../../src/protocol/schema/index.ts';
import { servedVersions } from '../harness/client.ts';
import type { Scenario, Session, Topic } from '../harness/session.ts';
import { Reader } from './01-fetch-sessions.ts';
import { NEW_CLIENT, OLD_CLIENT, pause, recordOf, TransactionalProducer } from './transactional-producer.ts';

/** Records of long ago and markers of now are in one segment. */
const FOREVER_MS = '1000000000000000';
const LATEST = -1n;
const EARLIEST = -2n;
const MAX_TIMESTAMP = -3n;

type Look = (session: Session, when: string, topic: Topic) => Promise<void>;

/**
 * A partition that transactions are open in, committed and aborted; `look` is what is asked in between. No two markers are of one millisecond, for
 * ListOffsets finds the first of the greatest timestamp.
 */
async function history(session: Session, look: Look): Promise<void> {
  const topic = await session.create('a', 1, { 'segment.ms': FOREVER_MS });
  const t = await TransactionalProducer.begun(session, 't', NEW_CLIENT);
  const u = await TransactionalProducer.begun(session, 'u', OLD_CLIENT);
  const v = await TransactionalProducer.begun(session, 'v', NEW_CLIENT);
  await session.append(topic, [{ timestamp: 1000n, value: 'plain 0' }]);
  await look(session, 'no transaction', topic);
  await t.produce('t 1-2', topic, { count: 2, timestamp: 1500n });
  await session.append(topic, [{ timestamp: 2000n, value: 'plain 3' }]);
  await look(session, 't is open', topic);
  await u.add(null, [[topic, 0]]);
  await u.produce('u 4', topic, { timestamp: 2100n });
  await t.end('t commits', true);
  await pause();
  await look(session, 'u is open', topic);
  await v.produce('v 6-7', topic, { count: 2, timestamp: 2200n });
  await u.produce('u 8', topic, { timestamp: 2600n });
  await u.end('u aborts', false);
  await pause();
  await look(session, 'v is open', topic);
  await session.append(topic, [{ timestamp: 3000n, value: 'plain 10' }]);
  await v.end('v aborts', false);
  await pause();
  await look(session, 'none is open', topic);
  await t.produce('t 12', topic, { timestamp: 3100n });
  await t.end('t aborts', false);
  await pause();
  await t.produce('t 14', topic, { timestamp: 3200n });
  await look(session, 't is open again', topic);
  await t.end('t commits again', true);
  await pause();
  await look(session, 'at last', topic);
  await session.show('all', topic);
}

async function fetched(session: Session, when: string, topic: Topic): Promise<void> {
  for (const isolationLevel of [0, 1]) {
    for (const offset of [0, 4, 8, 11, 15]) {
      const fetch = session.fetchOf([{ topic, offset, maxBytes: isolationLevel === 0 ? 1 : 1 << 20 }], {
        isolationLevel,
      });
      await session.ask(`${when}: ${offset}, isolation ${isolationLevel}`, 'Fetch', fetch);
    }
  }
}

async function listed(session: Session, when: string, topic: Topic): Promise<void> {
  const levels = session.version >= 2 ? [0, 1] : [0];
  const times = [
    LATEST,
    EARLIEST,
    ...(session.version >= 7 ? [MAX_TIMESTAMP] : []),
    500n,
    1400n,
    1500n,
    2150n,
    2500n,
    3050n,
    1n << 45n,
  ];
  for (const isolationLevel of levels) {
    for (const timestamp of times) {
      await session.ask(`${when}: ${timestamp}, isolation ${isolationLevel}`, 'ListOffsets', {
        replicaId: -1,
        isolationLevel,
        topics: [{ name: topic.name, partitions: [{ partitionIndex: 0, timestamp }] }],
      });
    }
  }
}

function scenarioOf(name: string, api: ApiName, look: Look): Scenario {
  return { name, versions: servedVersions(api), run: (session) => history(session, look) };
}

export const fetchTransactionsScenarios: readonly Scenario[] = [
  scenarioOf('committed records', 'Fetch', fetched),
  {
    name: 'small answers',
    versions: [4, 11, 12, 13, 18],
    async run(session) {
      const topic = await session.create('a', 2);
      const t = await TransactionalProducer.begun(session, 't', NEW_CLIENT);
      const u = await TransactionalProducer.begun(session, 'u', NEW_CLIENT);
      for (let i = 0; i < 4; i++) {
        await t.produce(null, topic);
        await u.produce(null, topic);
        await t.end(null, i % 2 === 0);
        await u.end(null, i % 2 === 1);
        await u.produce(null, topic, { partition: 1 });
        await u.end(null, false);
      }
      await t.produce('open', topic);
      for (let offset = 0; offset < 18; offset++) {
        const fetch = session.fetchOf([{ topic, offset, maxBytes: 1 }], { isolationLevel: 1 });
        await session.ask(`from ${offset}, a byte`, 'Fetch', fetch);
      }
      for (const maxBytes of [0, 100, 200, 300, 400]) {
        const both = [0, 1].map((partition) => ({ topic, partition, offset: 1, maxBytes }));
        await session.ask(`${maxBytes} bytes`, 'Fetch', session.fetchOf(both, { isolationLevel: 1, maxBytes }));
      }
      await session.ask('another level', 'Fetch', session.fetchOf([{ topic, offset: 1 }], { isolationLevel: 2 }));
      await t.end('committed', true);
    },
  },
  {
    name: 'a session',
    versions: [7, 12, 13, 18],
    async run(session) {
      const topic = await session.create('a', 2);
      const t = await TransactionalProducer.begun(session, 't', NEW_CLIENT);
      const u = await TransactionalProducer.begun(session, 'u', NEW_CLIENT);
      const reader = new Reader(session);
      let epoch = 0;
      const ask = (label: string, ...offsets: readonly (readonly [partition: number, offset: number])[]) =>
        reader.ask(
          label,
          epoch++,
          offsets.map(([partition, offset]) => ({ topic, partition, offset })),
          { isolationLevel: 1 },
        );
      await ask('full', [0, 0], [1, 0]);
      await t.produce('t', topic);
      await ask('t is open');
      await ask('nothing new');
      await u.produce('u', topic);
      await u.produce('u', topic, { partition: 1 });
      await ask('u is open');
      await t.end('t commits', true);
      await ask('u is open, t is not');
      await ask('that read', [0, 1]);
      await u.end('u aborts', false);
      await ask('none is open');
      await ask('all read', [0, 4], [1, 2]);
      await ask('nothing new at last');
    },
  },
  {
    name: 'who waits',
    versions: [4, 11, 12, 13, 18],
    async run(session) {
      const topic = await session.create('a');
      const t = await TransactionalProducer.begun(session, 't', NEW_CLIENT);
      const waiting = session.beside();
      const client = await waiting.client();
      const { version } = session;
      for (const [i, committed] of [true, false].entries()) {
        await t.produce(`t ${i}`, topic, { count: 2 });
        // Longer than any test: only an end can be the end of it.
        const request = session.fetchOf([{ topic, offset: 4 * i }], { isolationLevel: 1, maxWaitMs: 60_000 });
        const id = client.post('Fetch', version, request);
        await t.produce('more does not wake who waits', topic);
        await t.end(committed ? 'committed' : 'aborted', committed);
        const answer = client.decode('Fetch', version, await client.exchange(id));
        session.tell(committed ? 'woken by a commit' : 'woken by an abort', answer);
      }
      waiting.close();
    },
  },
  {
    name: 'records that are deleted',
    versions: [4, 12, 18],
    async run(session) {
      const topic = await session.create('a');
      const t = await TransactionalProducer.begun(session, 't', NEW_CLIENT);
      const u = await TransactionalProducer.begun(session, 'u', NEW_CLIENT);
      const remove = (label: string, offset: number) =>
        session.ask(
          label,
          'DeleteRecords',
          { topics: [{ name: topic.name, partitions: [{ partitionIndex: 0, offset }] }], timeoutMs: 10_000 },
          { version: 2 },
        );
      const look = async (when: string): Promise<void> => {
        for (const offset of [0, 2, 5]) {
          const fetch = session.fetchOf([{ topic, offset }], { isolationLevel: 1 });
          await session.ask(`${when}: ${offset}`, 'Fetch', fetch);
        }
        const topics = [{ name: topic.name, partitionIndexes: [0] }];
        await session.ask(`${when}: producers`, 'DescribeProducers', { topics }, { version: 0 });
      };
      await u.produce('u', topic);
      await u.end('u aborts', false);
      // Where the start lies within a batch, Kafka puts the last stable offset to that batch's first, before the start.
      for (const label of ['t 2', 't 3', 't 4']) await t.produce(label, topic);
      await session.append(topic, [recordOf('plain')]);
      await look('open');
      await remove('into an open transaction', 3);
      await look('deleted');
      await remove('past an open transaction', -1);
      await look('all deleted');
      await t.produce('t goes on', topic);
      await look('open still');
      await t.end('t aborts', false);
      await look('at last');
    },
  },
];

export const listOffsetsTransactionsScenarios: readonly Scenario[] = [
  scenarioOf('offsets of committed records', 'ListOffsets', listed),
];
