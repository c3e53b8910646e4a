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
import type { Context, FetchedPart, FetchPart, Services } from './services.ts';

const TOPIC_IDS = 13;
const NO_RECORDS = memoryRecords(Buffer.alloc(0));

type Planned = Extract<FetchPlan, { items: FetchedItem[] }>;
type PartitionData = FetchResponseInput['responses'][number]['partitions'][number];

function failedPart(errorCode: number): FetchedPart {
  return {
    result: {
      errorCode,
      highWatermark: -1,
      lastStableOffset: -1,
      logStartOffset: -1,
      divergingEpoch: -1,
      divergingEndOffset: -1,
      leaderId: -1,
      leaderEpoch: -1,
      abortedTransactions: null,
    },
    records: NO_RECORDS,
  };
}

export const fetch: Api<FetchRequest, FetchResponseInput, Services> = {
  handle(request, context) {
    const { services, version } = context;
    const plan = services.fetchSessions.plan(request, version, services.now());
    if (plan.kind === 'refused') return refuse(plan.errorCode);
    const results: FetchedPart[] = [];
    const asked: FetchPart[] = [];
    const places: number[] = [];
    const maxBytes = Math.min(request.maxBytes, services.config.values['fetch.max.bytes']);
    for (const item of plan.items) {
      const errorCode = resolve(item, services, version);
      if (errorCode === ERRORS.NONE) {
        places.push(results.length);
        asked.push({
          topicId: item.topicId,
          partition: item.partition,
          fetchOffset: item.fetchOffset,
          currentLeaderEpoch: item.currentLeaderEpoch,
          lastFetchedEpoch: item.lastFetchedEpoch,
          maxBytes: Math.min(item.maxBytes, maxBytes),
        });
      }
      results.push(failedPart(errorCode));
    }
    return read(request, context, plan, { results, asked, places, maxBytes });
  },

  failed(_request, _context, errorCode) {
    return refuse(errorCode);
  },
};

function refuse(errorCode: number): FetchResponseInput {
  return { throttleTimeMs: 0, errorCode, sessionId: 0, responses: [] };
}

/** Fills in the name or the id that the request lacks, and says whether the partition exists. */
function resolve(item: FetchedItem, services: Services, version: number): number {
  if (version >= TOPIC_IDS) {
    const known = services.image.topics.byId(item.topicId);
    if (!known) return ERRORS.UNKNOWN_TOPIC_ID;
    item.topic = known.name;
    return known.has(item.partition) ? ERRORS.NONE : ERRORS.UNKNOWN_TOPIC_OR_PARTITION;
  }
  const known = services.image.topics.byName(item.topic);
  item.topicId = known?.id ?? ZERO_UUID;
  return known?.has(item.partition) ? ERRORS.NONE : ERRORS.UNKNOWN_TOPIC_OR_PARTITION;
}

interface Asked {
  readonly results: FetchedPart[];
  readonly asked: FetchPart[];
  readonly places: readonly number[];
  readonly maxBytes: number;
}

function read(
  request: FetchRequest,
  context: Context<FetchResponseInput>,
  plan: Planned,
  { results, asked, places, maxBytes }: Asked,
): ReturnType<typeof fetch.handle> {
  const hasErrors = asked.length < results.length;
  let isHere = true;
  let answer: FetchResponseInput | null = null;
  context.services.fetch(
    {
      replicaId: replicaIdOf(request),
      isolationLevel: request.isolationLevel,
      maxWaitMs: hasErrors ? 0 : request.maxWaitMs,
      minBytes: Math.min(request.minBytes, maxBytes),
      maxBytes,
      items: asked,
    },
    (parts) => {
      for (let i = 0; i < parts.length; i++) results[places[i] as number] = parts[i] as FetchedPart;
      const response = respond(plan, results, context);
      if (isHere) answer = response;
      else context.answer(response);
    },
  );
  isHere = false;
  return answer ?? PENDING;
}

/** v15 moved the replica's id into a struct. */
function replicaIdOf(request: FetchRequest): number {
  return request.replicaId === -1 ? request.replicaState.replicaId : request.replicaId;
}

function respond(plan: Planned, results: readonly FetchedPart[], context: Context): FetchResponseInput {
  const { services, version, peer } = context;
  const { sessionId, tells } = plan.settle((place) => {
    const { result, records } = results[place] as FetchedPart;
    return { ...result, recordBytes: sizeInBytesOf(records) };
  });
  const responses: { topic: string; topicId: FetchedItem['topicId']; partitions: PartitionData[] }[] = [];
  let needsEndpoints = false;
  plan.items.forEach((item, place) => {
    if (!tells(place)) return;
    const part = results[place] as FetchedPart;
    let last = responses.at(-1);
    const isSame = last && (version >= TOPIC_IDS ? last.topicId === item.topicId : last.topic === item.topic);
    if (!last || !isSame) responses.push((last = { topic: item.topic, topicId: item.topicId, partitions: [] }));
    if (part.result.leaderId >= 0) needsEndpoints = true;
    last.partitions.push(partitionData(item, part, version));
  });
  const endpoint = needsEndpoints && version >= 16 ? services.endpoint(services.nodeId, peer.listenerName) : null;
  return {
    throttleTimeMs: 0,
    errorCode: ERRORS.NONE,
    sessionId,
    responses,
    ...(endpoint ? { nodeEndpoints: [{ nodeId: services.nodeId, host: endpoint.host, port: endpoint.port }] } : {}),
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
    ...(version >= 12 && result.leaderId >= 0
      ? { currentLeader: { leaderId: result.leaderId, leaderEpoch: result.leaderEpoch } }
      : {}),
  };
}
