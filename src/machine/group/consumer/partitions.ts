/** Partitions by topic: what members own, with the epoch since when, and what records and answers say of it. */
import type { Uuid } from '../../../base/uuid.ts';

/** Partition to the member epoch in which it was assigned (KIP-848, since 4.3), by topic. No topic without partitions. */
export type Owned = ReadonlyMap<Uuid, ReadonlyMap<number, number>>;

export const NOTHING_OWNED: Owned = new Map();

/** As records and answers list them. */
export interface TopicPartitions {
  readonly topicId: Uuid;
  readonly partitions: readonly number[];
}

/** Records carry the epochs beside. */
export interface TopicPartitionsSince extends TopicPartitions {
  readonly assignmentEpochs: readonly number[] | null;
}

const ascending = (a: number, b: number): number => a - b;

export function listOwned(owned: Owned): { topicId: Uuid; partitions: number[] }[] {
  return Array.from(owned, ([topicId, partitions]) => ({
    topicId,
    partitions: [...partitions.keys()].sort(ascending),
  }));
}

export function listOwnedSince(owned: Owned): { topicId: Uuid; partitions: number[]; assignmentEpochs: number[] }[] {
  return listOwned(owned).map(({ topicId, partitions }) => ({
    topicId,
    partitions,
    assignmentEpochs: partitions.map((partition) => owned.get(topicId)?.get(partition) ?? 0),
  }));
}

/** Records of before 4.3 have no epochs: the member's stands for them. */
export function ownedFromRecord(
  topics: readonly (TopicPartitions & Partial<TopicPartitionsSince>)[],
  memberEpoch: number,
): Owned {
  const owned = new Map<Uuid, ReadonlyMap<number, number>>();
  for (const { topicId, partitions, assignmentEpochs } of topics) {
    if (partitions.length === 0) continue;
    const epochs = assignmentEpochs?.length === partitions.length ? assignmentEpochs : null;
    const unknown = Math.max(memberEpoch, 0);
    owned.set(topicId, new Map(partitions.map((partition, at) => [partition, epochs?.[at] ?? unknown])));
  }
  return owned;
}

export function ownedSame(a: Owned, b: Owned): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [topicId, partitions] of a) {
    const others = b.get(topicId);
    if (others === partitions) continue;
    if (others === undefined || others.size !== partitions.size) return false;
    for (const [partition, epoch] of partitions) if (others.get(partition) !== epoch) return false;
  }
  return true;
}

/** Whether all of what is listed is owned. What is not said is not. */
export function isWithin(listed: readonly TopicPartitions[] | null, owned: Owned): boolean {
  if (listed === null) return false;
  return listed.every(({ topicId, partitions }) => {
    const mine = owned.get(topicId);
    return mine !== undefined && partitions.every((partition) => mine.has(partition));
  });
}

/** Whether one of what is listed is among what is owned. What is not said may be. */
export function mayTouch(listed: readonly TopicPartitions[] | null, owned: Owned): boolean {
  if (listed === null) return true;
  return listed.some(({ topicId, partitions }) => {
    const mine = owned.get(topicId);
    return mine !== undefined && partitions.some((partition) => mine.has(partition));
  });
}

export function targetSame(a: ReadonlyMap<Uuid, readonly number[]>, b: ReadonlyMap<Uuid, readonly number[]>): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [topicId, partitions] of a) {
    const others = b.get(topicId);
    if (others === undefined || others.length !== partitions.length) return false;
    if (!partitions.every((partition, at) => others[at] === partition)) return false;
  }
  return true;
}
