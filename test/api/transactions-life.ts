/** The whole life of a transactional client with a group, as clients of several releases live it: from 0.11 to 4.4. */
import type { Scenario, Session, Topic } from '../harness/session.ts';
import {
  type ClientVersions,
  NEW_CLIENT,
  OLD_CLIENT,
  showCommitted,
  showOffset,
  TransactionalProducer,
} from './transactional-producer.ts';

/** By the version of Produce. */
const CLIENTS: Readonly<Record<number, ClientVersions>> = {
  // 0.11
  3: { InitProducerId: 0, AddPartitionsToTxn: 0, AddOffsetsToTxn: 0, TxnOffsetCommit: 0, Produce: 3, EndTxn: 0 },
  // 2.1
  7: { InitProducerId: 1, AddPartitionsToTxn: 1, AddOffsetsToTxn: 1, TxnOffsetCommit: 2, Produce: 7, EndTxn: 1 },
  // 2.8
  9: { InitProducerId: 4, AddPartitionsToTxn: 3, AddOffsetsToTxn: 3, TxnOffsetCommit: 3, Produce: 9, EndTxn: 3 },
  // 3.9
  11: OLD_CLIENT,
  // 4.0
  12: NEW_CLIENT,
  // 4.4
  13: { ...NEW_CLIENT, Produce: 13, TxnOffsetCommit: 6 },
};

/** A transaction: two partitions are written to, a group's offset is committed. */
async function transact(
  producer: TransactionalProducer,
  label: string,
  topic: Topic,
  groupId: string,
  offset: number,
): Promise<void> {
  const adds = producer.versions.Produce < 12;
  for (const partition of [0, 1]) {
    if (adds) await producer.add(`${label}: partition ${partition} is added`, [[topic, partition]]);
    await producer.produce(`${label}: ${partition}`, topic, { partition, count: 2 });
  }
  await producer.produce(`${label}: more`, topic, { codec: 'lz4' });
  if (adds) await producer.addOffsets(`${label}: the group is added`, groupId);
  await producer.commitOffset(`${label}: an offset`, groupId, topic, offset);
}

async function show(session: Session, label: string, topic: Topic, groupId: string): Promise<void> {
  await showCommitted(session, `${label}: committed of 0`, topic);
  await showCommitted(session, `${label}: committed of 1`, topic, 1);
  await showOffset(session, `${label}: the stable offset`, groupId, topic);
  await showOffset(session, `${label}: the offset`, groupId, topic, false);
  const topics = [{ name: topic.name, partitionIndexes: [0, 1] }];
  await session.ask(`${label}: producers`, 'DescribeProducers', { topics }, { version: 0 });
}

export const transactionsLifeScenarios: readonly Scenario[] = [
  {
    name: 'a client',
    versions: Object.keys(CLIENTS).map(Number),
    async run(session) {
      const topic = await session.create('a', 2);
      const groupId = await session.group('g');
      const versions = CLIENTS[session.version] ?? NEW_CLIENT;
      const producer = await TransactionalProducer.of(session, 't', versions);
      await producer.init('begins');
      for (const [i, committed] of [true, false, true].entries()) {
        const label = `transaction ${i}`;
        await transact(producer, label, topic, groupId, 10 + i);
        await producer.describe(`${label}: described`);
        await show(session, `${label}, open`, topic, groupId);
        await producer.end(`${label}: ${committed ? 'commit' : 'abort'}`, committed);
        await producer.describe(`${label}: described after it`);
        await show(session, `${label}, ended`, topic, groupId);
      }
      await producer.init('begins again');
      await producer.describe('described at last');
      await transact(producer, 'after it', topic, groupId, 20);
      const old = producer.twin();
      await producer.init('begins while it is open');
      await show(session, 'begun', topic, groupId);
      await old.produce('the old one', topic);
      await old.commitOffset('an offset of the old one', groupId, topic, 30);
      await old.end('the old one commits', true);
      await transact(producer, 'the new one', topic, groupId, 40);
      await producer.end('the new one commits', true);
      await show(session, 'at last', topic, groupId);
      await session.show('all of 0', topic);
      await session.show('all of 1', topic, 1);
    },
  },
];
