/** WriteTxnMarkers: what a transaction coordinator tells partitions, here without one. Kafka never answers where a marker has a partition twice. */
import type { RequestInputOf } from '../../src/protocol/schema/index.ts';
import { batchOf } from '../harness/batches.ts';
import { servedVersions } from '../harness/client.ts';
import type { Scenario, Session, Topic } from '../harness/session.ts';
import {
  NEW_CLIENT,
  OLD_CLIENT,
  recordOf,
  showCommitted,
  showOffset,
  TransactionalProducer,
} from './transactional-producer.ts';

const VERSIONS = servedVersions('WriteTxnMarkers');

type Marker = NonNullable<RequestInputOf<'WriteTxnMarkers'>['markers']>[number];

/** Kafka's levels of transaction.version, where the request can say them. */
function levelsOf({ version }: Session): readonly number[] {
  return version >= 2 ? [0, 1, 2] : [0];
}

function marker(session: Session, topics: readonly (readonly [string, ...number[]])[], more: Partial<Marker>): Marker {
  return {
    producerId: 1,
    producerEpoch: 0,
    transactionResult: true,
    coordinatorEpoch: 0,
    ...(session.version >= 2 ? { transactionVersion: 0 } : {}),
    topics: topics.map(([name, ...partitionIndexes]) => ({ name, partitionIndexes })),
    ...more,
  };
}

function ask(session: Session, label: string, ...markers: Marker[]): Promise<unknown> {
  return session.ask(label, 'WriteTxnMarkers', { markers });
}

async function producers(session: Session, label: string, topic: Topic): Promise<void> {
  const topics = [{ name: topic.name, partitionIndexes: [0] }];
  await session.ask(label, 'DescribeProducers', { topics }, { version: 0 });
}

/** A producer id that nobody has. */
async function strangerOf(session: Session, name: string): Promise<number> {
  const { producerId } = await session.quietly('InitProducerId', 4, {
    transactionalId: null,
    transactionTimeoutMs: 1000,
  });
  session.nameProducer(producerId, name);
  return producerId;
}

export const writeTxnMarkersScenarios: readonly Scenario[] = [
  {
    name: 'partitions that there are and are not',
    versions: VERSIONS,
    async run(session) {
      const a = await session.create('a', 2);
      const b = await session.create('b');
      const nothing = session.name('nothing');
      const first = await strangerOf(session, 'first');
      const second = await strangerOf(session, 'second');
      await ask(session, 'no marker');
      await ask(session, 'no topic', marker(session, [], { producerId: first }));
      await ask(session, 'no partition', marker(session, [[a.name]], { producerId: first }));
      await ask(session, 'an unknown topic', marker(session, [[nothing, 0]], { producerId: first }));
      await ask(session, 'an unknown partition', marker(session, [[a.name, 2]], { producerId: first }));
      await ask(session, 'a negative partition', marker(session, [[a.name, -1]], { producerId: first }));
      await ask(
        session,
        'some of each',
        marker(
          session,
          [
            [a.name, 0, 5, 1],
            [nothing, 0],
            [b.name, 0],
          ],
          { producerId: first },
        ),
      );
      await ask(
        session,
        'two producers',
        marker(session, [[a.name, 0, 1]], { producerId: first, transactionResult: false }),
        marker(
          session,
          [
            [a.name, 0],
            [b.name, 0],
          ],
          { producerId: second },
        ),
      );
      await ask(session, 'producer id -1', marker(session, [[b.name, 0]], { producerId: -1 }));
      await session.show('what is stored in a', a);
      await session.show('what is stored in the other partition', a, 1);
      await session.show('what is stored in b', b);
      await producers(session, 'the producers', a);
    },
  },
  {
    name: 'one producer twice',
    versions: VERSIONS,
    async run(session) {
      const a = await session.create('a', 2);
      const producerId = await strangerOf(session, 'first');
      await ask(
        session,
        'of two partitions',
        marker(session, [[a.name, 0]], { producerId }),
        marker(session, [[a.name, 1]], { producerId, transactionResult: false }),
      );
      await ask(
        session,
        'of one partition',
        marker(session, [[a.name, 0]], { producerId }),
        marker(session, [[a.name, 0]], { producerId, transactionResult: false, producerEpoch: 1 }),
      );
      await session.show('what is stored', a);
      await session.show('what is stored in the other', a, 1);
    },
  },
  {
    name: 'epochs of a producer',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a');
      for (const transactionVersion of levelsOf(session)) {
        const level = session.version >= 2 ? { transactionVersion } : {};
        const label = (text: string): string => `level ${transactionVersion}: ${text}`;
        const producer = await TransactionalProducer.begun(session, `t${transactionVersion}`, NEW_CLIENT);
        for (let i = 0; i < 3; i++) await producer.init(null);
        await producer.produce(label('opened'), topic);
        const { producerId, epoch } = producer;
        const of = (producerEpoch: number, more: Partial<Marker> = {}) =>
          marker(session, [[topic.name, 0]], { producerId, producerEpoch, ...level, ...more });
        await ask(session, label('an epoch before'), of(epoch - 1));
        await ask(session, label('epoch -1'), of(-1));
        await ask(session, label('the epoch that it has'), of(epoch));
        await producers(session, label('the producers'), topic);
        await ask(session, label('the epoch that it has again'), of(epoch, { transactionResult: false }));
        await ask(session, label('the next epoch'), of(epoch + 1, { transactionResult: false }));
        await ask(session, label('the next epoch again'), of(epoch + 1));
        await producers(session, label('the producers then'), topic);
        await producer.produce(label('the epoch before goes on'), topic);
        await ask(session, label('the last epoch'), of(32767));
        await ask(session, label('an epoch in between'), of(1000));
        await producers(session, label('the producers at last'), topic);
      }
      await session.show('what is stored', topic);
      await showCommitted(session, 'what is committed', topic);
    },
  },
  {
    name: 'epochs of a coordinator',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a');
      const producerId = await strangerOf(session, 'first');
      const of = (coordinatorEpoch: number, more: Partial<Marker> = {}) =>
        marker(session, [[topic.name, 0]], { producerId, coordinatorEpoch, ...more });
      await ask(session, 'the first', of(5));
      await ask(session, 'one before', of(4));
      await ask(session, 'one before, of a greater producer epoch', of(4, { producerEpoch: 1 }));
      await ask(session, 'the same', of(5, { transactionResult: false }));
      await ask(session, 'the next', of(6));
      await producers(session, 'the producers', topic);
      await ask(session, 'epoch -1', of(-1));
      await ask(session, 'epoch 0', of(0));
      await ask(session, 'epoch -2', of(-2));
      await producers(session, 'the producers at last', topic);
      const other = await strangerOf(session, 'second');
      await ask(session, 'epoch -1 of another', of(-1, { producerId: other }));
      await ask(session, 'epoch -2 of another', of(-2, { producerId: other }));
      await session.show('what is stored', topic);
    },
  },
  {
    name: 'a marker beside the coordinator',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a');
      const producer = await TransactionalProducer.begun(session, 't', OLD_CLIENT);
      await producer.add(null, [[topic, 0]]);
      await producer.produce('opened', topic);
      await session.append(topic, [recordOf('of another')]);
      await showCommitted(session, 'open', topic);
      await ask(
        session,
        'aborted',
        marker(session, [[topic.name, 0]], {
          producerId: producer.producerId,
          producerEpoch: producer.epoch,
          transactionResult: false,
          coordinatorEpoch: -1,
        }),
      );
      await showCommitted(session, 'aborted is', topic);
      await producer.produce('the producer goes on', topic);
      await showCommitted(session, 'open again', topic);
      await producer.end('the coordinator commits', true);
      await showCommitted(session, 'at last', topic);
      await producers(session, 'the producers', topic);
      // An idempotent producer has no transaction that could end.
      const idempotent = await strangerOf(session, 'idempotent');
      const records = batchOf([recordOf('idempotent')], { producerId: idempotent, producerEpoch: 0, baseSequence: 0 });
      await session.ask('idempotent', 'Produce', session.produceOf([{ topic, records }]), { version: 9 });
      await ask(session, 'of an idempotent producer', marker(session, [[topic.name, 0]], { producerId: idempotent }));
      await producers(session, 'the producers with it', topic);
    },
  },
  {
    name: 'offsets of a group',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a');
      const groupId = await session.group('g');
      for (const transactionVersion of levelsOf(session)) {
        const level = session.version >= 2 ? { transactionVersion } : {};
        const label = (text: string): string => `level ${transactionVersion}: ${text}`;
        for (const transactionResult of [true, false]) {
          const what = transactionResult ? 'commit' : 'abort';
          const producer = await TransactionalProducer.begun(session, `t${transactionVersion}${what}`, OLD_CLIENT);
          const { producerId } = producer;
          await producer.init(null);
          await producer.addOffsets(null, groupId);
          await producer.commitOffset(label(`an offset to ${what}`), groupId, topic, 10 + transactionVersion);
          const all = Array.from({ length: 50 }, (_, partition) => partition);
          const to = async (text: string, more: Partial<Marker>): Promise<void> => {
            const markers = [
              marker(session, [['__consumer_offsets', ...all]], { producerId, transactionResult, ...level, ...more }),
            ];
            const answer = await session.quietly('WriteTxnMarkers', session.version, { markers });
            const codes = answer.markers.flatMap((each) => each.topics.flatMap(({ partitions }) => partitions));
            session.tell(
              label(text),
              codes
                .map(({ errorCode }) => errorCode)
                .toSorted((a, b) => a - b)
                .join(' '),
            );
          };
          await to(`${what}, an epoch before`, { producerEpoch: 0 });
          await showOffset(session, label('before'), groupId, topic);
          await to(what, { producerEpoch: producer.epoch, coordinatorEpoch: 3 });
          await showOffset(session, label(`after the ${what}`), groupId, topic);
          await to(`${what} again`, { producerEpoch: producer.epoch, coordinatorEpoch: 2 });
          await to(`${what}, the next epoch`, { producerEpoch: producer.epoch + 1, coordinatorEpoch: 3 });
          await showOffset(session, label(`after another ${what}`), groupId, topic);
        }
      }
    },
  },
];
