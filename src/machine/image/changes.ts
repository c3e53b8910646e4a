/**
 * What a run of records changed: the difference between two states of an image, as its owner needs it to open, close and
 * reconfigure. Notes are conclusions, not records: a topic that was created and deleted again leaves none.
 */
import type { Uuid } from '../../base/uuid.ts';
import { CONFIG_RESOURCE, type ConfigResource } from './configs.ts';
import type { TopicImage } from './topic.ts';

/** A topic that is gone. Its rows are gone too; what an owner has open, it knows itself. */
export interface DeletedTopic {
  readonly name: string;
  readonly partitionCount: number;
}

export class ImageChanges {
  readonly createdTopics = new Map<Uuid, string>();
  readonly deletedTopics = new Map<Uuid, DeletedTopic>();
  /** Partitions that are new or have changed in any column. */
  readonly partitions = new Map<Uuid, Set<number>>();
  /** By type and name. */
  readonly configs = new Map<string, ConfigResource>();
  readonly brokers = new Set<number>();
  readonly controllers = new Set<number>();
  features = false;
  producerIds = false;
  /** Quotas, ACLs, SCRAM credentials, tokens. */
  stored = false;

  get isEmpty(): boolean {
    const sets = [
      this.createdTopics,
      this.deletedTopics,
      this.partitions,
      this.configs,
      this.brokers,
      this.controllers,
    ];
    return sets.every(({ size }) => size === 0) && !this.features && !this.producerIds && !this.stored;
  }

  clear(): void {
    this.createdTopics.clear();
    this.deletedTopics.clear();
    this.partitions.clear();
    this.configs.clear();
    this.brokers.clear();
    this.controllers.clear();
    this.features = false;
    this.producerIds = false;
    this.stored = false;
  }

  topicCreated(topic: TopicImage): void {
    this.createdTopics.set(topic.id, topic.name);
  }

  topicDeleted(topic: TopicImage, partitionCount: number): void {
    this.partitions.delete(topic.id);
    if (!this.createdTopics.delete(topic.id)) {
      this.deletedTopics.set(topic.id, { name: topic.name, partitionCount });
    }
  }

  partition(topicId: Uuid, partition: number): void {
    const known = this.partitions.get(topicId);
    if (known === undefined) this.partitions.set(topicId, new Set([partition]));
    else known.add(partition);
  }

  config(type: number, name: string): void {
    this.configs.set(`${type}:${name}`, { type, name });
  }

  /** Whether the dynamic settings of a broker, or those of all brokers, are others. */
  hasConfigsOf(nodeId: number): boolean {
    const { broker } = CONFIG_RESOURCE;
    return this.configs.has(`${broker}:`) || this.configs.has(`${broker}:${nodeId}`);
  }
}
