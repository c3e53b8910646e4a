/** DescribeTopicPartitions: topics in order of name, in pages, with the replicas that may be elected (KIP-966). */
import { ZERO_UUID } from '../base/uuid.ts';
import type { TopicImage } from '../machine/image/topic.ts';
import { ERRORS } from '../protocol/errors.ts';
import type {
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponseInput,
} from '../protocol/schema/75-describe-topic-partitions.ts';
import type { Api } from './handler.ts';
import type { Services } from './services.ts';
import { ALL_TOPIC_OPERATIONS, isInternalTopic, isLegalTopicName } from './topics.ts';

type Topic = DescribeTopicPartitionsResponseInput['topics'][number];

function failedTopic(name: string, errorCode: number): Topic {
  return { errorCode, name, topicId: ZERO_UUID, isInternal: isInternalTopic(name), partitions: [] };
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

function namesFrom(request: DescribeTopicPartitionsRequest, services: Services): string[] {
  const { topics, cursor } = request;
  const all = topics.length > 0 ? topics.map(({ name }) => name) : [...services.image.topics].map(({ name }) => name);
  const names = [...new Set(all)].toSorted((a, b) => (a < b ? -1 : 1));
  return cursor === null ? names : names.filter((name) => name >= cursor.topicName);
}

export const describeTopicPartitions: Api<
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponseInput,
  Services
> = {
  handle(request, { services }) {
    const { cursor } = request;
    let left = Math.min(services.config.values['max.request.partition.size.limit'], request.responsePartitionLimit);
    left = Math.max(1, left);
    const topics: Topic[] = [];
    let nextCursor: { topicName: string; partitionIndex: number } | null = null;
    for (const name of namesFrom(request, services)) {
      const topic = services.image.topics.byName(name);
      const from = cursor !== null && cursor.topicName === name ? Math.max(0, cursor.partitionIndex) : 0;
      if (!topic) {
        const code = isLegalTopicName(name) ? ERRORS.UNKNOWN_TOPIC_OR_PARTITION : ERRORS.INVALID_TOPIC_EXCEPTION;
        topics.push(failedTopic(name, code));
        continue;
      }
      if (left === 0) {
        nextCursor = { topicName: name, partitionIndex: from };
        break;
      }
      const to = Math.min(topic.partitionCount, from + left);
      topics.push(describe(topic, from, to));
      left -= Math.max(0, to - from);
      if (to < topic.partitionCount) {
        nextCursor = { topicName: name, partitionIndex: to };
        break;
      }
    }
    return { throttleTimeMs: 0, topics, nextCursor };
  },
};
