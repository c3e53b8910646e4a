/** Produce: sequences of idempotent producers (KIP-98): duplicates, gaps, epochs, what wraps around. */
import { type BatchOptions, batchOf } from '../harness/batches.ts';
import type { Scenario, Session, Topic } from '../harness/session.ts';

const VERSIONS = [3, 8, 12, 13];
const MAX_SEQUENCE = 0x7fffffff;

async function producer(session: Session): Promise<number> {
  const { producerId } = await session.quietly('InitProducerId', 4, {
    transactionalId: null,
    transactionTimeoutMs: 60_000,
  });
  return producerId;
}

function asker(session: Session, topic: Topic, producerId: number) {
  return (
    label: string,
    sequence: number,
    count = 1,
    more: BatchOptions & { epoch?: number; partition?: number } = {},
  ) => {
    const { epoch = 0, partition = 0, ...rest } = more;
    const values = Array.from({ length: count }, (_, i) => `${label} ${i}`);
    const records = batchOf(values, { producerId, producerEpoch: epoch, baseSequence: sequence, ...rest });
    return session.ask(label, 'Produce', session.produceOf([{ topic, partition, records }]));
  };
}

export const idempotenceScenarios: readonly Scenario[] = [
  {
    name: 'sequences',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a', 2);
      const ask = asker(session, topic, await producer(session));
      await ask('first', 0, 2);
      await ask('second', 2, 3);
      await ask('a gap', 6);
      await ask('the second again', 2, 3);
      await ask('the first again', 0, 2);
      await ask('a part of the second', 3, 1);
      await ask('across both', 1, 2);
      await ask('longer than the second', 2, 4);
      await ask('third, compressed', 5, 1, { codec: 'gzip' });
      await ask('third again, not compressed', 5, 1);
      await ask('another partition has its own', 0, 1, { partition: 1 });
      await ask('a gap there', 5, 1, { partition: 1 });
      await session.show('what is stored', topic);
    },
  },
  {
    name: 'five batches are remembered',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a');
      const ask = asker(session, topic, await producer(session));
      for (let i = 0; i < 7; i++) await ask(`batch ${i}`, i);
      for (let i = 6; i >= 0; i--) await ask(`batch ${i} again`, i);
      await session.show('what is stored', topic);
    },
  },
  {
    name: 'epochs',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a');
      const ask = asker(session, topic, await producer(session));
      await ask('epoch 0', 0);
      await ask('epoch 1 begins with 0', 0, 1, { epoch: 1 });
      await ask('epoch 0 is fenced', 1, 1, { epoch: 0 });
      await ask('a duplicate of epoch 0 is fenced', 0, 1, { epoch: 0 });
      await ask('epoch 1 goes on', 1, 1, { epoch: 1 });
      await ask('epoch 2 begins with 5', 5, 1, { epoch: 2 });
      await ask('epoch 5 begins with 0', 0, 1, { epoch: 5 });
      await ask('the last epoch', 0, 1, { epoch: 32767 });
      await ask('a negative epoch', 0, 1, { epoch: -1 });
      await session.show('what is stored', topic);
    },
  },
  {
    name: 'unknown producers and wrapping',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a', 2);
      await asker(session, topic, await producer(session))('an unknown producer begins with 7', 7);
      const ask = asker(session, topic, await producer(session));
      await ask('near the end', MAX_SEQUENCE - 1);
      await ask('over the end', MAX_SEQUENCE, 3);
      await ask('goes on', 2);
      await ask('over the end again', MAX_SEQUENCE, 3);
      await ask('after the end', 3);
      const exact = asker(session, topic, await producer(session));
      await exact('the last', MAX_SEQUENCE, 1, { partition: 1 });
      await exact('the first after it', 0, 1, { partition: 1 });
      await session.show('what is stored', topic);
      await session.show('what is stored in the other', topic, 1);
    },
  },
  {
    name: 'after records are deleted',
    versions: [9],
    async run(session) {
      const topic = await session.create('a');
      const ask = asker(session, topic, await producer(session));
      await ask('first', 0);
      await ask('second', 1);
      await session.quietly('DeleteRecords', 1, {
        topics: [{ name: topic.name, partitions: [{ partitionIndex: 0, offset: -1 }] }],
        timeoutMs: 1000,
      });
      await ask('second again', 1);
      await ask('third', 2);
      await ask('a gap', 9);
    },
  },
  {
    name: 'several in one request',
    versions: [9],
    async run(session) {
      const topic = await session.create('a', 3);
      const producerId = await producer(session);
      const of = (sequences: readonly number[]) =>
        session.produceOf(
          sequences.map((baseSequence, partition) => ({
            topic,
            partition,
            records: batchOf([`${baseSequence}`], { producerId, producerEpoch: 0, baseSequence }),
          })),
        );
      await session.ask('all begin', 'Produce', of([0, 0, 0]));
      await session.ask('one goes on, one repeats, one leaves a gap', 'Produce', of([1, 0, 2]));
    },
  },
];
