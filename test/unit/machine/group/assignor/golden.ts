/**
 * Groups that Kafka 4.4's own assignors have assigned, step by step (kafka.jsonl, written by test/golden/java's GoldenAssignors).
 *
 * A line is a group. A member of a step is [id, instance id, indexes of its topics, what it had]: in the first step as text, later the index
 * of who had it in the step before, or -1. Assignments as text: `0:0-3,7;2:1`, topics by their index.
 */
import { readFileSync } from 'node:fs';
import type { Uuid } from '../../../../../src/base/uuid.ts';
import { uuidFromText } from '../../../../../src/base/uuid.ts';
import type { AssignorName } from '../../../../../src/machine/group/assignor/index.ts';
import type { AssignmentMember, AssignmentSpec } from '../../../../../src/machine/group/assignor/spec.ts';

interface GoldenGroup {
  readonly assignor: AssignorName;
  readonly topics: readonly string[];
  readonly steps: readonly {
    readonly partitions: readonly number[];
    readonly members: readonly (readonly [string, string | null, readonly number[], string | number])[];
    readonly result: readonly string[];
  }[];
}

export interface GoldenStep {
  readonly name: string;
  readonly assignor: AssignorName;
  readonly spec: AssignmentSpec;
  /** In the order of the spec's members. */
  readonly expected: readonly string[];
  readonly topicIds: readonly Uuid[];
}

export function goldenSteps(): GoldenStep[] {
  const lines = readFileSync(new URL('kafka.jsonl', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.flatMap((line, index) => stepsOf(JSON.parse(line) as GoldenGroup, index + 1));
}

function stepsOf({ assignor, topics, steps }: GoldenGroup, line: number): GoldenStep[] {
  const topicIds = topics.map((text) => uuidFromText(text) as Uuid);
  let before: readonly string[] = [];
  return steps.map(({ partitions, members, result }, index) => {
    const specMembers = new Map<string, AssignmentMember>();
    for (const [memberId, instanceId, subscribed, had] of members) {
      const assigned = fromText(typeof had === 'string' ? had : (before[had] ?? ''), topicIds);
      const ids = new Set(subscribed.map((topic) => topicIds[topic] as Uuid));
      specMembers.set(memberId, { instanceId, rackId: null, topicIds: ids, assigned });
    }
    before = result;
    const counts = new Map(topicIds.map((id, at) => [id, { partitionCount: partitions[at] ?? 0 }]));
    const name = `line ${line} step ${index}`;
    return { name, assignor, spec: { members: specMembers, topics: counts }, expected: result, topicIds };
  });
}

function fromText(text: string, topicIds: readonly Uuid[]): Map<Uuid, number[]> {
  const result = new Map<Uuid, number[]>();
  for (const topic of text.split(';').filter((part) => part !== '')) {
    const [index = '', ranges = ''] = topic.split(':');
    const partitions = ranges.split(',').flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, at) => first + at);
    });
    result.set(topicIds[Number(index)] as Uuid, partitions);
  }
  return result;
}

export function toText(assigned: ReadonlyMap<Uuid, readonly number[]>, topicIds: readonly Uuid[]): string {
  const topics = [...assigned].map(([id, partitions]) => ({ index: topicIds.indexOf(id), partitions }));
  topics.sort((a, b) => a.index - b.index);
  return topics.map(({ index, partitions }) => `${index}:${ranges(partitions)}`).join(';');
}

function ranges(partitions: readonly number[]): string {
  const parts: [number, number][] = [];
  for (const partition of partitions) {
    const last = parts.at(-1);
    if (last?.[1] === partition - 1) last[1] = partition;
    else parts.push([partition, partition]);
  }
  return parts.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}
