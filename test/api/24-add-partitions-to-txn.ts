/** AddPartitionsToTxn: of clients (to version 3), of brokers that add or verify (from version 4 on, KIP-890). */
import type { RequestInputOf } from '../../src/protocol/schema/index.ts';
import { servedVersions } from '../harness/client.ts';
import type { Scenario, Session, Topic } from '../harness/session.ts';
import { isInBetween, NEW_CLIENT, OLD_CLIENT, TransactionalProducer } from './transactional-producer.ts';

const VERSIONS = servedVersions('AddPartitionsToTxn');
const FOR_BROKERS = 4;

type Transaction = NonNullable<RequestInputOf<'AddPartitionsToTxn'>['transactions']>[number];
type Parts = readonly (readonly [name: string, ...partitions: readonly number[]])[];

interface Who {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
}

const NO_CLIENT = {
  v3AndBelowTransactionalId: '',
  v3AndBelowProducerId: 0,
  v3AndBelowProducerEpoch: 0,
  v3AndBelowTopics: [],
};

function topicsOf(parts: Parts): { name: string; partitions: number[] }[] {
  return parts.map(([name, ...partitions]) => ({ name, partitions }));
}

/** Of one transaction, in any version. */
function one(session: Session, label: string, who: Who, parts: Parts, verifyOnly = false): Promise<unknown> {
  const topics = topicsOf(parts);
  const request =
    session.version >= FOR_BROKERS
      ? { transactions: [{ ...who, verifyOnly, topics }], ...NO_CLIENT }
      : {
          transactions: [],
          v3AndBelowTransactionalId: who.transactionalId,
          v3AndBelowProducerId: who.producerId,
          v3AndBelowProducerEpoch: who.producerEpoch,
          v3AndBelowTopics: topics,
        };
  return session.ask(label, 'AddPartitionsToTxn', request, { isInBetween });
}

/** Of several. */
function several(session: Session, label: string, transactions: readonly Transaction[]): Promise<unknown> {
  const request = { transactions: [...transactions], ...NO_CLIENT };
  return session.ask(label, 'AddPartitionsToTxn', request, { isInBetween });
}

function transaction({ who }: TransactionalProducer, topic: Topic, ...partitions: number[]): Transaction {
  return { ...who, verifyOnly: false, topics: topicsOf([[topic.name, ...partitions]]) };
}

export const addPartitionsToTxnScenarios: readonly Scenario[] = [
  {
    name: 'one transaction',
    versions: VERSIONS,
    async run(session) {
      const a = await session.create('a', 3);
      const b = await session.create('b', 2);
      const nothing = session.name('nothing');
      const producer = await TransactionalProducer.begun(session, 't', OLD_CLIENT);
      await producer.init(null);
      const { who } = producer;
      const ask = (label: string, more: Partial<Who>, ...parts: Parts) =>
        one(session, label, { ...who, ...more }, parts);
      await ask('an unknown transactional id', { transactionalId: nothing }, [a.name, 0]);
      await ask('the empty transactional id', { transactionalId: '' }, [a.name, 0]);
      await ask('another producer id', { producerId: who.producerId + 100_000 }, [a.name, 0, 1], [b.name, 0]);
      await ask('producer id -1', { producerId: -1 }, [a.name, 0]);
      await ask('the epoch before', { producerEpoch: who.producerEpoch - 1 }, [a.name, 0]);
      await ask('an epoch to come', { producerEpoch: who.producerEpoch + 1 }, [a.name, 0]);
      await ask('epoch -1', { producerEpoch: -1 }, [a.name, 0]);
      await ask('an unknown topic', {}, [nothing, 0]);
      await ask('an unknown partition', {}, [a.name, 3]);
      await ask('a negative partition', {}, [a.name, -1]);
      await ask('some of each', {}, [a.name, 0, 7, 1], [nothing, 0], [b.name, 0]);
      await ask('some of each, and an unknown transactional id', { transactionalId: nothing }, [a.name, 0, 7]);
      await producer.describe('none was added');
      await ask('no topic', {});
      await producer.describe('after no topic');
      await ask('no partition', {}, [a.name]);
      await producer.describe('after no partition');
      await ask('the first', {}, [a.name, 1]);
      await producer.describe('it is open');
      await ask('the first again', {}, [a.name, 1]);
      await ask('more', {}, [a.name, 0, 1, 2], [b.name, 1]);
      await ask('a partition twice', {}, [b.name, 0, 0]);
      await ask('a topic twice', {}, [a.name, 0], [a.name, 1]);
      await ask('the same and one that there is not', {}, [a.name, 0], [nothing, 0]);
      await ask('the same, of another epoch', { producerEpoch: who.producerEpoch - 1 }, [a.name, 0]);
      await ask('an internal topic', {}, ['__transaction_state', 0]);
      await producer.describe('with more');
      await producer.end('committed', true);
      await ask('after the commit', {}, [a.name, 0]);
      await producer.describe('it is open again');
      await producer.end('aborted', false);
      await ask('after the abort', {}, [b.name, 1]);
      await producer.end('nothing was written', true);
      await session.show('what is stored in a', a);
      await session.show('what is stored in b', b, 1);
    },
  },
  {
    name: 'after transactions of new clients',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a', 2);
      const producer = await TransactionalProducer.begun(session, 't', NEW_CLIENT);
      const before = producer.who;
      await producer.produce('opened', topic);
      await one(session, 'what is added already', producer.who, [[topic.name, 0]]);
      await one(session, 'one more', producer.who, [[topic.name, 1]]);
      await producer.end('committed', true);
      await one(session, 'the epoch before the commit', before, [[topic.name, 0]]);
      await one(session, 'the epoch after it', producer.who, [[topic.name, 0]]);
      await producer.describe('open');
      await producer.end('aborted', false);
      await producer.describe('aborted');
    },
  },
  {
    name: 'verification',
    versions: VERSIONS.filter((version) => version >= FOR_BROKERS),
    async run(session) {
      const topic = await session.create('a', 3);
      const nothing = session.name('nothing');
      const producer = await TransactionalProducer.begun(session, 't', OLD_CLIENT);
      await producer.init(null);
      const { who } = producer;
      const ask = (label: string, more: Partial<Who>, ...parts: Parts) =>
        one(session, label, { ...who, ...more }, parts, true);
      await ask('nothing is open', {}, [topic.name, 0]);
      await ask('an unknown transactional id', { transactionalId: nothing }, [topic.name, 0]);
      await ask('the empty transactional id', { transactionalId: '' }, [topic.name, 0]);
      await producer.add('two of three are added', [[topic, 0, 1]]);
      await ask('what is added', {}, [topic.name, 0, 1]);
      await ask('what is not', {}, [topic.name, 2]);
      await ask('both', {}, [topic.name, 2, 0]);
      await ask('an unknown topic', {}, [nothing, 0], [topic.name, 0]);
      await ask('a negative partition', {}, [topic.name, -1]);
      await ask('no topic', {});
      await ask('another producer id', { producerId: who.producerId + 100_000 }, [topic.name, 0]);
      await ask('the epoch before', { producerEpoch: who.producerEpoch - 1 }, [topic.name, 0]);
      await ask('an epoch to come', { producerEpoch: who.producerEpoch + 1 }, [topic.name, 0]);
      await producer.describe('it is as it was');
      await producer.end('committed', true);
      await ask('after the commit', {}, [topic.name, 0]);
    },
  },
  {
    name: 'several transactions',
    versions: VERSIONS.filter((version) => version >= FOR_BROKERS),
    async run(session) {
      const topic = await session.create('a', 3);
      const other = await session.create('b', 1);
      const t = await TransactionalProducer.begun(session, 't', NEW_CLIENT);
      const u = await TransactionalProducer.begun(session, 'u', NEW_CLIENT);
      const nothing = session.name('nothing');
      await several(session, 'two', [transaction(t, topic, 0, 1), transaction(u, other, 0)]);
      await several(session, 'one is added to, one verified', [
        transaction(t, topic, 2),
        { ...transaction(u, other, 0), verifyOnly: true },
      ]);
      await several(session, 'one is unknown', [
        transaction(t, topic, 0),
        { ...transaction(u, other, 0), transactionalId: nothing },
      ]);
      await several(session, 'one has a partition that there is not', [
        transaction(t, topic, 0, 9),
        transaction(u, other, 0),
      ]);
      await several(session, 'one is verified, of a partition that there is not', [
        { ...transaction(t, topic, 0, 9), verifyOnly: true },
        transaction(u, other, 0),
      ]);
      await t.describe('the first');
      await u.describe('the second');
      await t.end('the first commits', true);
      await u.end('the second aborts', false);
    },
  },
];
