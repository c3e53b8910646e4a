/**
 * Writes expected/ from the answers of an Apache Kafka 4.4 broker that was just started:
 *
 *     node test/api/record.ts 127.0.0.1:9092 [name of a file …]
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RawClient } from '../harness/client.ts';
import { grouped, SCENARIOS, textOf, transcript } from './scenarios.ts';

const [bootstrap = '', ...only] = process.argv.slice(2);
const port = Number(bootstrap.split(':')[1]);
const client = await RawClient.open(port);
const { clusterId } = await client.ask('DescribeCluster', 0, {
  includeClusterAuthorizedOperations: false,
  includeFencedBrokers: false,
});
client.close();

for (const [file, scenarios] of Object.entries(SCENARIOS)) {
  if (only.length > 0 && !only.includes(file)) continue;
  const began = Date.now();
  const expected: Record<string, ReturnType<typeof grouped>> = {};
  for (const scenario of scenarios) {
    const byVersion: [number, Awaited<ReturnType<typeof transcript>>][] = [];
    for (const version of scenario.versions) {
      try {
        byVersion.push([version, await transcript(scenario, version, { port, clusterId, isLazy: true })]);
      } catch (error) {
        throw new Error(`${file}, ${scenario.name}, version ${version}`, { cause: error });
      }
    }
    expected[scenario.name] = grouped(byVersion);
  }
  writeFileSync(join(import.meta.dirname, 'expected', `${file}.json`), textOf(expected));
  process.stdout.write(`${file}: ${scenarios.length} scenarios, ${Date.now() - began} ms\n`);
}
