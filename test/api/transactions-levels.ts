/** Transactions in a cluster whose transaction.version is older (KIP-890): what is told to clients, new ones and old ones, who do not look at it. */
import type { Scenario } from '../harness/session.ts';
import { transactionalProduceScenarios } from './00-produce-transactional.ts';
import { initTransactionalProducerIdScenarios } from './22-init-producer-id-transactional.ts';
import { endTxnScenarios } from './26-end-txn.ts';
import { transactionsLifeScenarios } from './transactions-life.ts';
import { transactionsTimeScenarios } from './transactions-time.ts';

/** Of each kind of client one version, the first and the last. */
function some(scenarios: readonly Scenario[], versions: readonly number[]): Scenario[] {
  return scenarios.map((scenario) => ({
    ...scenario,
    versions: scenario.versions.filter((version) => versions.includes(version)),
  }));
}

const finalized: Scenario = {
  name: 'what is finalized',
  versions: [4],
  async run(session) {
    const request = { clientSoftwareName: 'raw', clientSoftwareVersion: '1' };
    const { finalizedFeatures, supportedFeatures } = await session.quietly('ApiVersions', session.version, request);
    const isOurs = ({ name }: { name: string }): boolean => name === 'transaction.version';
    session.tell('transaction.version', [finalizedFeatures.filter(isOurs), supportedFeatures.filter(isOurs)]);
  },
};

/** Kafka is of no use to new clients here: after the first partition that it cannot add it says "not yet" to every other, for good. */
export const transactionsOfLevel0: readonly Scenario[] = [
  finalized,
  ...some(transactionsLifeScenarios, [3, 11]),
  ...some(transactionalProduceScenarios, [3, 11]),
  ...some(initTransactionalProducerIdScenarios, [5]).filter(({ name }) => / ids|EndTxn v4/.test(name)),
  ...some(endTxnScenarios, [1, 4]),
  ...some(transactionsTimeScenarios, [4]),
];

export const transactionsOfLevel1: readonly Scenario[] = [
  finalized,
  ...some(transactionsLifeScenarios, [3, 11, 12, 13]),
  ...some(transactionalProduceScenarios, [3, 11, 12]),
  ...some(initTransactionalProducerIdScenarios, [5]),
  ...some(endTxnScenarios, [1, 4, 5]),
  ...some(transactionsTimeScenarios, [4, 5]),
];
