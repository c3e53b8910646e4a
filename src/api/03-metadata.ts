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
import { isInternalTopic, isLegalTopicName, METADATA_TOPIC } from '../protocol/topic-names.ts';
import type { Api } from './handler.ts';
import type { Context, Services } from './services.ts';
import { ALL_CLUSTER_OPERATIONS, ALL_TOPIC_OPERATIONS, NO_OPERATIONS } from './topics.ts';

const TOPIC_IDS = 12;

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
    topicAuthorizedOperations: operationsOf(request),
  };
}

/** Asks control for topics that do not exist. Why one cannot be made is not told: as with Kafka it does not exist then. */
async function create(names: readonly string[], { services, peer }: Context): Promise<void> {
  await services.control(
    'CreateTopics',
    {
      topics: names.map((name) => ({ name, numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] })),
      timeoutMs: services.config.values['request.timeout.ms'],
      validateOnly: false,
    },
    peer.principal,
  );
}

function describeById(topicId: Uuid, request: MetadataRequest, services: Services): Topic {
  const topic = services.image.topics.byId(topicId);
  return topic ? describe(topic, request) : failedTopic(ERRORS.UNKNOWN_TOPIC_ID, null, topicId);
}

function describeByName(name: string, request: MetadataRequest, services: Services): Topic {
  const topic = services.image.topics.byName(name);
  if (topic) return describe(topic, request);
  const code = isLegalTopicName(name) ? ERRORS.UNKNOWN_TOPIC_OR_PARTITION : ERRORS.INVALID_TOPIC_EXCEPTION;
  return { ...failedTopic(code, name, ZERO_UUID), topicAuthorizedOperations: operationsOf(request) };
}

function operationsOf(request: MetadataRequest): number {
  return request.includeTopicAuthorizedOperations ? ALL_TOPIC_OPERATIONS : NO_OPERATIONS;
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

/** What a request is answered that cannot be: its topics, each with the code, and nobody else. */
function refuse(request: MetadataRequest, errorCode: number): MetadataResponseInput {
  const topics = (request.topics ?? []).map(({ name, topicId }) => failedTopic(errorCode, name ?? '', topicId));
  return { throttleTimeMs: 0, brokers: [], clusterId: null, controllerId: -1, topics, errorCode };
}

/** The code for a request that asks for topics as its version cannot. */
function check(request: MetadataRequest, version: number): number {
  const asked = request.topics ?? [];
  if (version < TOPIC_IDS) {
    const isById = asked.some(({ name, topicId }) => name === null || topicId !== ZERO_UUID);
    return isById ? ERRORS.INVALID_REQUEST : ERRORS.NONE;
  }
  // Kafka has no code for it: it fails over the null.
  const isNothing = asked.some(({ name, topicId }) => name === null && topicId === ZERO_UUID);
  return isNothing ? ERRORS.UNKNOWN_SERVER_ERROR : ERRORS.NONE;
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
    const errorCode = check(request, version);
    if (errorCode !== ERRORS.NONE) return refuse(request, errorCode);
    const asked = request.topics ?? [];
    const ids = new Set(asked.map(({ topicId }) => topicId).filter((topicId) => topicId !== ZERO_UUID));
    // Where there are ids, names do not count.
    if (ids.size > 0)
      return respond(
        request,
        context,
        [...ids].map((topicId) => describeById(topicId, request, services)),
      );
    const names = [...new Set(asked.flatMap(({ name }) => (name === null ? [] : [name])))];
    const answer = (): MetadataResponseInput =>
      respond(
        request,
        context,
        names.map((name) => describeByName(name, request, services)),
      );
    const mayCreate =
      services.config.values['auto.create.topics.enable'] && (version < 4 || request.allowAutoTopicCreation);
    const missing = mayCreate
      ? names.filter((name) => !services.image.topics.byName(name) && isLegalTopicName(name) && !isReserved(name))
      : [];
    return missing.length === 0 ? answer() : create(missing, context).then(answer);
  },

  failed(request, _context, errorCode) {
    return refuse(request, errorCode);
  },
};

/** Topics that the broker makes itself, where it needs them. */
function isReserved(name: string): boolean {
  return isInternalTopic(name) || name === METADATA_TOPIC;
}
