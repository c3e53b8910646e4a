/**
 * Fetch: reads many partitions, waits until there is something worth an answer.
 *
 * v4  isolation level and aborted transactions (KIP-98)         v12 divergence, flexible (KIP-595)
 * v5  log start offset                                          v13 topic ids (KIP-516)
 * v7  sessions (KIP-227)                                        v15 replica state (KIP-903)
 * v9  leader epoch (KIP-320)                                    v16 endpoints of new leaders (KIP-951)
 * v10 zstd (KIP-110); 4.x answers older ones with zstd as is    v17 directory ids (KIP-853)
 * v11 rack, preferred read replica (KIP-392)                    v18 high watermark of the replica (KIP-1166)
 */
import { ZERO_UUID } from '../base/uuid.ts';
import { ERRORS } from '../protocol/errors.ts';
import { memoryRecords, sizeInBytesOf } from '../protocol/records.ts';
import type { FetchRequest, FetchResponseInput } from '../protocol/schema/01-fetch.ts';
import type { FetchedItem, FetchPlan } from './fetch-session.ts';
import { type Api, PENDING } from './handler.ts';
import { nodeEndpoints } from './leader-endpoints.ts';
import { isIsolationLevel } from './isolation.ts';
import type { Context, FetchAsk, FetchedPart, FetchPart, Services } from './services.ts';

const TOPIC_IDS = 13;
const NEW_LEADERS = 16;
const NO_RECORDS = memoryRecords(Buffer.alloc(0));

type Planned = Extract<FetchPlan, { items: FetchedItem[] }>;
type PartitionData = FetchResponseInput['responses'][number]['partitions'][number];
type AbortedTransactions = FetchedPart['result']['abortedTransactions'];

function failedPart(errorCode: number, abortedTransactions: AbortedTransactions, leader = NOBODY): FetchedPart {
  return {
    result: {
      errorCode,
      highWatermark: -1,
      lastStableOffset: -1,
      logStartOffset: -1,
      divergingEpoch: -1,
      divergingEndOffset: -1,
      ...leader,
      abortedTransactions,
    },
    records: NO_RECORDS,
  };
}

const NOBODY = { leaderId: -1, leaderEpoch: -1 };
const NOTHING_YET = failedPart(ERRORS.NONE, null);
/** Kafka's log refuses it as a bug. */
const NEGATIVE_LIMIT = failedPart(ERRORS.UNKNOWN_SERVER_ERROR, null);

/** A Fetch between its plan and its answer. */
interface Reading {
  readonly plan: Planned;
  /** A part for each item of the plan. */
  readonly results: FetchedPart[];
  /** Places of what is read, in order, and of what does not exist: that stands at the end of the answer. */
  readonly places: number[];
  readonly missing: number[];
  /** Replicas know from the metadata where leaders are. */
  readonly isReplica: boolean;
}

export const fetch: Api<FetchRequest, FetchResponseInput, Services> = {
  handle(request, context) {
    const { services, version } = context;
    // Kafka has no code for an isolation level that does not exist.
    if (!isIsolationLevel(request.isolationLevel)) return fail(request, version, ERRORS.UNKNOWN_SERVER_ERROR);
    const plan = services.fetchSessions.plan(request, version, services.now());
    if (plan.kind === 'refused') return refuse(plan.errorCode);
    const replicaId = replicaIdOf(request);
    const reading: Reading = {
      plan,
      results: plan.items.map(() => NOTHING_YET),
      places: [],
      missing: [],
      isReplica: replicaId >= 0,
    };
    const maxBytes = Math.min(request.maxBytes, services.config.values['fetch.max.bytes']);
    const asked: FetchPart[] = [];
    let isRefused = false;
    plan.items.forEach((item, place) => {
      const errorCode = resolve(item, services, version);
      if (errorCode !== ERRORS.NONE) {
        reading.missing.push(place);
        reading.results[place] = failedPart(errorCode, []);
        return;
      }
      reading.places.push(place);
      const limit = Math.min(item.maxBytes, maxBytes);
      const refusal = limit < 0 ? NEGATIVE_LIMIT : refusalOf(item, replicaId, services);
      if (refusal) {
        isRefused = true;
        reading.results[place] = refusal;
        return;
      }
      const { topicId, partition, fetchOffset, currentLeaderEpoch, lastFetchedEpoch } = item;
      asked.push({ topicId, partition, fetchOffset, currentLeaderEpoch, lastFetchedEpoch, maxBytes: limit });
    });
    return read(context, reading, {
      replicaId,
      isolationLevel: request.isolationLevel,
      // A partition that does not exist keeps nobody from waiting; one that refuses answers at once.
      maxWaitMs: isRefused ? 0 : request.maxWaitMs,
      minBytes: Math.min(request.minBytes, maxBytes),
      maxBytes,
      items: asked,
    });
  },

  failed(request, { version }, errorCode) {
    return fail(request, version, errorCode);
  },
};

function refuse(errorCode: number): FetchResponseInput {
  return { throttleTimeMs: 0, errorCode, sessionId: 0, responses: [] };
}

/** An answer to a request that failed as a whole. Until topics had ids, every partition was told. */
function fail(request: FetchRequest, version: number, errorCode: number): FetchResponseInput {
  if (version >= TOPIC_IDS) return refuse(errorCode);
  const responses = request.topics.map(({ topic, topicId, partitions }) => ({
    topic,
    topicId,
    partitions: partitions.map(({ partition }) => failedPartition(partition, errorCode)),
  }));
  return { throttleTimeMs: 0, errorCode, sessionId: 0, responses };
}

function failedPartition(partitionIndex: number, errorCode: number): PartitionData {
  return { partitionIndex, errorCode, highWatermark: -1, abortedTransactions: [], records: NO_RECORDS };
}

/** Fills in the name or the id that the request lacks, and says whether the partition exists. */
function resolve(item: FetchedItem, services: Services, version: number): number {
  const { topics } = services.image;
  if (version >= TOPIC_IDS) {
    const known = topics.byId(item.topicId);
    if (known) {
      item.topic = known.name;
      return known.has(item.partition) ? ERRORS.NONE : ERRORS.UNKNOWN_TOPIC_OR_PARTITION;
    }
    // A session remembers the name: of a topic that has gone, or whose name another has now.
    if (item.topic === '') return ERRORS.UNKNOWN_TOPIC_ID;
    return topics.byName(item.topic)?.has(item.partition) ? ERRORS.NONE : ERRORS.UNKNOWN_TOPIC_OR_PARTITION;
  }
  const known = topics.byName(item.topic);
  item.topicId = known?.id ?? ZERO_UUID;
  return known?.has(item.partition) ? ERRORS.NONE : ERRORS.UNKNOWN_TOPIC_OR_PARTITION;
}

/** What Kafka finds wrong with a partition that exists before it looks into the log. */
function refusalOf(item: FetchedItem, replicaId: number, { image, nodeId }: Services): FetchedPart | null {
  const topic = image.topics.byId(item.topicId);
  if (!topic) return failedPart(ERRORS.INCONSISTENT_TOPIC_ID, null);
  const mayRead = replicaId < 0 || (replicaId !== nodeId && topic.replicas(item.partition).includes(replicaId));
  if (mayRead) return null;
  const leader = { leaderId: topic.leader(item.partition), leaderEpoch: topic.leaderEpoch(item.partition) };
  return failedPart(ERRORS.NOT_LEADER_OR_FOLLOWER, null, leader);
}

function read(context: Context<FetchResponseInput>, reading: Reading, ask: FetchAsk): ReturnType<typeof fetch.handle> {
  const unread = reading.places.filter((place) => reading.results[place] === NOTHING_YET);
  let isHere = true;
  let answer: FetchResponseInput | null = null;
  const endWaiting = context.services.fetch(ask, (parts) => {
    for (let i = 0; i < parts.length; i++) reading.results[unread[i] as number] = parts[i] as FetchedPart;
    const response = respond(reading, context);
    if (isHere) answer = response;
    else context.answer(response);
  });
  isHere = false;
  if (answer !== null) return answer;
  context.whenOrphan(endWaiting);
  return PENDING;
}

/** v15 moved the replica's id into a struct. */
function replicaIdOf(request: FetchRequest): number {
  return request.replicaId === -1 ? request.replicaState.replicaId : request.replicaId;
}

function respond({ plan, results, places: read, missing, isReplica }: Reading, context: Context): FetchResponseInput {
  const { services, version, peer } = context;
  const { sessionId, places } = plan.settle([...read, ...missing], (place) => {
    const { result, records } = results[place] as FetchedPart;
    return { ...result, recordBytes: sizeInBytesOf(records) };
  });
  const responses: { topic: string; topicId: FetchedItem['topicId']; partitions: PartitionData[] }[] = [];
  const leaders = new Set<number>();
  for (const place of places) {
    const item = plan.items[place] as FetchedItem;
    const part = results[place] as FetchedPart;
    let last = responses.at(-1);
    const isSame = last && (version >= TOPIC_IDS ? last.topicId === item.topicId : last.topic === item.topic);
    if (!last || !isSame) {
      responses.push((last = { topic: item.topic, topicId: item.topicId, partitions: [] }));
    }
    if (part.result.leaderId >= 0 && version >= NEW_LEADERS && !isReplica) leaders.add(part.result.leaderId);
    last.partitions.push(partitionData(item, part, version));
  }
  return {
    throttleTimeMs: 0,
    errorCode: ERRORS.NONE,
    sessionId,
    responses,
    ...nodeEndpoints(leaders, services, peer.listenerName),
  };
}

function partitionData(item: FetchedItem, { result, records }: FetchedPart, version: number): PartitionData {
  return {
    partitionIndex: item.partition,
    errorCode: result.errorCode,
    highWatermark: result.highWatermark,
    lastStableOffset: result.lastStableOffset,
    logStartOffset: result.logStartOffset,
    abortedTransactions: result.abortedTransactions,
    preferredReadReplica: -1,
    records,
    ...(version >= 12 && result.divergingEpoch >= 0
      ? { divergingEpoch: { epoch: result.divergingEpoch, endOffset: result.divergingEndOffset } }
      : {}),
    ...(version >= NEW_LEADERS && result.leaderId >= 0
      ? { currentLeader: { leaderId: result.leaderId, leaderEpoch: result.leaderEpoch } }
      : {}),
  };
}
