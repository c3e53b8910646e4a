/** Brokers of clusters with an older transaction.version answer as Apache Kafka 4.4 does in such a cluster. */
import { describe } from 'node:test';
import { replay } from '../harness/replay.ts';
import { TRANSACTION_LEVELS } from './scenarios.ts';
import { TRANSACTION_OVERRIDES } from './settings.ts';

for (const [level, files] of Object.entries(TRANSACTION_LEVELS)) {
  describe(`transaction.version ${level}`, () => {
    const features = { 'transaction.version': Number(level) };
    replay(import.meta.dirname, files, { overrides: TRANSACTION_OVERRIDES, features });
  });
}
