/** An assignment on its way: a member's part is copied when it first changes, and what did not change stays the map that it was. */
import type { Uuid } from '../../../base/uuid.ts';
import type { AssignmentSpec, GroupAssignment, MemberAssignment } from './spec.ts';

/** Made for one assignment. */
export class AssignmentDraft {
  readonly #spec: AssignmentSpec;
  readonly #changed = new Map<string, Map<Uuid, Set<number>>>();

  constructor(spec: AssignmentSpec) {
    this.#spec = spec;
  }

  add(memberId: string, topicId: Uuid, partition: number): void {
    const topics = this.#own(memberId);
    const partitions = topics.get(topicId);
    if (partitions === undefined) topics.set(topicId, new Set([partition]));
    else partitions.add(partition);
  }

  remove(memberId: string, topicId: Uuid, partition: number): void {
    const topics = this.#own(memberId);
    const partitions = topics.get(topicId);
    partitions?.delete(partition);
    if (partitions?.size === 0) topics.delete(topicId);
  }

  removeTopic(memberId: string, topicId: Uuid): void {
    this.#own(memberId).delete(topicId);
  }

  /** What it has become. */
  finish(): GroupAssignment {
    const result = new Map<string, MemberAssignment>();
    for (const [memberId, { assigned }] of this.#spec.members) {
      const changed = this.#changed.get(memberId);
      result.set(memberId, changed === undefined ? assigned : keepIfEqual(assigned, sorted(changed)));
    }
    return result;
  }

  #own(memberId: string): Map<Uuid, Set<number>> {
    let topics = this.#changed.get(memberId);
    if (topics === undefined) {
      topics = new Map();
      for (const [topicId, partitions] of this.#spec.members.get(memberId)?.assigned ?? []) {
        topics.set(topicId, new Set(partitions));
      }
      this.#changed.set(memberId, topics);
    }
    return topics;
  }
}

function sorted(topics: ReadonlyMap<Uuid, ReadonlySet<number>>): Map<Uuid, number[]> {
  const result = new Map<Uuid, number[]>();
  for (const [topicId, partitions] of topics) {
    result.set(
      topicId,
      [...partitions].sort((a, b) => a - b),
    );
  }
  return result;
}

/** The map before, where the one after says the same. Partitions of both are in ascending order, or they do not count as the same. */
export function keepIfEqual(before: MemberAssignment, after: MemberAssignment): MemberAssignment {
  if (before.size !== after.size) return after;
  for (const [topicId, partitions] of after) {
    const old = before.get(topicId);
    if (old?.length !== partitions.length || partitions.some((partition, at) => old[at] !== partition)) return after;
  }
  return before;
}
