/** AddOffsetsToTxn: the offsets of a group become a part of a transaction (KIP-98). */
import { servedVersions } from '../harness/client.ts';
import type { Scenario } from '../harness/session.ts';
import {
  isInBetween,
  NEW_CLIENT,
  OLD_CLIENT,
  showOffset,
  TransactionalProducer,
  transactionalIdOf,
} from './transactional-producer.ts';

const VERSIONS = servedVersions('AddOffsetsToTxn');

export const addOffsetsToTxnScenarios: readonly Scenario[] = [
  {
    name: 'what is refused',
    versions: VERSIONS,
    async run(session) {
      const groupId = await session.group('g');
      const producer = await TransactionalProducer.begun(session, 't', OLD_CLIENT);
      await producer.init(null);
      const { who } = producer;
      const ask = (label: string, more: Partial<typeof who & { groupId: string }>) =>
        session.ask(label, 'AddOffsetsToTxn', { ...who, groupId, ...more }, { isInBetween });
      await ask('an unknown transactional id', { transactionalId: await transactionalIdOf(session, 'nothing') });
      await ask('the empty transactional id', { transactionalId: '' });
      await ask('another producer id', { producerId: who.producerId + 100_000 });
      await ask('the epoch before', { producerEpoch: who.producerEpoch - 1 });
      await ask('an epoch to come', { producerEpoch: who.producerEpoch + 1 });
      await producer.describe('nothing is open');
      await ask('the empty group', { groupId: '' });
      await producer.describe('with the empty group');
      await ask('a group', {});
      await producer.describe('with a group');
      await ask('the group again', {});
      await ask('another epoch while it is open', { producerEpoch: who.producerEpoch - 1 });
      await producer.end('aborted', false);
    },
  },
  ...([NEW_CLIENT, OLD_CLIENT] as const).map(
    (client): Scenario => ({
      name: `offsets of a group, EndTxn v${client.EndTxn}`,
      versions: VERSIONS,
      async run(session) {
        const topic = await session.create('a');
        const groupId = await session.group('g');
        const versions = { ...client, AddOffsetsToTxn: session.version };
        const producer = await TransactionalProducer.begun(session, 't', versions);
        await producer.commitOffset('an offset before the group is added', groupId, topic, 1);
        await producer.describe('whether it is open');
        await producer.addOffsets('added', groupId);
        await producer.describe('it is open');
        await producer.commitOffset('an offset', groupId, topic, 5);
        await showOffset(session, 'a stable one', groupId, topic);
        await showOffset(session, 'any', groupId, topic, false);
        await producer.end('committed', true);
        await showOffset(session, 'after the commit', groupId, topic);
        await producer.addOffsets('added again', groupId);
        await producer.commitOffset('an offset to forget', groupId, topic, 9);
        await showOffset(session, 'a stable one while it is open', groupId, topic);
        await producer.end('aborted', false);
        await showOffset(session, 'after the abort', groupId, topic);
        await producer.addOffsets('added, and none committed', groupId);
        await producer.end('committed without offsets', true);
        await showOffset(session, 'at last', groupId, topic);
        await producer.describe('what is left');
      },
    }),
  ),
];
