/** InitProducerId with a transactional id: its epochs, and what becomes of a transaction that is open (KIP-98, KIP-360, KIP-890). */
import { servedVersions } from '../harness/client.ts';
import type { Scenario, Session, Topic } from '../harness/session.ts';
import {
  type ClientVersions,
  NEW_CLIENT,
  OLD_CLIENT,
  showCommitted,
  TransactionalProducer,
  untilEnded,
} from './transactional-producer.ts';

const VERSIONS = servedVersions('InitProducerId');
const HAS_EXPECTATIONS = 3;

/** What a client of that kind asks in the version under test. */
function versionsOf(session: Session, client: ClientVersions): ClientVersions {
  return { ...client, InitProducerId: session.version };
}

async function openTransaction(producer: TransactionalProducer, topic: Topic, label: string | null): Promise<void> {
  if (producer.versions.Produce < 12) await producer.add(label, [[topic, 0]]);
  await producer.produce(label, topic);
}

/** What a producer may still do that has been replaced. */
async function isFenced(old: TransactionalProducer, topic: Topic): Promise<void> {
  await old.add('the old one adds a partition', [[topic, 1]]);
  await old.produce('the old one produces', topic);
  await old.addOffsets('the old one adds offsets', old.session.name('g'));
  await old.end('the old one commits', true);
  await old.end('the old one aborts', false);
  if (old.session.version >= HAS_EXPECTATIONS) {
    const { producerId, epoch } = old;
    await old.init('the old one asks for a new epoch', { producerId, producerEpoch: epoch });
  }
}

/** The first answer, and the one when that is done which the first one began. */
async function initWhileOngoing(
  session: Session,
  producer: TransactionalProducer,
  more: { producerId?: number; producerEpoch?: number } = {},
): Promise<void> {
  const request = { transactionalId: producer.transactionalId, transactionTimeoutMs: 60_000, ...more };
  await session.ask('at once', 'InitProducerId', request);
  session.tell('the state after it', await untilEnded(session, producer.transactionalId));
  await producer.describe('the transaction is aborted');
  await producer.init('when it is aborted', more);
}

export const initTransactionalProducerIdScenarios: readonly Scenario[] = [
  {
    name: 'transactional ids',
    versions: VERSIONS,
    async run(session) {
      const versions = versionsOf(session, NEW_CLIENT);
      const producer = await TransactionalProducer.of(session, 't', versions);
      await producer.init('a new id');
      await producer.describe('it is there');
      await producer.init('again');
      await producer.init('another timeout', { transactionTimeoutMs: 1 });
      await producer.describe('it has the new timeout');
      for (const transactionTimeoutMs of [0, -1, 900_000, 900_001, 0x7fffffff]) {
        await producer.init(`timeout ${transactionTimeoutMs}`, { transactionTimeoutMs });
      }
      await producer.describe('what is left of it');
      const other = await TransactionalProducer.of(session, 'u', versions);
      await other.init('timeout 0 of a new id', { transactionTimeoutMs: 0 });
      await other.init('a timeout that is too long of a new id', { transactionTimeoutMs: 900_001 });
      await other.describe('it is not there');
      await other.init('the empty id', { transactionalId: '' });
      await other.init('an id of strange letters', { transactionalId: session.name(' ä/\u0000 ') });
    },
  },
  {
    name: 'expected ids and epochs',
    versions: VERSIONS.filter((version) => version >= HAS_EXPECTATIONS),
    async run(session) {
      const producer = await TransactionalProducer.begun(session, 't', versionsOf(session, NEW_CLIENT));
      const { producerId } = producer;
      const ask = (label: string, producerEpoch: number, id = producerId) =>
        producer.init(label, { producerId: id, producerEpoch });
      await ask('the epoch that it has', 0);
      await ask('that again', 0);
      await ask('the next', 1);
      await ask('two epochs ago', 0);
      await ask('an epoch to come', 3);
      await ask('another id', 2, producerId + 100_000);
      await ask('another id and epoch', 7, producerId + 100_000);
      await ask('no epoch', -1);
      await ask('no id', 2, -1);
      await ask('neither', -1, -1);
      await ask('the epoch before, of one who expected none', 2);
      await ask('the epoch that it has now', 3);
      await producer.describe('what is left of it');
      const other = await TransactionalProducer.of(session, 'u', versionsOf(session, NEW_CLIENT));
      await other.init('a new transactional id with an id and an epoch', { producerId, producerEpoch: 3 });
      await other.describe('whether it is there');
      await other.init('again', { producerId, producerEpoch: 3 });
    },
  },
  ...([NEW_CLIENT, OLD_CLIENT] as const).map(
    (client): Scenario => ({
      name: `while a transaction is open, EndTxn v${client.EndTxn}`,
      versions: VERSIONS,
      async run(session) {
        const topic = await session.create('a', 2);
        await session.group('g');
        const versions = versionsOf(session, client);
        const producer = await TransactionalProducer.begun(session, 't', versions);
        const old = producer.twin();
        await openTransaction(old, topic, 'opened');
        await initWhileOngoing(session, producer);
        await isFenced(old, topic);
        await openTransaction(producer, topic, 'opened by the new one');
        await producer.end('committed', true);
        await producer.init('after a commit');
        await openTransaction(producer, topic, 'opened once more');
        await producer.end('aborted', false);
        await producer.init('after an abort');
        await producer.describe('at last');
        await session.show('what is stored', topic);
        await showCommitted(session, 'what is committed', topic);
      },
    }),
  ),
  ...([NEW_CLIENT, OLD_CLIENT] as const).map(
    (client): Scenario => ({
      name: `expected epochs while a transaction is open, EndTxn v${client.EndTxn}`,
      versions: VERSIONS.filter((version) => version >= HAS_EXPECTATIONS),
      async run(session) {
        const topic = await session.create('a', 2);
        await session.group('g');
        const producer = await TransactionalProducer.begun(session, 't', versionsOf(session, client));
        await openTransaction(producer, topic, 'opened');
        const { producerId, epoch } = producer;
        const old = producer.twin();
        await initWhileOngoing(session, producer, { producerId, producerEpoch: epoch });
        await isFenced(old, topic);
        await openTransaction(producer, topic, 'opened by the new one');
        await producer.end('committed', true);
        const now = { producerId: producer.producerId, producerEpoch: producer.epoch };
        await producer.init('after a commit', now);
        await producer.init('after a commit, again', now);
        await producer.init('the epoch before that', { ...now, producerEpoch: now.producerEpoch - 1 });
        await openTransaction(producer, topic, 'opened once more');
        await session.show('what is stored', topic);
      },
    }),
  ),
  ...([NEW_CLIENT, OLD_CLIENT] as const).map(
    (client): Scenario => ({
      name: `wrong epochs while a transaction is open, EndTxn v${client.EndTxn}`,
      versions: VERSIONS.filter((version) => version >= HAS_EXPECTATIONS),
      async run(session) {
        const topic = await session.create('a', 2);
        const wrong: readonly (readonly [label: string, id: number, epoch: number])[] = [
          ['another id', 100_000, 0],
          ['another id and epoch', 100_000, 1],
          ['an epoch to come', 0, 1],
          ['the epoch before', 0, -1],
          ['two epochs before', 0, -2],
        ];
        for (const [i, [label, id, epoch]] of wrong.entries()) {
          const producer = await TransactionalProducer.begun(session, `t${i}`, versionsOf(session, client));
          for (let epochs = 0; epochs < 3; epochs++) await producer.init(null);
          await openTransaction(producer, topic, null);
          session.tell('wrong is', label);
          await initWhileOngoing(session, producer, {
            producerId: producer.producerId + id,
            producerEpoch: producer.epoch + epoch,
          });
          await producer.end('the producer commits', true);
          await producer.describe('at last');
        }
      },
    }),
  ),
  {
    name: 'while another waits',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a', 2);
      const versions = versionsOf(session, NEW_CLIENT);
      const first = await TransactionalProducer.begun(session, 't', versions);
      await openTransaction(first, topic, 'opened');
      const second = first.twin();
      const third = first.twin();
      await second.init('the second');
      await openTransaction(second, topic, 'opened by the second');
      await third.init('the third');
      await openTransaction(second, topic, 'the second goes on');
      await openTransaction(third, topic, 'opened by the third');
      await second.end('the second commits', true);
      await third.end('the third commits', true);
      await first.init('the first comes back', { producerId: -1, producerEpoch: -1 });
      await third.end('the third commits again', true);
      await session.show('what is stored', topic);
    },
  },
];
