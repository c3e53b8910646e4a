/** DescribeProducers: idempotent and transactional producers of partitions, and what there is to say of those that do not exist (KIP-664). */
import { batchOf, THEN } from '../harness/batches.ts';
import { servedVersions } from '../harness/client.ts';
import type { Scenario, Session, Topic } from '../harness/session.ts';
import { NEW_CLIENT, OLD_CLIENT, TransactionalProducer } from './transactional-producer.ts';

const VERSIONS = servedVersions('DescribeProducers');

function describe(session: Session, label: string, ...topics: (readonly [Pick<Topic, 'name'>, ...number[]])[]) {
  return session.ask(label, 'DescribeProducers', {
    topics: topics.map(([{ name }, ...partitionIndexes]) => ({ name, partitionIndexes })),
  });
}

export const describeProducersScenarios: readonly Scenario[] = [
  {
    name: 'transactions of both versions',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a', 2);
      for (const versions of [OLD_CLIENT, NEW_CLIENT]) {
        const name = versions === OLD_CLIENT ? 'old' : 'new';
        const producer = await TransactionalProducer.begun(session, name, versions);
        const open = async (): Promise<void> => {
          if (versions === OLD_CLIENT) await producer.add(null, [[topic, 0]]);
        };
        await open();
        await producer.produce(null, topic, { count: 3, timestamp: THEN });
        await describe(session, `${name}: open`, [topic, 0]);
        await producer.produce(null, topic, { timestamp: THEN });
        await describe(session, `${name}: a second batch`, [topic, 0]);
        await producer.end(null, true);
        await describe(session, `${name}: committed`, [topic, 0]);
        await open();
        await producer.produce(null, topic, { count: 2, timestamp: THEN });
        await producer.end(null, false);
        await describe(session, `${name}: aborted`, [topic, 0]);
        await open();
        await producer.produce(null, topic, { timestamp: THEN });
        await producer.init(null);
        await describe(session, `${name}: begun anew`, [topic, 0]);
      }
      await describe(session, 'the other partition', [topic, 1]);
      await describe(session, 'both', [topic, 1, 0]);
    },
  },
  {
    name: 'producers without transactions',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a');
      const send = async (records: Buffer): Promise<void> => {
        await session.quietly('Produce', 9, session.produceOf([{ topic, records }]));
      };
      await send(batchOf(['no producer id']));
      await describe(session, 'none', [topic, 0]);
      const { producerId } = await session.quietly('InitProducerId', 4, {
        transactionalId: null,
        transactionTimeoutMs: 60_000,
      });
      session.nameProducer(producerId, 'idempotent');
      await send(batchOf(['a', 'b'], { producerId, producerEpoch: 0, baseSequence: 0 }));
      await describe(session, 'one', [topic, 0]);
      await send(batchOf(['c'], { producerId, producerEpoch: 3, baseSequence: 0 }));
      await describe(session, 'another epoch', [topic, 0]);
      await session.quietly('DeleteRecords', 1, {
        topics: [{ name: topic.name, partitions: [{ partitionIndex: 0, offset: -1 }] }],
        timeoutMs: 1000,
      });
      await describe(session, 'its records are deleted', [topic, 0]);
    },
  },
  {
    name: 'records of transactions are deleted',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a', 1, { 'segment.ms': '1000000000000000' });
      const look = async (when: string): Promise<void> => {
        await describe(session, `${when}: producers`, [topic, 0]);
        for (const isolationLevel of [0, 1]) {
          await session.ask(
            `${when}: the end for isolation ${isolationLevel}`,
            'ListOffsets',
            {
              replicaId: -1,
              isolationLevel,
              topics: [{ name: topic.name, partitions: [{ partitionIndex: 0, timestamp: -1n }] }],
            },
            { version: 7 },
          );
        }
        for (const offset of [0, 2, 3, 4, 6, 9]) {
          const fetch = session.fetchOf([{ topic, offset }], { isolationLevel: 1 });
          await session.ask(`${when}: committed from ${offset}`, 'Fetch', fetch, { version: 12 });
        }
      };
      const erase = async (offset: number): Promise<void> => {
        await session.ask(
          `records below ${offset} are deleted`,
          'DeleteRecords',
          { topics: [{ name: topic.name, partitions: [{ partitionIndex: 0, offset }] }], timeoutMs: 1000 },
          { version: 2 },
        );
      };
      const t = await TransactionalProducer.begun(session, 't', NEW_CLIENT);
      const u = await TransactionalProducer.begun(session, 'u', NEW_CLIENT);
      await t.produce(null, topic, { count: 2, timestamp: THEN });
      await u.produce(null, topic, { count: 2, timestamp: THEN });
      await look('open');
      await erase(2);
      await look('the first');
      await t.end(null, false);
      await look('the first is aborted');
      await erase(-1);
      await look('all');
      await u.produce(null, topic, { timestamp: THEN });
      await look('the second goes on');
      await u.end(null, false);
      await look('the second is aborted');
      await t.produce(null, topic, { timestamp: THEN });
      await erase(7);
      await look('the marker, too');
      await t.end(null, true);
      await look('at last');
    },
  },
  {
    name: 'what does not exist',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a');
      await describe(session, 'nothing');
      await describe(session, 'a topic without partitions', [topic]);
      await describe(session, 'partitions', [topic, 0, 1, -1]);
      await describe(session, 'the same twice', [topic, 0, 0], [topic, 0]);
      await describe(session, 'a topic', [{ name: session.name('nothing') }, 0]);
      const names = ['', '.', '..', 'not a name', 'x'.repeat(250)];
      await describe(session, 'names that cannot be', ...names.map((name) => [{ name }, 0] as const));
    },
  },
];
