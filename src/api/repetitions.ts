/**
 * Requests that name a partition twice. Kafka reads topics and partitions into maps, so that the last mention counts and the answer has it once;
 * here the usual request is walked once and left as it is.
 */

interface Topic<Partition> {
  readonly key: string;
  readonly partitions: readonly Partition[];
}

/** Whether a topic or a partition of one comes twice, or a topic has no partitions: then the answer has another shape. */
export function hasRepetitions<Partition>(
  topics: readonly Topic<Partition>[],
  indexOf: (partition: Partition) => number,
): boolean {
  if (topics.length > 1 && new Set(topics.map(({ key }) => key)).size < topics.length) return true;
  return topics.some(({ partitions }) => {
    if (partitions.length === 0) return true;
    for (let i = 1; i < partitions.length; i++) {
      const isAscending = indexOf(partitions[i] as Partition) > indexOf(partitions[i - 1] as Partition);
      if (!isAscending) return new Set(partitions.map(indexOf)).size < partitions.length;
    }
    return false;
  });
}

/** Each topic and partition once, where it was named first and as it was named last. Topics without partitions are gone. */
export function withoutRepetitions<Partition, T extends Topic<Partition>>(
  topics: readonly T[],
  indexOf: (partition: Partition) => number,
): T[] {
  const byKey = new Map<string, { topic: T; partitions: Map<number, Partition> }>();
  for (const topic of topics) {
    if (topic.partitions.length === 0) continue;
    const known = byKey.get(topic.key) ?? { topic, partitions: new Map<number, Partition>() };
    byKey.set(topic.key, known);
    for (const partition of topic.partitions) known.partitions.set(indexOf(partition), partition);
  }
  return [...byKey.values()].map(({ topic, partitions }) => ({ ...topic, partitions: [...partitions.values()] }));
}
