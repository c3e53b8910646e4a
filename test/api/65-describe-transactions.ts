/** DescribeTransactions: where a transactional id stands (KIP-664). */
import { servedVersions } from '../harness/client.ts';
import type { Scenario } from '../harness/session.ts';
import { describeTransactions, NEW_CLIENT, OLD_CLIENT, TransactionalProducer } from './transactional-producer.ts';

export const describeTransactionsScenarios: readonly Scenario[] = [
  {
    name: 'states',
    versions: servedVersions('DescribeTransactions'),
    async run(session) {
      const a = await session.create('a', 3);
      const b = await session.create('b');
      const groupId = await session.group('g');
      const t = await TransactionalProducer.begun(session, 't', NEW_CLIENT, { transactionTimeoutMs: 12_345 });
      const u = await TransactionalProducer.begun(session, 'u', OLD_CLIENT);
      const nothing = session.name('nothing');
      const show = (label: string, ...ids: string[]) => describeTransactions(session, label, ids);
      await show('none');
      await show('an unknown one', nothing);
      await show('the empty id', '');
      await show('new ones', t.transactionalId, u.transactionalId);
      await show('some of each', u.transactionalId, nothing, t.transactionalId, '');
      await show('one twice', t.transactionalId, t.transactionalId);
      await t.produce(null, a, { partition: 2 });
      await t.produce(null, a);
      await t.produce(null, b);
      await u.addOffsets(null, groupId);
      await show('open', t.transactionalId, u.transactionalId);
      await t.commitOffset('an offset', groupId, a, 1);
      await u.add(null, [[a, 1]]);
      await show('open, with more', t.transactionalId, u.transactionalId);
      await t.end(null, true);
      await u.end(null, false);
      await show('ended', t.transactionalId, u.transactionalId);
      await t.init(null);
      await u.init(null, { transactionTimeoutMs: 1000 });
      await show('begun again', t.transactionalId, u.transactionalId);
    },
  },
];
