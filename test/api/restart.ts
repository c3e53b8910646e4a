/** What a broker remembers when it is stopped or killed, and started again: offsets, epochs, producers, topics. */
import { batchOf } from '../harness/batches.ts';
import type { Scenario, Session, Topic } from '../harness/session.ts';

async function look(
  session: Session,
  when: string,
  topic: Topic,
  set: Topic,
  epochs: readonly number[],
): Promise<void> {
  const label = (text: string): string => `${when}: ${text}`;
  const byName = [{ name: topic.name }, { name: set.name }];
  await session.ask(
    label('topics'),
    'Metadata',
    {
      topics: byName,
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: false,
      includeClusterAuthorizedOperations: false,
    },
    { version: 12 },
  );
  for (const timestamp of [-1n, -2n, -3n, 1500n]) {
    const partitions = [0, 1].map((partitionIndex) => ({ partitionIndex, timestamp }));
    const request = { replicaId: -1, isolationLevel: 0, topics: [{ name: topic.name, partitions }] };
    await session.ask(label(`offsets of ${timestamp}`), 'ListOffsets', request, { version: 7 });
  }
  for (const [i, epoch] of [...epochs, 1000].entries()) {
    const topics = [{ topic: topic.name, partitions: [0, 1].map((partition) => ({ partition, leaderEpoch: epoch })) }];
    await session.ask(label(`the end of epoch ${i}`), 'OffsetForLeaderEpoch', { topics }, { version: 4 });
    const fetch = session.fetchOf([{ topic, offset: 1, currentLeaderEpoch: epoch }]);
    for (const version of [12, 18])
      await session.ask(label(`fetched with epoch ${i}, v${version}`), 'Fetch', fetch, { version });
  }
  await session.show(label('the records'), topic);
  const resources = [
    { resourceType: 2, resourceName: set.name, configurationKeys: ['cleanup.policy', 'retention.ms'] },
  ];
  await session.ask(label('settings'), 'DescribeConfigs', { resources }, { version: 4 });
}

/** Which epoch it is now. */
async function epochOf(session: Session, topic: Topic, name: string): Promise<number> {
  const partitions = [{ partitionIndex: 0, timestamp: -1n }];
  const request = { replicaId: -1, isolationLevel: 0, topics: [{ name: topic.name, partitions }] };
  const { topics } = await session.quietly('ListOffsets', 7, request);
  const epoch = topics[0]?.partitions[0]?.leaderEpoch ?? -1;
  session.nameEpoch(epoch, name);
  return epoch;
}

/** A new producer's id. Kafka fetches its block of ids when it is asked for the first time, and has none until then. */
async function newProducer(session: Session): Promise<{ producerId: number }> {
  const LOADING = 14;
  for (;;) {
    const request = { transactionalId: null, transactionTimeoutMs: 1000 };
    const { errorCode, producerId } = await session.quietly('InitProducerId', 4, request);
    if (errorCode !== LOADING) return { producerId };
  }
}

export const restartScenarios: readonly Scenario[] = (['stop', 'kill'] as const).map((how) => ({
  name: how,
  versions: [0],
  async run(session: Session): Promise<void> {
    const topic = await session.create('a', 2);
    const set = await session.create('set', 1, { 'cleanup.policy': 'compact' });
    const gone = await session.create('gone');
    const { producerId } = await newProducer(session);
    const produce = (label: string, baseSequence: number, producerEpoch: number): Promise<unknown> => {
      const records = batchOf([{ timestamp: 1000n + BigInt(baseSequence), key: 'k', value: label }], {
        producerId,
        producerEpoch,
        baseSequence,
      });
      return session.ask(label, 'Produce', session.produceOf([{ topic, records }]), { version: 9 });
    };
    for (const sequence of [0, 1, 2]) await produce(`sequence ${sequence}`, sequence, 0);
    await session.append(topic, [{ timestamp: 5000n, value: 'other' }], { partition: 1, codec: 'lz4' });
    await session.append(set, ['kept']);
    // Where the log starts is written now and then: a broker that is killed may forget it.
    const partitions = how === 'stop' ? [{ partitionIndex: 0, offset: 1 }] : [];
    await session.quietly('DeleteRecords', 2, { topics: [{ name: topic.name, partitions }], timeoutMs: 10_000 });
    await session.quietly('DeleteTopics', 5, { topics: [], topicNames: [gone.name], timeoutMs: 30_000 });
    await session.gone(gone);
    const epochs = [await epochOf(session, topic, 'first epoch')];
    await look(session, 'before', topic, set, epochs);
    for (const round of ['first', 'second']) {
      session.reconnect();
      await session.target.restart(how);
      await session.settled(topic, 2);
      await session.settled(set, 1);
      epochs.push(await epochOf(session, topic, `epoch of the ${round} restart`));
      session.tell(
        `${round}: epochs grow`,
        epochs.every((epoch, i) => i === 0 || epoch > (epochs[i - 1] ?? -1)),
      );
      await look(session, round, topic, set, epochs);
      await produce(`${round}: sequence 2 again`, 2, 0);
      await produce(`${round}: a gap`, 7, 0);
      await produce(`${round}: the next sequence`, round === 'first' ? 3 : 4, 0);
      await session.ask(`${round}: what was deleted`, 'Fetch', session.fetchOf([{ topic: gone, offset: 0 }]), {
        version: 13,
      });
      session.tell(`${round}: a new producer`, await newProducer(session));
    }
    await produce('the next epoch', 0, 1);
    await produce('the epoch before', 5, 0);
    await look(session, 'after', topic, set, epochs);
  },
}));
