/**
 * What a broker remembers of transactions when it is stopped or killed in the middle of them: open ones go on, ended ones are finished. Some states
 * are written into `__transaction_state` as another broker could have left them.
 */
import { partitionOfKey } from '../../src/protocol/coordinator-key.ts';
import { transactionRecords } from '../../src/protocol/record/coordinator-records.ts';
import type { TransactionLogValueInput } from '../../src/protocol/record/transaction/transaction-log.ts';
import { TRANSACTIONS_TOPIC } from '../../src/protocol/topic-names.ts';
import { batchOf } from '../harness/batches.ts';
import { RawClient } from '../harness/client.ts';
import type { Scenario, Session, Topic } from '../harness/session.ts';
import {
  describeTransactions,
  NEW_CLIENT,
  OLD_CLIENT,
  pause,
  showCommitted,
  showOffset,
  TransactionalProducer,
  transactionalIdOf,
  untilEnded,
} from './transactional-producer.ts';

/** What is open stays open, however long a restart takes. */
const LONG_MS = 900_000;
/** How many partitions the topic of transactions has. */
const PARTITIONS = 50;
const STATUS = { empty: 0, ongoing: 1, prepareCommit: 2, prepareAbort: 3 } as const;
/** The last epoch but two: a producer id is given up at the last but one. */
const NEARLY_LAST_EPOCH = 32_765;

async function idempotentId(session: Session, name: string): Promise<number> {
  const plain = { transactionalId: null, transactionTimeoutMs: 1000 };
  const { errorCode, producerId } = await session.quietly('InitProducerId', 4, plain);
  if (errorCode !== 0) throw new Error(`no producer id: ${errorCode}`);
  session.nameProducer(producerId, name);
  return producerId;
}

/** Writes the state of a transactional id as a coordinator would. It is seen when it is loaded. */
async function leave(
  session: Session,
  name: string,
  version: number,
  more: Partial<TransactionLogValueInput> & { topic?: Topic; partition?: number } = {},
): Promise<TransactionalProducer> {
  const { topic, partition = 0, ...rest } = more;
  const producer = await TransactionalProducer.of(session, name, version === 0 ? OLD_CLIENT : NEW_CLIENT);
  producer.producerId = await idempotentId(session, `producer of ${name}`);
  producer.epoch = rest.producerEpoch ?? 3;
  const now = Date.now();
  const value: TransactionLogValueInput = {
    producerId: producer.producerId,
    producerEpoch: producer.epoch,
    transactionTimeoutMs: LONG_MS,
    transactionStatus: STATUS.empty,
    transactionPartitions: topic === undefined ? null : [{ topic: topic.name, partitionIds: [partition] }],
    transactionLastUpdateTimestampMs: now,
    transactionStartTimestampMs: topic === undefined ? -1 : now,
    ...(version === 0 ? {} : { clientTransactionVersion: 2 }),
    ...rest,
  };
  const { transactionalId } = producer;
  const key = transactionRecords.encodeKey('transactionLog', { transactionalId });
  const bytes = transactionRecords.encodeValue('transactionLog', version, value);
  const records = batchOf([{ timestamp: BigInt(now), key: key.toString('latin1'), value: bytes }]);
  const state = { name: TRANSACTIONS_TOPIC, id: topic?.id ?? ('' as Topic['id']) };
  const client = await RawClient.open(session.target.port);
  // Only this client may write there.
  client.clientId = '__admin_client';
  const request = session.produceOf([
    { topic: state, partition: partitionOfKey(transactionalId, PARTITIONS), records },
  ]);
  const { responses } = await client.ask('Produce', 9, request);
  client.close();
  const code = responses[0]?.partitionResponses[0]?.errorCode;
  if (code !== 0) throw new Error(`the state of ${name} was not written: ${code}`);
  return producer;
}

async function leaderEpochOf(session: Session, name: string): Promise<number> {
  const partitions = [{ partitionIndex: 0, timestamp: -1n }];
  const request = { replicaId: -1, isolationLevel: 0, topics: [{ name, partitions }] };
  const { topics } = await session.quietly('ListOffsets', 7, request);
  return topics[0]?.partitions[0]?.leaderEpoch ?? -1;
}

async function nameEpochs(session: Session, topic: Topic, what: string): Promise<void> {
  session.nameEpoch(await leaderEpochOf(session, topic.name), `epoch of the ${what}`);
  session.nameCoordinatorEpoch(await leaderEpochOf(session, TRANSACTIONS_TOPIC), `coordinator epoch of the ${what}`);
}

async function look(
  session: Session,
  when: string,
  topic: Topic,
  groupId: string,
  ids: readonly string[],
): Promise<void> {
  for (const id of ids) await describeTransactions(session, `${when}: transaction`, [id]);
  for (const partition of [0, 1]) {
    await showCommitted(session, `${when}: committed of ${partition}`, topic, partition);
    await session.show(`${when}: stored in ${partition}`, topic, partition);
  }
  await showOffset(session, `${when}: the stable offset`, groupId, topic);
  await showOffset(session, `${when}: the offset`, groupId, topic, false);
  const topics = [{ name: topic.name, partitionIndexes: [0, 1] }];
  await session.ask(`${when}: producers`, 'DescribeProducers', { topics }, { version: 0 });
}

async function restart(
  session: Session,
  how: 'stop' | 'kill',
  topic: Topic,
  producers: readonly TransactionalProducer[],
): Promise<void> {
  session.reconnect();
  await session.target.restart(how);
  await session.settled(topic, 2);
  await session.settled({ ...topic, name: TRANSACTIONS_TOPIC }, PARTITIONS);
  await session.group('g');
  for (const { transactionalId } of producers) {
    await transactionalIdOf(session, transactionalId.slice(session.prefix.length));
    await untilEnded(session, transactionalId);
  }
}

export const transactionsRestartScenarios: readonly Scenario[] = (['stop', 'kill'] as const).map((how) => ({
  name: how,
  versions: [0],
  async run(session: Session): Promise<void> {
    const topic = await session.create('a', 2);
    const groupId = await session.group('g');
    const begun = (name: string, client = NEW_CLIENT) =>
      TransactionalProducer.begun(session, name, client, { transactionTimeoutMs: LONG_MS });
    const [t, committed, aborted, empty] = [await begun('t'), await begun('c'), await begun('d'), await begun('e')];
    const u = await begun('u', OLD_CLIENT);
    await nameEpochs(session, topic, 'beginning');
    for (const producer of [committed, aborted]) await producer.produce(null, topic);
    const beforeCommit = committed.twin();
    await committed.end('committed', true);
    await aborted.end('aborted', false);
    await t.produce('t', topic, { count: 2 });
    await t.commitOffset('an offset of t', groupId, topic, 5);
    await u.add(null, [[topic, 0, 1]]);
    await u.produce('u', topic, { partition: 1 });
    const ofOthers = [
      await leave(session, 'last epochs', 1, { producerEpoch: NEARLY_LAST_EPOCH }),
      await leave(session, 'last epochs, open', 1, {
        producerEpoch: NEARLY_LAST_EPOCH,
        transactionStatus: STATUS.ongoing,
        topic,
      }),
      await leave(session, 'to commit', 1, { transactionStatus: STATUS.prepareCommit, topic }),
      await leave(session, 'to abort', 0, { transactionStatus: STATUS.prepareAbort, topic, partition: 1 }),
      await leave(session, 'open for too long', 0, {
        transactionStatus: STATUS.ongoing,
        topic,
        transactionStartTimestampMs: Date.now() - 100_000,
        transactionTimeoutMs: 1000,
      }),
    ] as const;
    const [last, lastOpen, , , tooLong] = ofOthers;
    const all = [t, u, committed, aborted, empty, ...ofOthers];
    const ids = all.map(({ transactionalId }) => transactionalId);
    await look(session, 'before', topic, groupId, ids);

    await restart(session, how, topic, all);
    await nameEpochs(session, topic, 'first restart');
    while ((await untilEnded(session, tooLong.transactionalId)) === 'Ongoing') await pause();
    await look(session, 'after', topic, groupId, ids);
    await beforeCommit.end('a commit again', true);
    await aborted.end('an abort of nothing', false);
    await t.produce('t again', topic, { baseSequence: 0, count: 2 });
    await t.produce('t, a gap', topic, { baseSequence: 7 });
    await t.produce('t goes on', topic);
    await t.end('t commits', true);
    await u.produce('u begins elsewhere', topic);
    await u.produce('u goes on', topic, { partition: 1 });
    await empty.produce('the empty one begins', topic, { partition: 1 });
    await last.init('the last epoch but one', { transactionTimeoutMs: LONG_MS });
    await last.init('a new producer id', { transactionTimeoutMs: LONG_MS });
    await last.produce('with the new producer id', topic);
    await lastOpen.produce('of the last epoch but two', topic);
    await lastOpen.end('the last epoch', true);
    await lastOpen.produce('of the last epoch', topic);
    await lastOpen.end('a new producer id instead of an epoch', true);
    await lastOpen.produce('of the new producer id', topic);
    await lastOpen.end('and on', false);
    await look(session, 'then', topic, groupId, ids);

    await restart(session, how, topic, all);
    await nameEpochs(session, topic, 'second restart');
    await look(session, 'after the second', topic, groupId, ids);
    await u.end('u aborts', false);
    await empty.end('the empty one commits', true);
    await last.end('the one with a new producer id commits', true);
    await t.init('t begins again');
    await look(session, 'at last', topic, groupId, ids);
  },
}));
