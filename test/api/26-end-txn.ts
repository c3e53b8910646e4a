/** EndTxn: commits, aborts, what is said twice; and the epochs of KIP-890, from version 5 on. */
import type { RequestInputOf } from '../../src/protocol/schema/index.ts';
import { servedVersions } from '../harness/client.ts';
import type { Scenario, Session, Topic } from '../harness/session.ts';
import {
  type ClientVersions,
  isInBetween,
  NEW_CLIENT,
  OLD_CLIENT,
  showCommitted,
  TransactionalProducer,
  transactionalIdOf,
} from './transactional-producer.ts';

const VERSIONS = servedVersions('EndTxn');

function versionsOf({ version }: Session): ClientVersions {
  return { ...(version >= 5 ? NEW_CLIENT : OLD_CLIENT), EndTxn: version };
}

async function open(producer: TransactionalProducer, topic: Topic): Promise<void> {
  await producer.add(null, [[topic, 0]]);
  await producer.produce(null, topic);
}

type Request = RequestInputOf<'EndTxn'>;

async function refusals(session: Session, label: string, producer: TransactionalProducer): Promise<void> {
  const { who } = producer;
  const ask = (what: string, more: Partial<Request>) =>
    session.ask(`${label}, ${what}`, 'EndTxn', { ...who, committed: true, ...more }, { isInBetween });
  await ask('an unknown transactional id', { transactionalId: session.name('nothing') });
  await ask('the empty transactional id', { transactionalId: '' });
  await ask('another producer id', { producerId: who.producerId + 100_000 });
  await ask('an epoch to come', { producerEpoch: who.producerEpoch + 1 });
  await ask('epoch -1', { producerEpoch: -1 });
}

export const endTxnScenarios: readonly Scenario[] = [
  {
    name: 'commits and aborts',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a');
      await transactionalIdOf(session, 'nothing');
      const producer = await TransactionalProducer.begun(session, 't', versionsOf(session));
      await refusals(session, 'empty', producer);
      await open(producer, topic);
      await refusals(session, 'open', producer);
      const before = producer.who;
      await producer.end('committed', true);
      await producer.describe('after the commit');
      await producer.end('committed again, with the epoch before', true, before);
      await producer.end('aborted then, with the epoch before', false, before);
      await refusals(session, 'committed', producer);
      await open(producer, topic);
      const then = producer.who;
      await producer.end('of the epoch of the commit before', false, before);
      await producer.end('aborted', false);
      await producer.describe('after the abort');
      await producer.end('aborted again, with the epoch before', false, then);
      await producer.end('committed then, with the epoch before', true, then);
      await producer.end('of long ago', false, before);
      await session.show('what is stored', topic);
      await showCommitted(session, 'what is committed', topic);
    },
  },
  ...([true, false] as const).flatMap((first) =>
    ([true, false] as const).map(
      (then): Scenario => ({
        name: `${first ? 'a commit' : 'an abort'}, and ${then ? 'a commit' : 'an abort'} of nothing`,
        versions: VERSIONS,
        async run(session) {
          const topic = await session.create('a');
          const producer = await TransactionalProducer.begun(session, 't', versionsOf(session));
          await open(producer, topic);
          await producer.end('something', first);
          await producer.end('nothing', then);
          await producer.describe('after nothing');
          await producer.end('nothing again', then);
          await producer.describe('after nothing again');
          await open(producer, topic);
          await producer.end('something again', !first);
          await session.show('what is stored', topic);
        },
      }),
    ),
  ),
  ...([true, false] as const).map(
    (committed): Scenario => ({
      name: `a new id ${committed ? 'commits' : 'aborts'} nothing`,
      versions: VERSIONS,
      async run(session) {
        const topic = await session.create('a');
        const producer = await TransactionalProducer.begun(session, 't', versionsOf(session));
        const before = producer.who;
        await producer.end('nothing', committed);
        await producer.describe('after it');
        await producer.end('nothing, with the epoch before', committed, before);
        await producer.end('nothing again', committed);
        await producer.init('a new epoch');
        await producer.end('nothing after that', committed);
        await producer.describe('after that');
        await open(producer, topic);
        await producer.end('something', committed);
        await session.show('what is stored', topic);
      },
    }),
  ),
  {
    name: 'partitions that nothing was written to',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a', 3);
      const gone = await session.create('gone');
      const producer = await TransactionalProducer.begun(session, 't', versionsOf(session));
      await producer.add(null, [[topic, 0, 2]]);
      await producer.end('committed', true);
      await producer.describe('after the commit');
      for (const partition of [0, 1, 2]) await session.show(`partition ${partition}`, topic, partition);
      await producer.add(null, [
        [topic, 1],
        [gone, 0],
      ]);
      await producer.produce(null, topic, { partition: 1 });
      await session.quietly('DeleteTopics', 5, { topics: [], topicNames: [gone.name], timeoutMs: 30_000 });
      await session.gone(gone);
      await producer.end('a topic is gone', true);
      await producer.describe('after that');
      await showCommitted(session, 'what is committed', topic, 1);
    },
  },
];
