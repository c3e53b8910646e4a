/** Runs scenarios against a broker of ours and compares their transcripts with those of Apache Kafka 4.4 (expected/, written by record.ts). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type BrokerOptions, TestBroker } from './broker.ts';
import { RawClient } from './client.ts';
import type { Scenario, Target } from './session.ts';
import { type Expected, expectedFor, transcript } from './transcripts.ts';

export async function targetAt(port: number): Promise<Target> {
  const client = await RawClient.open(port);
  const { clusterId } = await client.ask('DescribeCluster', 0, {
    includeClusterAuthorizedOperations: false,
    includeFencedBrokers: false,
  });
  client.close();
  return {
    port,
    clusterId,
    isLazy: false,
    restart: () => Promise.reject(new Error('this broker is not started by the tests')),
  };
}

/** What a broker logs where a request met a bug; a test in which that happens has failed (STYLE.md, habit 7). */
const FAULT = /a request met a bug|is dead/;

/**
 * Declares a test for each scenario, all against one broker, which is started before and stopped after them. With `ODRADEK_PORT` it is one that runs
 * already.
 *
 * @param folder where expected/ lies
 */
export function replay(
  folder: string,
  files: Readonly<Record<string, readonly Scenario[]>>,
  options: BrokerOptions,
): void {
  const running = process.env['ODRADEK_PORT'];
  let broker: TestBroker | null = null;
  let target: Target;

  before(async () => {
    if (running === undefined) broker = await TestBroker.start(options);
    target = await targetAt(broker?.port ?? Number(running));
    const started = broker;
    if (started) target = { ...target, restart: (how) => restart(started, how) };
  });

  after(async () => {
    const output = broker?.output ?? '';
    await broker?.close();
    assert.doesNotMatch(output, FAULT);
  });

  for (const [file, scenarios] of Object.entries(files)) {
    describe(file, () => {
      // oxlint-disable-next-line no-unsafe-type-assertion -- written by record.ts
      const expected = JSON.parse(readFileSync(join(folder, 'expected', `${file}.json`), 'utf8')) as Expected;
      for (const scenario of scenarios) {
        test(scenario.name, async () => {
          for (const version of scenario.versions) await compare(scenario, version, target, expected);
        });
      }
    });
  }
}

async function restart(broker: TestBroker, how: 'stop' | 'kill'): Promise<void> {
  if (how === 'kill') await broker.kill();
  else assert.equal(await broker.stop(), 0);
  await broker.startAgain();
}

async function compare(scenario: Scenario, version: number, target: Target, expected: Expected): Promise<void> {
  const wanted = expectedFor(expected[scenario.name], version);
  assert.ok(wanted, `no answer of Kafka was recorded for version ${version}`);
  const steps = await transcript(scenario, version, target);
  for (const [i, [label, answer]] of steps.entries()) {
    assert.deepEqual(answer, wanted[i]?.[1], `version ${version}, ${label}`);
  }
  assert.equal(steps.length, wanted.length, `version ${version}: the number of steps`);
}
