/**
 * Topics of OffsetCommit and TxnOffsetCommit. Those that are not there never reach the coordinator of the group; a request that names no others
 * is answered without it.
 */
import type { Uuid } from '../base/uuid.ts';
import { ERRORS } from '../protocol/errors.ts';
import type { Services } from './services.ts';

interface CommitTopic<Partition> {
  readonly name: string;
  readonly topicId: Uuid;
  readonly partitions: readonly Partition[];
}

interface CommitPartition {
  readonly partitionIndex: number;
}

export interface CommitTopicAnswer {
  readonly name?: string;
  readonly topicId?: Uuid;
  readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[];
}

export function failedTopic(
  { name, topicId, partitions }: CommitTopic<CommitPartition>,
  errorCode: number,
): CommitTopicAnswer {
  return { name, topicId, partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })) };
}

/** What there is of the topics, and the answers about what there is not. */
export function splitTopics<Partition extends CommitPartition, Topic extends CommitTopic<Partition>>(
  topics: readonly Topic[],
  usesIds: boolean,
  image: Services['image'],
): [Topic[], CommitTopicAnswer[]] {
  const known: Topic[] = [];
  const unknown: CommitTopicAnswer[] = [];
  for (const topic of topics) {
    const found = usesIds ? image.topics.byId(topic.topicId) : image.topics.byName(topic.name);
    if (found === undefined) {
      unknown.push(failedTopic(topic, usesIds ? ERRORS.UNKNOWN_TOPIC_ID : ERRORS.UNKNOWN_TOPIC_OR_PARTITION));
      continue;
    }
    const partitions = topic.partitions.filter(({ partitionIndex }) => found.has(partitionIndex));
    const missing = topic.partitions.filter(({ partitionIndex }) => !found.has(partitionIndex));
    if (partitions.length > 0) known.push({ ...topic, partitions });
    if (missing.length > 0) {
      unknown.push(failedTopic({ ...topic, partitions: missing }, ERRORS.UNKNOWN_TOPIC_OR_PARTITION));
    }
  }
  return [known, unknown];
}

/** The coordinator's answers behind those that there are already, a topic once. */
export function mergedTopics(
  usesIds: boolean,
  unknown: readonly CommitTopicAnswer[],
  answered: readonly CommitTopicAnswer[],
): readonly CommitTopicAnswer[] {
  if (unknown.length === 0) return answered;
  const byKey = new Map<string, CommitTopicAnswer>();
  for (const topic of [...unknown, ...answered]) {
    const key = (usesIds ? topic.topicId : topic.name) ?? '';
    const first = byKey.get(key);
    byKey.set(key, first ? { ...first, partitions: [...first.partitions, ...topic.partitions] } : topic);
  }
  return [...byKey.values()];
}
