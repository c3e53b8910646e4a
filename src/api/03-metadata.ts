/**
 * Metadata: brokers, and the partitions of all or some topics.
 *
 * v1 null means all topics, empty none      v8  authorized operations (KIP-430)
 * v4 automatic creation may be refused      v10 topic ids in the answer (KIP-516)
 * v5 offline replicas                       v11 cluster operations are DescribeCluster's (KIP-700)
 * v7 leader epochs (KIP-320)                v12 topics may be asked for by id
 *                                           v13 top-level error (KIP-1102)
 */
import { type Uuid, ZERO_UUID } from '../base/uuid.ts';
import type { TopicImage } from '../machine/image/topic.ts';
import { ERRORS } from '../protocol/errors.ts';
import type { MetadataRequest, MetadataResponseInput } from '../protocol/schema/03-metadata.ts';
import type { Api } from './handler.ts';
import type { Context, Services } from './services.ts';
import {
  ALL_CLUSTER_OPERATIONS,
  ALL_TOPIC_OPERATIONS,
  isInternalTopic,
  isLegalTopicName,
  NO_OPERATIONS,
} from './topics.ts';

type Topic = MetadataResponseInput['topics'][number];

function failedTopic(errorCode: number, name: string | null, topicId: Uuid): Topic {
  return { errorCode, name, topicId, isInternal: name !== null && isInternalTopic(name), partitions: [] };
}

function describe(topic: TopicImage, request: MetadataRequest): Topic {
  const partitions: Topic['partitions'][number][] = [];
  for (let p = 0; p < topic.partitionCount; p++) {
    const leaderId = topic.leader(p);
    partitions.push({
      errorCode: leaderId < 0 ? ERRORS.LEADER_NOT_AVAILABLE : ERRORS.NONE,
      partitionIndex: p,
      leaderId,
      leaderEpoch: topic.leaderEpoch(p),
      replicaNodes: topic.replicas(p),
      isrNodes: topic.isr(p),
      offlineReplicas: [],
    });
  }
  return {
    errorCode: ERRORS.NONE,
    name: topic.name,
    topicId: topic.id,
    isInternal: isInternalTopic(topic.name),
    partitions,
    topicAuthorizedOperations: request.includeTopicAuthorizedOperations ? ALL_TOPIC_OPERATIONS : NO_OPERATIONS,
  };
}

/** Asks control for the topics that do not exist and may be made. Their codes: NONE, or why not. */
async function create(names: readonly string[], { services, peer }: Context): Promise<Map<string, number>> {
  const response = await services.control(
    'CreateTopics',
    {
      topics: names.map((name) => ({ name, numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] })),
      timeoutMs: services.config.values['request.timeout.ms'],
      validateOnly: false,
    },
    peer.principal,
  );
  const codes = response.topics.map(({ name, errorCode }): [string, number] => {
    // Somebody else was quicker: it is there.
    if (errorCode === ERRORS.TOPIC_ALREADY_EXISTS) return [name, ERRORS.NONE];
    const isTelling = errorCode === ERRORS.INVALID_TOPIC_EXCEPTION || errorCode === ERRORS.INVALID_REPLICATION_FACTOR;
    return [name, errorCode === ERRORS.NONE || isTelling ? errorCode : ERRORS.UNKNOWN_TOPIC_OR_PARTITION];
  });
  return new Map(codes);
}

function describeById(topicId: Uuid, request: MetadataRequest, services: Services): Topic {
  const topic = services.image.topics.byId(topicId);
  return topic ? describe(topic, request) : failedTopic(ERRORS.UNKNOWN_TOPIC_ID, null, topicId);
}

function describeByName(name: string, request: MetadataRequest, services: Services, missing: number): Topic {
  const topic = services.image.topics.byName(name);
  if (topic) return describe(topic, request);
  return failedTopic(isLegalTopicName(name) ? missing : ERRORS.INVALID_TOPIC_EXCEPTION, name, ZERO_UUID);
}

function respond(request: MetadataRequest, context: Context, topics: readonly Topic[]): MetadataResponseInput {
  const { services, version, peer } = context;
  const brokers = services.image.cluster.aliveBrokers().flatMap(({ id, rack }) => {
    const endpoint = services.endpoint(id, peer.listenerName);
    return endpoint ? [{ nodeId: id, host: endpoint.host, port: endpoint.port, rack }] : [];
  });
  const wantsCluster = version >= 8 && version <= 10 && request.includeClusterAuthorizedOperations;
  return {
    throttleTimeMs: 0,
    brokers,
    clusterId: services.clusterId,
    controllerId: brokers[0]?.nodeId ?? -1,
    topics,
    ...(wantsCluster ? { clusterAuthorizedOperations: ALL_CLUSTER_OPERATIONS } : {}),
    errorCode: ERRORS.NONE,
  };
}

function isAskingForAll(request: MetadataRequest, version: number): boolean {
  return request.topics === null || (version === 0 && request.topics.length === 0);
}

export const metadata: Api<MetadataRequest, MetadataResponseInput, Services> = {
  handle(request, context) {
    const { services, version } = context;
    if (isAskingForAll(request, version)) {
      return respond(
        request,
        context,
        [...services.image.topics].map((topic) => describe(topic, request)),
      );
    }
    const asked = request.topics ?? [];
    const isInvalid = asked.some(({ name, topicId }) =>
      name === null ? version < 12 || topicId === ZERO_UUID : false,
    );
    if (isInvalid) {
      const topics = asked.map(({ name, topicId }) => failedTopic(ERRORS.INVALID_REQUEST, name ?? '', topicId));
      return respond(request, context, topics);
    }
    const answer = (codes: ReadonlyMap<string, number>): MetadataResponseInput => {
      const topics = asked.map(({ name, topicId }) => {
        if (name === null || (version >= 12 && topicId !== ZERO_UUID)) return describeById(topicId, request, services);
        return describeByName(name, request, services, codes.get(name) || ERRORS.UNKNOWN_TOPIC_OR_PARTITION);
      });
      return respond(request, context, topics);
    };
    const mayCreate =
      services.config.values['auto.create.topics.enable'] && (version < 4 || request.allowAutoTopicCreation);
    const missing = mayCreate
      ? asked.flatMap(({ name, topicId }) => {
          const isWanted = name !== null && topicId === ZERO_UUID && isLegalTopicName(name) && !isInternalTopic(name);
          return isWanted && !services.image.topics.byName(name) ? [name] : [];
        })
      : [];
    if (missing.length === 0) return answer(new Map());
    return create([...new Set(missing)], context).then(answer);
  },

  failed(request, context, errorCode) {
    const topics = (request.topics ?? []).map(({ name, topicId }) => failedTopic(errorCode, name, topicId));
    return { ...respond(request, context, topics), errorCode };
  },
};
