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
