/** Produce: batches of transactions (KIP-98, KIP-890). Up to version 11 the client adds the partition before, from version 12 on the broker does. */
import { type BatchOptions, batchOf } from '../harness/batches.ts';
import { servedVersions } from '../harness/client.ts';
import type { Scenario, Session, Topic } from '../harness/session.ts';
import {
  type ClientVersions,
  isInBetween,
  NEW_CLIENT,
  OLD_CLIENT,
  recordOf,
  showCommitted,
  TransactionalProducer,
} from './transactional-producer.ts';

const VERSIONS = servedVersions('Produce');
/** From this version on the broker adds partitions. */
const ADDS = 12;

function versionsOf({ version }: Session): ClientVersions {
  return { ...(version >= ADDS ? NEW_CLIENT : OLD_CLIENT), Produce: version };
}

async function open(producer: TransactionalProducer, topic: Topic, ...partitions: number[]): Promise<void> {
  if (producer.versions.Produce < ADDS) await producer.add(null, [[topic, ...partitions]]);
}

function batch(producer: TransactionalProducer, label: string, baseSequence: number, more: BatchOptions = {}): Buffer {
  const { producerId, epoch } = producer;
  return batchOf([recordOf(label)], { isTransactional: true, producerId, producerEpoch: epoch, baseSequence, ...more });
}

export const transactionalProduceScenarios: readonly Scenario[] = [
  {
    name: 'partitions that are not added',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a', 3);
      const producer = await TransactionalProducer.begun(session, 't', versionsOf(session));
      await producer.produce('nothing is added', topic);
      await producer.describe('whether it is open');
      await producer.add(null, [[topic, 1]]);
      await producer.produce('another is added', topic);
      await producer.produce('the one that is added', topic, { partition: 1 });
      await producer.produce('the same goes on', topic, { partition: 1 });
      const records = [0, 1, 2].map((partition) => ({
        topic,
        partition,
        records: batch(producer, 'all', 2 * (partition % 2)),
      }));
      const { transactionalId } = producer;
      await session.ask('three partitions', 'Produce', session.produceOf(records, { transactionalId }));
      await producer.describe('what is added');
      for (const partition of [0, 1, 2]) await session.show(`partition ${partition}`, topic, partition);
      await producer.end('committed', true);
      for (const partition of [0, 1, 2]) await showCommitted(session, `committed of ${partition}`, topic, partition);
    },
  },
  {
    name: 'a transaction from its beginning to its end',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a', 2);
      const producer = await TransactionalProducer.begun(session, 't', versionsOf(session));
      await open(producer, topic, 0, 1);
      await producer.produce('first', topic, { count: 2 });
      await producer.produce('second', topic);
      await producer.produce('second again', topic, { baseSequence: 2 });
      await producer.produce('a gap', topic, { baseSequence: 7 });
      await producer.produce('first of the other', topic, { partition: 1, codec: 'zstd' });
      const before = producer.twin();
      await producer.end('committed', true);
      await before.produce('the second again after the commit', topic, { baseSequence: 2 });
      await before.produce('the next after the commit', topic, { baseSequence: 3 });
      await open(producer, topic, 0, 1);
      await producer.produce('first of the next transaction', topic);
      await producer.produce('first of the next transaction again', topic, {
        baseSequence: producer.epoch > before.epoch ? 0 : 3,
      });
      await producer.end('aborted', false);
      await producer.end('and nothing', false);
      await open(producer, topic, 0, 1);
      await producer.produce('a sequence too high', topic, { baseSequence: 9 });
      await producer.produce('a sequence too high of the other', topic, { partition: 1, baseSequence: 9 });
      await producer.describe('whether it is open');
      await producer.produce('as it must be', topic, { partition: 1 });
      await producer.end('committed again', true);
      for (const partition of [0, 1]) await session.show(`partition ${partition}`, topic, partition);
      for (const partition of [0, 1]) await showCommitted(session, `committed of ${partition}`, topic, partition);
    },
  },
  {
    name: 'who is not who it says',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a');
      const nothing = session.name('nothing');
      const producer = await TransactionalProducer.begun(session, 't', versionsOf(session));
      const other = await TransactionalProducer.begun(session, 'u', versionsOf(session));
      await producer.init(null);
      const { producerId, epoch } = producer;
      await open(producer, topic, 0);
      await producer.produce('an epoch before', topic, { producerEpoch: epoch - 1 });
      await producer.produce('an epoch to come', topic, { producerEpoch: epoch + 1 });
      await producer.produce('no transactional id', topic, { transactionalId: null });
      await producer.produce('the empty transactional id', topic, { transactionalId: '' });
      await producer.produce('an unknown transactional id', topic, { transactionalId: nothing });
      await producer.produce('the transactional id of another', topic, { transactionalId: other.transactionalId });
      await producer.produce('the producer id of another', topic, { producerId: other.producerId, producerEpoch: 0 });
      await producer.produce('no producer id', topic, { producerId: -1, producerEpoch: -1, baseSequence: -1 });
      await producer.describe('whether it is open');
      await producer.produce('acks 1', topic, { acks: 1, baseSequence: 0 });
      await producer.produce('right', topic);
      await producer.produce('an epoch before, open', topic, { producerEpoch: epoch - 1, baseSequence: 1 });
      await producer.produce('an epoch to come, open', topic, { producerEpoch: epoch + 1, baseSequence: 0 });
      await producer.produce('no transactional id, open', topic, { transactionalId: null, baseSequence: 1 });
      await producer.produce('an unknown transactional id, open', topic, { transactionalId: nothing, baseSequence: 2 });
      await producer.produce('acks 1, open', topic, { acks: 1, baseSequence: 1 });
      await session.show('what is stored', topic);
      await producer.init('a new epoch');
      await producer.produce('the epoch of the transaction that was aborted', topic, {
        producerEpoch: epoch,
        baseSequence: 1,
      });
      await session.show('what is stored then', topic);
      session.tell('the id stays', producer.producerId === producerId);
    },
  },
  {
    name: 'batches without a transaction',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a');
      const producer = await TransactionalProducer.begun(session, 't', versionsOf(session));
      await producer.produce('before any', topic, { isTransactional: false });
      await producer.produce('before any, and no transactional id', topic, {
        isTransactional: false,
        transactionalId: null,
      });
      await producer.produce('the next epoch', topic, {
        isTransactional: false,
        transactionalId: null,
        producerEpoch: producer.epoch + 1,
        baseSequence: 0,
      });
      await producer.init(null);
      await producer.init(null);
      await open(producer, topic, 0);
      await producer.produce('open', topic);
      await producer.produce('inside of one', topic, { isTransactional: false });
      await producer.produce('inside of one, and no transactional id', topic, {
        isTransactional: false,
        transactionalId: null,
      });
      await producer.produce('goes on', topic);
      await producer.end('committed', true);
      await producer.produce('after it', topic, { isTransactional: false });
      await session.show('what is stored', topic);
      await showCommitted(session, 'what is committed', topic);
    },
  },
  {
    name: 'sequences of producers that a partition does not know',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a', 2);
      const producer = await TransactionalProducer.begun(session, 't', versionsOf(session));
      await open(producer, topic, 0, 1);
      await producer.produce('begins with 3', topic, { baseSequence: 3 });
      await producer.produce('begins with 0', topic);
      await producer.produce('goes on', topic);
      await producer.end('committed', true);
      await open(producer, topic, 0, 1);
      await producer.produce('begins with 4', topic, { baseSequence: 4 });
      await producer.produce('begins with 1', topic, { baseSequence: 1 });
      await producer.produce('begins with 0 again', topic, { baseSequence: 0 });
      await producer.init('a new epoch');
      await open(producer, topic, 0, 1);
      await producer.produce('begins with 2', topic, { baseSequence: 2 });
      await producer.produce('begins with 0 at last', topic);
      await producer.end('aborted', false);
      await session.show('what is stored', topic);
      await session.show('what is stored in the other', topic, 1);
    },
  },
  {
    name: 'several in one request',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a', 3);
      const nothing = { name: session.name('nothing'), id: topic.id };
      const t = await TransactionalProducer.begun(session, 't', versionsOf(session));
      const u = await TransactionalProducer.begun(session, 'u', versionsOf(session));
      const ask = (label: string, records: readonly (Buffer | null)[], transactionalId: string | null) =>
        session.ask(
          label,
          'Produce',
          session.produceOf(
            records.flatMap((each, partition) => (each === null ? [] : [{ topic, partition, records: each }])),
            { transactionalId },
          ),
          { isInBetween },
        );
      await open(t, topic, 0, 1, 2);
      await open(u, topic, 0, 1, 2);
      await ask('of two producers', [batch(t, 'a', 0), batch(u, 'b', 0)], t.transactionalId);
      await t.describe('the first');
      await u.describe('the second');
      await ask('with one of no producer', [batch(t, 'a', 0), batchOf([recordOf('plain')])], t.transactionalId);
      await ask(
        'with one that is not of a transaction',
        [batch(t, 'a', 1), null, batch(t, 'b', 0, { isTransactional: false })],
        t.transactionalId,
      );
      const two = Buffer.concat([batch(t, 'a', 2), batch(t, 'b', 3)]);
      await ask('two batches of one partition', [two], t.transactionalId);
      if (session.version < 13) {
        const request = session.produceOf(
          [
            { topic: nothing, records: batch(t, 'a', 0) },
            { topic, partition: 1, records: batch(t, 'b', 0) },
          ],
          { transactionalId: t.transactionalId },
        );
        await session.ask('an unknown topic', 'Produce', request, { isInBetween });
      }
      const negative = session.produceOf(
        [
          { topic, partition: 9, records: batch(t, 'a', 0) },
          { topic, partition: 2, records: batch(t, 'b', 0) },
        ],
        { transactionalId: t.transactionalId },
      );
      await session.ask('an unknown partition', 'Produce', negative, { isInBetween });
      await t.describe('the first at last');
      await t.end('committed', true);
      for (const partition of [0, 1, 2]) await session.show(`partition ${partition}`, topic, partition);
    },
  },
];
