/** One broker with two shards answers every scenario as Apache Kafka 4.4 did (expected/, written by record.ts). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { TestBroker } from '../harness/broker.ts';
import { RawClient } from '../harness/client.ts';
import { type Expected, expectedFor, SCENARIOS, transcript } from './scenarios.ts';
import type { Target } from './session.ts';
import { OVERRIDES } from './settings.ts';

/** A broker that runs already, for work on the handlers: `ODRADEK_PORT=9092 node --test test/api/conformance.test.ts`. */
const running = process.env['ODRADEK_PORT'];
let broker: TestBroker | null = null;
let target: Target;

before(async () => {
  if (running === undefined) broker = await TestBroker.start({ overrides: OVERRIDES });
  const port = broker?.port ?? Number(running);
  const client = await RawClient.open(port);
  const { clusterId } = await client.ask('DescribeCluster', 0, {
    includeClusterAuthorizedOperations: false,
    includeFencedBrokers: false,
  });
  client.close();
  target = { port, clusterId, isLazy: false };
});

after(async () => {
  await broker?.close();
});

function read(file: string): Expected {
  const text = readFileSync(join(import.meta.dirname, 'expected', `${file}.json`), 'utf8');
  // oxlint-disable-next-line no-unsafe-type-assertion -- written by record.ts
  return JSON.parse(text) as Expected;
}

for (const [file, scenarios] of Object.entries(SCENARIOS)) {
  describe(file, () => {
    const expected = read(file);
    for (const scenario of scenarios) {
      test(scenario.name, async () => {
        for (const version of scenario.versions) {
          const wanted = expectedFor(expected[scenario.name], version);
          assert.ok(wanted, `no answer of Kafka was recorded for version ${version}`);
          const steps = await transcript(scenario, version, target);
          for (const [i, [label, answer]] of steps.entries()) {
            assert.deepEqual(answer, wanted[i]?.[1], `version ${version}, ${label}`);
          }
          assert.equal(steps.length, wanted.length, `version ${version}: the number of steps`);
        }
      });
    }
  });
}
