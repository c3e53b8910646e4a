/** Transactional ids that nobody uses for a while: the coordinator forgets them (KIP-98, transactional.id.expiration.ms). */
import type { Scenario, Session } from '../harness/session.ts';
import {
  describeTransactions,
  NEW_CLIENT,
  OLD_CLIENT,
  pause,
  showCommitted,
  TransactionalProducer,
} from './transactional-producer.ts';

const NOT_FOUND = 105;

/** An id that is used again while this waits does not count: it waits for as long as it takes. */
async function untilForgotten(session: Session, ...producers: readonly TransactionalProducer[]): Promise<void> {
  for (;;) {
    const transactionalIds = producers.map(({ transactionalId }) => transactionalId);
    const { transactionStates } = await session.quietly('DescribeTransactions', 0, { transactionalIds });
    if (transactionStates.every(({ errorCode }) => errorCode === NOT_FOUND)) return;
    await pause();
  }
}

export const transactionsExpirationScenarios: readonly Scenario[] = ([4, 5] as const).map((version) => ({
  name: `what is forgotten, EndTxn v${version}`,
  versions: [version],
  async run(session: Session): Promise<void> {
    const client = version === 5 ? NEW_CLIENT : OLD_CLIENT;
    const topic = await session.create('a', 2);
    const begun = (name: string) => TransactionalProducer.begun(session, name, client);
    // One after the other: none is to be forgotten while others begin.
    const opened = async (name: string): Promise<TransactionalProducer> => {
      const producer = await begun(name);
      await producer.add(null, [[topic, 0]]);
      await producer.produce(null, topic);
      return producer;
    };
    const committed = await opened('c');
    const before = committed.twin();
    await committed.end(null, true);
    const aborted = await opened('d');
    await aborted.end(null, false);
    const open = await opened('o');
    const empty = await begun('e');
    await untilForgotten(session, empty, committed, aborted);
    for (const { transactionalId } of [empty, committed, aborted, open]) {
      await describeTransactions(session, 'then', [transactionalId]);
    }
    const { transactionStates } = await session.quietly('ListTransactions', 2, {
      stateFilters: [],
      producerIdFilters: [empty, committed, aborted, open].map(({ producerId }) => producerId),
    });
    session.tell('listed', { transactionStates });
    await before.end('a commit again', true);
    await committed.add('a partition', [[topic, 1]]);
    await committed.produce('a record', topic, { partition: 1 });
    await committed.addOffsets('offsets', session.name('g'));
    const { producerId, epoch } = committed;
    await aborted.init('an id and epoch of before', { producerId, producerEpoch: epoch });
    await committed.init('a new beginning');
    await committed.describe('begun');
    await committed.add(null, [[topic, 0]]);
    await committed.produce('a record of a new producer id', topic);
    await committed.end('committed', true);
    await open.produce('the open one goes on', topic);
    await open.end('the open one commits', true);
    await showCommitted(session, 'what is committed', topic);
    await untilForgotten(session, open);
    await open.describe('forgotten, too');
  },
}));
