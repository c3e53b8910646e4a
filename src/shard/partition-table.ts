/** The partitions that this shard owns, by topic id and number. Lives on the owner's thread; one a shard. */
import type { Uuid } from '../base/uuid.ts';
import type { Partition } from './partition.ts';

export class PartitionTable {
  readonly #topics = new Map<Uuid, Map<number, Partition>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(topicId: Uuid, partition: number): Partition | undefined {
    return this.#topics.get(topicId)?.get(partition);
  }

  add(partition: Partition): void {
    let topic = this.#topics.get(partition.topicId);
    if (!topic) this.#topics.set(partition.topicId, (topic = new Map()));
    topic.set(partition.index, partition);
    this.#size++;
  }

  /** Takes a topic's partitions out. */
  removeTopic(topicId: Uuid): Partition[] {
    const topic = this.#topics.get(topicId);
    if (!topic) return [];
    this.#topics.delete(topicId);
    this.#size -= topic.size;
    return [...topic.values()];
  }

  ofTopic(topicId: Uuid): Iterable<Partition> {
    return this.#topics.get(topicId)?.values() ?? [];
  }

  *[Symbol.iterator](): Generator<Partition> {
    for (const topic of this.#topics.values()) yield* topic.values();
  }
}
