/**
 * The `range` assignor: each topic is cut into as many ranges of neighbours as it has subscribers, the first ones a partition longer where
 * it does not come out even. Members stand in one order for all topics (instance ids first, then member ids), so that members of equal
 * subscriptions have the same partitions of topics with equally many. It keeps nothing of an earlier assignment but what comes out again.
 */
import type { Uuid } from '../../../base/uuid.ts';
import { keepIfEqual } from './draft.ts';
import { type AssignmentSpec, type GroupAssignment, type MemberAssignment, partitionCount } from './spec.ts';

/** How far a topic has been given away. */
interface Remaining {
  subscribers: number;
  next: number;
  /** Members that still get one more than the others. */
  longer: number;
}

export function assignRange(spec: AssignmentSpec): GroupAssignment {
  const topics = new Map<Uuid, Remaining>();
  for (const { topicIds } of spec.members.values()) {
    for (const topicId of topicIds) {
      const topic = topics.get(topicId);
      if (topic === undefined) topics.set(topicId, { subscribers: 1, next: 0, longer: 0 });
      else topic.subscribers++;
    }
  }
  for (const [topicId, topic] of topics) topic.longer = partitionCount(spec, topicId) % topic.subscribers;

  const result = new Map<string, MemberAssignment>();
  for (const memberId of inOrder(spec)) {
    const member = spec.members.get(memberId);
    if (member === undefined) continue;
    const assignment = new Map<Uuid, number[]>();
    for (const topicId of member.topicIds) {
      const topic = topics.get(topicId);
      const range = topic === undefined ? [] : nextRange(topic, partitionCount(spec, topicId));
      if (range.length > 0) assignment.set(topicId, range);
    }
    result.set(memberId, keepIfEqual(member.assigned, assignment));
  }
  return result;
}

function nextRange(topic: Remaining, partitions: number): number[] {
  const length = Math.floor(partitions / topic.subscribers) + (topic.longer > 0 ? 1 : 0);
  if (topic.longer > 0) topic.longer--;
  const first = topic.next;
  topic.next += length;
  return Array.from({ length }, (_, index) => first + index);
}

/** Static members by instance id, then the others by member id. */
function inOrder({ members }: AssignmentSpec): string[] {
  return [...members.keys()].sort((a, b) => {
    const instanceA = members.get(a)?.instanceId ?? null;
    const instanceB = members.get(b)?.instanceId ?? null;
    if (instanceA !== null && instanceB !== null) return compare(instanceA, instanceB);
    if (instanceA !== null) return -1;
    return instanceB !== null ? 1 : compare(a, b);
  });
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
