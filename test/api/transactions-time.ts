/** Transactions that stay open for longer than their timeout: the coordinator aborts them, and fences the producer (KIP-98, KIP-890). */
import type { Scenario, Session, Topic } from '../harness/session.ts';
import {
  type ClientVersions,
  NEW_CLIENT,
  OLD_CLIENT,
  pause,
  showCommitted,
  showOffset,
  TransactionalProducer,
  untilEnded,
} from './transactional-producer.ts';

const TIMEOUT_MS = 300;

async function untilTimedOut(producer: TransactionalProducer): Promise<void> {
  while ((await untilEnded(producer.session, producer.transactionalId)) === 'Ongoing') await pause();
  producer.session.tell('it is over', await untilEnded(producer.session, producer.transactionalId));
}

async function openAndWait(
  session: Session,
  name: string,
  client: ClientVersions,
  topic: Topic,
): Promise<TransactionalProducer> {
  const producer = await TransactionalProducer.begun(session, name, client, { transactionTimeoutMs: TIMEOUT_MS });
  if (client.Produce < 12) await producer.add(null, [[topic, 0]]);
  await producer.produce('opened', topic);
  await untilTimedOut(producer);
  await producer.describe(`${name}: timed out`);
  return producer;
}

/** By the version of EndTxn. */
const CLIENTS: Readonly<Record<number, ClientVersions>> = {
  1: {
    ...OLD_CLIENT,
    InitProducerId: 1,
    AddPartitionsToTxn: 1,
    AddOffsetsToTxn: 1,
    TxnOffsetCommit: 1,
    Produce: 7,
    EndTxn: 1,
  },
  4: OLD_CLIENT,
  5: NEW_CLIENT,
};

export const transactionsTimeScenarios: readonly Scenario[] = [
  {
    name: 'a timeout',
    versions: Object.keys(CLIENTS).map(Number),
    async run(session) {
      const client = CLIENTS[session.version] ?? NEW_CLIENT;
      const topic = await session.create('a', 2);
      const groupId = await session.group('g');
      const first = await openAndWait(session, 't', client, topic);
      await first.end('commit', true);
      await first.end('abort', false);
      await first.add('another partition', [[topic, 1]]);
      await first.produce('more', topic);
      await first.produce('elsewhere', topic, { partition: 1 });
      await first.addOffsets('offsets', groupId);
      await first.commitOffset('an offset', groupId, topic, 1);
      const { producerId, epoch } = first;
      if (client.InitProducerId >= 3) await first.init('a new epoch', { producerId, producerEpoch: epoch });
      await first.init('begun again', { transactionTimeoutMs: TIMEOUT_MS });
      if (client.Produce < 12) await first.add(null, [[topic, 0]]);
      await first.produce('opened again', topic);
      await untilTimedOut(first);
      await first.init('begun after that');
      await first.describe('begun');
      if (client.Produce < 12) await first.add(null, [[topic, 0]]);
      await first.produce('in time', topic);
      await first.end('in time', true);
      await session.show('what is stored', topic);
      await showCommitted(session, 'what is committed', topic);
    },
  },
  {
    name: 'a timeout of offsets',
    versions: [4, 5],
    async run(session) {
      const client = CLIENTS[session.version] ?? NEW_CLIENT;
      const topic = await session.create('a');
      const groupId = await session.group('g');
      const producer = await TransactionalProducer.begun(session, 't', client, { transactionTimeoutMs: TIMEOUT_MS });
      if (client.Produce < 12) await producer.addOffsets('the group is added', groupId);
      await producer.commitOffset('an offset', groupId, topic, 5);
      await untilTimedOut(producer);
      await showOffset(session, 'the offset is gone', groupId, topic);
      await producer.describe('timed out');
      await producer.commitOffset('another offset', groupId, topic, 6);
      await producer.end('commit', true);
    },
  },
];
