/** Transcripts of scenarios: made, shared by the versions that have the same, written and read. */
import type { Json } from './normalise.ts';
import { type Scenario, Session, type Step, type Target } from './session.ts';

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
