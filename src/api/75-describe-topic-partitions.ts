/** DescribeTopicPartitions: topics in order of name, in pages, with the replicas that may be elected (KIP-966). */
import { ZERO_UUID } from '../base/uuid.ts';
import type { TopicImage } from '../machine/image/topic.ts';
import { ERRORS } from '../protocol/errors.ts';
import type {
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponseInput,
} from '../protocol/schema/75-describe-topic-partitions.ts';
import { isInternalTopic, isLegalTopicName } from '../protocol/topic-names.ts';
import type { Api } from './handler.ts';
import type { Services } from './services.ts';
import { ALL_TOPIC_OPERATIONS, NO_OPERATIONS } from './topics.ts';

type Topic = DescribeTopicPartitionsResponseInput['topics'][number];

function failedTopic(name: string, errorCode: number, topicAuthorizedOperations: number): Topic {
  return {
    errorCode,
    name,
    topicId: ZERO_UUID,
    isInternal: isInternalTopic(name),
    partitions: [],
    topicAuthorizedOperations,
  };
}

function describe(topic: TopicImage, from: number, to: number): Topic {
  const partitions: Topic['partitions'][number][] = [];
  for (let p = from; p < to; p++) {
    const leaderId = topic.leader(p);
    partitions.push({
      errorCode: leaderId < 0 ? ERRORS.LEADER_NOT_AVAILABLE : ERRORS.NONE,
      partitionIndex: p,
      leaderId,
      leaderEpoch: topic.leaderEpoch(p),
      replicaNodes: topic.replicas(p),
      isrNodes: topic.isr(p),
      eligibleLeaderReplicas: topic.elr(p),
      lastKnownElr: topic.lastKnownElr(p),
      offlineReplicas: [],
    });
  }
  return {
    errorCode: ERRORS.NONE,
    name: topic.name,
    topicId: topic.id,
    isInternal: isInternalTopic(topic.name),
    partitions,
    topicAuthorizedOperations: ALL_TOPIC_OPERATIONS,
  };
}

/** The topics from the cursor on, in order; null where the cursor is none of them. */
function namesFrom({ topics, cursor }: DescribeTopicPartitionsRequest, services: Services): string[] | null {
  const isAll = topics.length === 0;
  const all = isAll ? [...services.image.topics].map(({ name }) => name) : topics.map(({ name }) => name);
  const names = [...new Set(all)].toSorted((a, b) => (a < b ? -1 : 1));
  if (cursor === null) return names;
  if (cursor.partitionIndex < 0 || (!isAll && !names.includes(cursor.topicName))) return null;
  return names.filter((name) => name >= cursor.topicName);
}

function refuse(request: DescribeTopicPartitionsRequest, errorCode: number): DescribeTopicPartitionsResponseInput {
  const topics = request.topics.map(({ name }) => failedTopic(name, errorCode, NO_OPERATIONS));
  return { throttleTimeMs: 0, topics, nextCursor: null };
}

export const describeTopicPartitions: Api<
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponseInput,
  Services
> = {
  handle(request, { services }) {
    const { cursor, responsePartitionLimit } = request;
    // Kafka fails over an empty name.
    if (request.topics.some(({ name }) => name === '')) return refuse(request, ERRORS.UNKNOWN_SERVER_ERROR);
    const names = namesFrom(request, services);
    if (names === null) return refuse(request, ERRORS.INVALID_REQUEST);
    let left = Math.max(
      1,
      Math.min(services.config.values['max.request.partition.size.limit'], responsePartitionLimit),
    );
    const topics: Topic[] = [];
    for (const name of names) {
      if (left === 0) return { throttleTimeMs: 0, topics, nextCursor: { topicName: name, partitionIndex: 0 } };
      const topic = services.image.topics.byName(name);
      if (!topic) {
        const code = isLegalTopicName(name) ? ERRORS.UNKNOWN_TOPIC_OR_PARTITION : ERRORS.INVALID_TOPIC_EXCEPTION;
        topics.push(failedTopic(name, code, ALL_TOPIC_OPERATIONS));
        continue;
      }
      const from = cursor?.topicName === name ? cursor.partitionIndex : 0;
      const to = Math.min(topic.partitionCount, from + left);
      topics.push(describe(topic, from, to));
      left -= Math.max(0, to - from);
      if (to < topic.partitionCount)
        return { throttleTimeMs: 0, topics, nextCursor: { topicName: name, partitionIndex: to } };
    }
    return { throttleTimeMs: 0, topics, nextCursor: null };
  },

  failed(request, _context, errorCode) {
    return refuse(request, errorCode);
  },
};
