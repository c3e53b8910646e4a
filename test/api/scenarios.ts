/** All scenarios, a file an API; each is run for each of its versions, and what comes of it is compared with what Kafka answered. */
import type { Json } from './normalise.ts';
import { type Scenario, Session, type Step, type Target } from './session.ts';
import { produceScenarios } from './00-produce.ts';
import { produceErrorScenarios } from './00-produce-errors.ts';
import { idempotenceScenarios } from './00-produce-idempotence.ts';
import { fetchScenarios } from './01-fetch.ts';
import { fetchSessionScenarios } from './01-fetch-sessions.ts';
import { listOffsetsScenarios } from './02-list-offsets.ts';
import { metadataScenarios } from './03-metadata.ts';
import { apiVersionsScenarios } from './18-api-versions.ts';
import { createTopicsScenarios } from './19-create-topics.ts';
import { deleteTopicsScenarios } from './20-delete-topics.ts';
import { deleteRecordsScenarios } from './21-delete-records.ts';
import { initProducerIdScenarios } from './22-init-producer-id.ts';
import { offsetForLeaderEpochScenarios } from './23-offset-for-leader-epoch.ts';
import { describeConfigsScenarios } from './32-describe-configs.ts';
import { createPartitionsScenarios } from './37-create-partitions.ts';
import { describeClusterScenarios } from './60-describe-cluster.ts';
import { describeTopicPartitionsScenarios } from './75-describe-topic-partitions.ts';

/** By the name of the file in expected/. */
export const SCENARIOS: Readonly<Record<string, readonly Scenario[]>> = {
  '00-produce': produceScenarios,
  '00-produce-errors': produceErrorScenarios,
  '00-produce-idempotence': idempotenceScenarios,
  '01-fetch': fetchScenarios,
  '01-fetch-sessions': fetchSessionScenarios,
  '02-list-offsets': listOffsetsScenarios,
  '03-metadata': metadataScenarios,
  '18-api-versions': apiVersionsScenarios,
  '19-create-topics': createTopicsScenarios,
  '20-delete-topics': deleteTopicsScenarios,
  '21-delete-records': deleteRecordsScenarios,
  '22-init-producer-id': initProducerIdScenarios,
  '23-offset-for-leader-epoch': offsetForLeaderEpochScenarios,
  '32-describe-configs': describeConfigsScenarios,
  '37-create-partitions': createPartitionsScenarios,
  '60-describe-cluster': describeClusterScenarios,
  '75-describe-topic-partitions': describeTopicPartitionsScenarios,
};

/** A file of expected/: by scenario and versions ("3-12"), the transcript. */
export type Expected = Readonly<Record<string, Readonly<Record<string, readonly Step[]>>>>;

export async function transcript(scenario: Scenario, version: number, target: Target): Promise<readonly Step[]> {
  const session = new Session(target, version);
  try {
    await scenario.run(session);
    return session.steps;
  } finally {
    session.close();
  }
}

/** Neighbouring versions with the same transcript share it. */
export function grouped(
  byVersion: readonly (readonly [version: number, steps: readonly Step[]])[],
): Record<string, readonly Step[]> {
  const groups: { from: number; to: number; steps: readonly Step[] }[] = [];
  for (const [version, steps] of byVersion) {
    const last = groups.at(-1);
    if (last && JSON.stringify(last.steps) === JSON.stringify(steps)) last.to = version;
    else groups.push({ from: version, to: version, steps });
  }
  return Object.fromEntries(groups.map(({ from, to, steps }) => [from === to ? `${from}` : `${from}-${to}`, steps]));
}

/** The transcript for a version, or null where none was recorded. */
export function expectedFor(
  groups: Readonly<Record<string, readonly Step[]>> | undefined,
  version: number,
): readonly Step[] | null {
  for (const [range, steps] of Object.entries(groups ?? {})) {
    const [from = 0, to = from] = range.split('-').map(Number);
    if (version >= from && version <= to) return steps;
  }
  return null;
}

/** The text of a file of expected/: a line a step. */
export function textOf(expected: Expected): string {
  const scenarios = Object.entries(expected).map(([name, groups]) => {
    const versions = Object.entries(groups).map(([range, steps]) => {
      const lines = steps.map((step) => `      ${line(step)}`);
      return `    ${JSON.stringify(range)}: [\n${lines.join(',\n')}\n    ]`;
    });
    return `  ${JSON.stringify(name)}: {\n${versions.join(',\n')}\n  }`;
  });
  return `{\n${scenarios.join(',\n')}\n}\n`;
}

function line(step: Step): string {
  const value: Json = [...step];
  return JSON.stringify(value);
}
