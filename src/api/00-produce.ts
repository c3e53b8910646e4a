/**
 * Produce: appends one batch to each of many partitions (KIP-98 idempotence, KIP-516 topic ids).
 *
 * v3  the oldest that 4.x serves; magic 2 only (advertised from 0, KAFKA-18659)
 * v7  zstd allowed (KIP-110)
 * v8  record errors and error message (KIP-467)
 * v10 current leader and its endpoint (KIP-951)
 * v11 TRANSACTION_ABORTABLE, v12 the broker adds partitions to the transaction by itself (KIP-890)
 * v13 topic ids in place of names
 */
import type { Uuid } from '../base/uuid.ts';
import type { TopicImage } from '../machine/image/topic.ts';
import { ERRORS } from '../protocol/errors.ts';
import type { ProduceRequest, ProduceResponseInput } from '../protocol/schema/00-produce.ts';
import { type TransactionOfRequest, verificationMode } from '../protocol/transaction-of-request.ts';
import { isInternalTopic } from '../protocol/topic-names.ts';
import { type Api, closeNow, noAnswer, PENDING } from './handler.ts';
import { nodeEndpoints } from './leader-endpoints.ts';
import { attributesOf, checkRecords, firstBatch, isTransactional, producerOf } from './produce-records.ts';
import { hasRepetitions, withoutRepetitions } from './repetitions.ts';
import type { Context, ProducedPart, ProducePart, Services } from './services.ts';

const LOG_START_OFFSET = 5;
const LEADER_ENDPOINTS = 10;
const KNOWS_ABORTABLE = 11;
const ADDS_PARTITIONS = 12;
const TOPIC_IDS = 13;

/** One partition of the request. */
interface Asked {
  readonly index: number;
  readonly records: Buffer | null;
  result: ProducedPart;
}

interface AskedTopic {
  readonly key: string;
  readonly name: string;
  readonly topicId: Uuid;
  readonly known: TopicImage | undefined;
  readonly partitions: readonly Asked[];
}

const indexOf = ({ index }: Asked): number => index;
const NO_RECORD_ERRORS: ProducedPart['recordErrors'] = [];

function failedPart(errorCode: number, errorMessage: string | null = null): ProducedPart {
  return {
    errorCode,
    baseOffset: -1,
    logAppendTimeMs: -1n,
    logStartOffset: -1,
    errorMessage,
    recordErrors: NO_RECORD_ERRORS,
    isInvalid: false,
  };
}

const NOTHING_YET = failedPart(ERRORS.NONE);

/** Of a batch that is refused for them the log start offset is not told. */
const WITHOUT_START: ReadonlySet<number> = new Set([ERRORS.CORRUPT_MESSAGE, ERRORS.MESSAGE_TOO_LARGE]);

/** The topics of the request with what they are. A topic that comes twice is one, of a partition that comes twice the last counts. */
function topicsOf(request: ProduceRequest, { services, version }: Context): AskedTopic[] {
  const { topics } = services.image;
  const isById = version >= TOPIC_IDS;
  const asked = request.topicData.map(
    ({ name, topicId, partitionData }): AskedTopic => ({
      key: isById ? topicId : name,
      name,
      topicId,
      known: isById ? topics.byId(topicId) : topics.byName(name),
      partitions: partitionData.map(({ index, records }) => ({
        index,
        records: records !== null && records.kind === 'memory' ? records.bytes : null,
        result: NOTHING_YET,
      })),
    }),
  );
  return hasRepetitions(asked, indexOf) ? withoutRepetitions(asked, indexOf) : asked;
}

/** Answers in the order of the request. */
function respond(topics: readonly AskedTopic[], context: Context): ProduceResponseInput {
  const { services, version, peer } = context;
  const leaders = new Set<number>();
  const responses = topics.map(({ name, topicId, known, partitions }) => ({
    name,
    topicId,
    partitionResponses: partitions.map(({ index, result }) => {
      const tellsLeader =
        version >= LEADER_ENDPOINTS && result.errorCode === ERRORS.NOT_LEADER_OR_FOLLOWER && known !== undefined;
      const { errorCode, baseOffset, logAppendTimeMs, logStartOffset, recordErrors, errorMessage } = result;
      const part = { index, errorCode, baseOffset, logAppendTimeMs, logStartOffset, recordErrors, errorMessage };
      if (!tellsLeader) return part;
      const leaderId = known.leader(index);
      leaders.add(leaderId);
      return { ...part, currentLeader: { leaderId, leaderEpoch: known.leaderEpoch(index) } };
    }),
  }));
  return { responses, throttleTimeMs: 0, ...nodeEndpoints(leaders, services, peer.listenerName) };
}

/** The only client id that may write to internal topics: of Kafka's own repair tools. */
const INTERNAL_WRITER = '__admin_client';

/** What is wrong with the request as a whole: then every partition is answered with that (Kafka's getErrorResponse). */
function wrongAsAWhole(topics: readonly AskedTopic[], request: ProduceRequest, version: number): ProducedPart | null {
  for (const { partitions } of topics) {
    for (const { records } of partitions) {
      if (records === null) continue;
      const first = firstBatch(records);
      if (typeof first === 'string') return failedPart(ERRORS.CORRUPT_MESSAGE, first);
      if (first === 0) continue;
      if (request.transactionalId === null && isTransactional(records)) {
        return failedPart(ERRORS.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
      }
      // Before version 7 Kafka looks for zstd here, and fails over a codec that does not exist.
      if (version < 7 && (attributesOf(records) & 7) > 4) return failedPart(ERRORS.UNKNOWN_SERVER_ERROR);
    }
  }
  return null;
}

function checkPart(
  { index, records }: Asked,
  known: TopicImage | undefined,
  acks: number,
  { version, clientId }: Context<ProduceResponseInput>,
): number {
  if (!known) return version >= TOPIC_IDS ? ERRORS.UNKNOWN_TOPIC_ID : ERRORS.UNKNOWN_TOPIC_OR_PARTITION;
  if (!known.has(index)) return ERRORS.UNKNOWN_TOPIC_OR_PARTITION;
  const errorCode = records === null ? ERRORS.INVALID_RECORD : checkRecords(records, version);
  if (errorCode !== ERRORS.NONE) return errorCode;
  if (acks < -1 || acks > 1) return ERRORS.INVALID_REQUIRED_ACKS;
  const isAllowed = clientId === INTERNAL_WRITER || !isInternalTopic(known.name);
  return isAllowed ? ERRORS.NONE : ERRORS.INVALID_TOPIC_EXCEPTION;
}

export const produce: Api<ProduceRequest, ProduceResponseInput, Services> = {
  handle(request, context) {
    const { acks } = request;
    const topics = topicsOf(request, context);
    const wrong = wrongAsAWhole(topics, request, context.version);
    const parts: ProducePart[] = [];
    const asked: Asked[] = [];
    for (const { known, partitions } of topics) {
      for (const partition of partitions) {
        if (wrong !== null) {
          partition.result = wrong;
          continue;
        }
        const errorCode = checkPart(partition, known, acks, context);
        if (errorCode !== ERRORS.NONE || !known || partition.records === null) {
          partition.result = failedPart(errorCode);
          continue;
        }
        // An incomplete batch behind the first one is cut off.
        const size = firstBatch(partition.records) as number;
        const records = size === partition.records.length ? partition.records : partition.records.subarray(0, size);
        parts.push({ topicId: known.id, topic: known.name, partition: partition.index, records });
        asked.push(partition);
      }
    }
    if (request.transactionalId !== null && hasSeveralProducers(parts)) {
      const refused = failedPart(ERRORS.INVALID_PRODUCER_ID_MAPPING, SEVERAL_PRODUCERS);
      for (const { partitions } of topics) for (const partition of partitions) partition.result = refused;
      return append(topics, context, request, [], []);
    }
    return append(topics, context, request, parts, asked);
  },

  failed(request, context, errorCode) {
    const topics = topicsOf(request, context);
    for (const { partitions } of topics) for (const partition of partitions) partition.result = failedPart(errorCode);
    return respond(topics, context);
  },
};

function append(
  topics: readonly AskedTopic[],
  context: Context<ProduceResponseInput>,
  request: ProduceRequest,
  parts: readonly ProducePart[],
  asked: readonly Asked[],
): ReturnType<typeof produce.handle> {
  const { services, version } = context;
  const { acks, timeoutMs } = request;
  const finish = (): ProduceResponseInput | typeof noAnswer => {
    if (acks !== 0) return respond(topics, context);
    const isGood = topics.every(({ partitions }) => partitions.every(({ result }) => result.errorCode === ERRORS.NONE));
    return isGood ? noAnswer : closeNow;
  };
  let isHere = true;
  let answer: ProduceResponseInput | typeof noAnswer | null = null;
  services.produce(context, parts, acks, timeoutMs, transactionOf(request, version), (produced) => {
    const refused: number[] = [];
    for (let i = 0; i < produced.length; i++) {
      const part = produced[i] as ProducedPart;
      (asked[i] as Asked).result = part;
      if (part.isInvalid && !WITHOUT_START.has(part.errorCode)) refused.push(i);
    }
    if (refused.length > 0 && acks !== 0 && version >= LOG_START_OFFSET) {
      addLogStarts(services, refused, parts, asked).then(
        () => context.answer(finish()),
        (error: unknown) => context.fail(error),
      );
      return;
    }
    if (isHere) answer = finish();
    else context.answer(finish());
  });
  isHere = false;
  return answer ?? PENDING;
}

const SEVERAL_PRODUCERS = 'Transactional records contained more than one producer ID';

/** A request's transactional batches are of one producer and epoch. */
function hasSeveralProducers(parts: readonly ProducePart[]): boolean {
  const producers = parts.flatMap(({ records }) => (isTransactional(records) ? [producerOf(records)] : []));
  return new Set(producers.filter((producer) => producer !== null)).size > 1;
}

function transactionOf({ transactionalId }: ProduceRequest, version: number): TransactionOfRequest | null {
  if (transactionalId === null) return null;
  return { transactionalId, mode: verificationMode(version, { abortable: KNOWS_ABORTABLE, adding: ADDS_PARTITIONS }) };
}

/** Kafka tells producers whose records are refused where the log starts, too. They can wait for it. */
async function addLogStarts(
  services: Services,
  refused: readonly number[],
  parts: readonly ProducePart[],
  asked: readonly Asked[],
): Promise<void> {
  const items = refused.map((i) => {
    const { topicId, partition } = parts[i] as ProducePart;
    return { topicId, partition, currentLeaderEpoch: -1, timestamp: -2n };
  });
  const found = await services.listOffsets({ replicaId: -1, isolationLevel: 0, items });
  refused.forEach((place, i) => {
    const part = asked[place] as Asked;
    part.result = { ...part.result, logStartOffset: found[i]?.offset ?? -1 };
  });
}
