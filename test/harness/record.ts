/**
 * Writes the folders expected/ of test/api and test/sweep from the answers of an Apache Kafka 4.4 broker:
 *
 *     node test/harness/record.ts 127.0.0.1:9092 [name of a file …]
 *
 * The broker has the settings of test/api/settings.ts (the classic protocol's files are of one with CLASSIC_OVERRIDES, those of transactions of a fresh one with
 * TRANSACTION_OVERRIDES, or EXPIRATION_OVERRIDES, or of a cluster with an older transaction.version); topics that it has already do not matter. `RESTART` is a command that ends it and starts it
 * again; it is given `stop` or `kill`.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CLASSIC,
  EXPIRATION,
  RESTARTS,
  SCENARIOS,
  TRANSACTION_LEVELS,
  TRANSACTION_RESTARTS,
  TRANSACTIONS,
} from '../api/scenarios.ts';
import { SWEEP } from '../sweep/scenarios.ts';
import { targetAt } from './replay.ts';
import type { Scenario, Step, Target } from './session.ts';
import { grouped, textOf, transcript } from './transcripts.ts';

async function record(
  scenarios: readonly Scenario[],
  target: Target,
): Promise<Record<string, Record<string, readonly Step[]>>> {
  const expected: Record<string, Record<string, readonly Step[]>> = {};
  for (const scenario of scenarios) {
    const byVersion: [number, readonly Step[]][] = [];
    for (const version of scenario.versions) {
      try {
        byVersion.push([version, await transcript(scenario, version, target)]);
      } catch (error) {
        throw new Error(`${scenario.name}, version ${version}`, { cause: error });
      }
    }
    expected[scenario.name] = grouped(byVersion);
  }
  return expected;
}

const [bootstrap = '', ...only] = process.argv.slice(2);
const target: Target = {
  ...(await targetAt(Number(bootstrap.split(':')[1]))),
  isLazy: true,
  async restart(how) {
    execFileSync(process.env['RESTART'] ?? 'false', [how], { stdio: 'ignore' });
  },
};
for (const [folder, files] of Object.entries({
  api: {
    ...SCENARIOS,
    ...CLASSIC,
    ...TRANSACTIONS,
    ...RESTARTS,
    ...TRANSACTION_RESTARTS,
    ...EXPIRATION,
    ...TRANSACTION_LEVELS[0],
    ...TRANSACTION_LEVELS[1],
  },
  sweep: SWEEP,
})) {
  for (const [file, scenarios] of Object.entries(files)) {
    if (only.length > 0 && !only.includes(file)) continue;
    const began = Date.now();
    const expected = await record(scenarios, target);
    writeFileSync(join(import.meta.dirname, '..', folder, 'expected', `${file}.json`), textOf(expected));
    process.stdout.write(`${file}: ${scenarios.length} scenarios, ${Date.now() - began} ms\n`);
  }
}
