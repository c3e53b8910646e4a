/**
 * Produce: appends one batch to each of many partitions (KIP-98 idempotence, KIP-516 topic ids).
 *
 * v3  the oldest that 4.x serves; magic 2 only (advertised from 0, KAFKA-18659)
 * v7  zstd allowed (KIP-110)
 * v8  record errors and error message (KIP-467)
 * v10 current leader and its endpoint (KIP-951)
 * v12 TRANSACTION_ABORTABLE, implicit AddPartitionsToTxn (KIP-890)
 * v13 topic ids in place of names
 */
import { ERRORS } from '../protocol/errors.ts';
import type { ProduceRequest, ProduceResponseInput } from '../protocol/schema/00-produce.ts';
import { type Api, closeNow, noAnswer, PENDING } from './handler.ts';
import { isInternalTopic } from './topics.ts';
import type { Context, ProducedPart, ProducePart, Services } from './services.ts';

const MAGIC_OFFSET = 16;
const ATTRIBUTES_OFFSET = 22;
const HEADER_SIZE = 61;
const ZSTD = 4;
const TRANSACTIONAL_BIT = 0x10;
const TOPIC_IDS = 13;

function failedPart(errorCode: number, errorMessage: string | null = null): ProducedPart {
  return { errorCode, baseOffset: -1, logAppendTimeMs: -1n, logStartOffset: -1, errorMessage, recordErrors: [] };
}

/** What Kafka checks of the bytes before it looks at the partition (ProduceRequest.validateRecords). */
function checkRecords(records: Buffer | null, version: number): number {
  if (records === null || records.length === 0) return ERRORS.INVALID_RECORD;
  if (records.length < HEADER_SIZE) return ERRORS.CORRUPT_MESSAGE;
  if (records[MAGIC_OFFSET] !== 2) return ERRORS.INVALID_RECORD;
  const attributes = records.readInt16BE(ATTRIBUTES_OFFSET - 1);
  if (version < 7 && (attributes & 7) === ZSTD) return ERRORS.UNSUPPORTED_COMPRESSION_TYPE;
  // Transactions are not served: nobody has added the partition to one.
  if ((attributes & TRANSACTIONAL_BIT) !== 0) return ERRORS.INVALID_TXN_STATE;
  return ERRORS.NONE;
}

/** Answers in the shape of the request: `parts[place]` for each partition in turn. */
function respond(request: ProduceRequest, parts: readonly ProducedPart[], context: Context): ProduceResponseInput {
  const { services, version, peer } = context;
  let place = 0;
  let needsEndpoints = false;
  const responses = request.topicData.map(({ name, topicId, partitionData }) => ({
    name,
    topicId,
    partitionResponses: partitionData.map(({ index }) => {
      const part = parts[place++] as ProducedPart;
      const known = version >= TOPIC_IDS ? services.image.topics.byId(topicId) : services.image.topics.byName(name);
      const tellsLeader = part.errorCode === ERRORS.NOT_LEADER_OR_FOLLOWER && known !== undefined;
      if (tellsLeader) needsEndpoints = true;
      return {
        index,
        errorCode: part.errorCode,
        baseOffset: part.baseOffset,
        logAppendTimeMs: part.logAppendTimeMs,
        logStartOffset: part.logStartOffset,
        recordErrors: part.recordErrors,
        errorMessage: part.errorMessage,
        ...(tellsLeader && version >= 10 ? { currentLeader: { leaderId: known.leader(index), leaderEpoch: known.leaderEpoch(index) } } : {}),
      };
    }),
  }));
  const endpoint = needsEndpoints && version >= 10 ? services.endpoint(services.nodeId, peer.listenerName) : null;
  return {
    responses,
    throttleTimeMs: 0,
    ...(endpoint ? { nodeEndpoints: [{ nodeId: services.nodeId, host: endpoint.host, port: endpoint.port }] } : {}),
  };
}

export const produce: Api<ProduceRequest, ProduceResponseInput, Services> = {
  handle(request, context) {
    const { services, version } = context;
    const { acks } = request;
    const results: ProducedPart[] = [];
    const parts: ProducePart[] = [];
    const places: number[] = [];
    for (const topic of request.topicData) {
      const known = version >= TOPIC_IDS ? services.image.topics.byId(topic.topicId) : services.image.topics.byName(topic.name);
      const unknown = version >= TOPIC_IDS ? ERRORS.UNKNOWN_TOPIC_ID : ERRORS.UNKNOWN_TOPIC_OR_PARTITION;
      for (const { index, records } of topic.partitionData) {
        const place = results.length;
        const bytes = records !== null && records.kind === 'memory' ? records.bytes : null;
        let errorCode: number;
        if (!known) errorCode = unknown;
        else if (acks < -1 || acks > 1) errorCode = ERRORS.INVALID_REQUIRED_ACKS;
        else if (isInternalTopic(known.name)) errorCode = ERRORS.INVALID_TOPIC_EXCEPTION;
        else if (!known.has(index)) errorCode = ERRORS.UNKNOWN_TOPIC_OR_PARTITION;
        else errorCode = checkRecords(bytes, version);
        results.push(failedPart(errorCode));
        if (errorCode === ERRORS.NONE && bytes !== null && known) {
          parts.push({ topicId: known.id, topic: known.name, partition: index, records: bytes });
          places.push(place);
        }
      }
    }
    return append(request, context, acks, parts, places, results);
  },

  failed(request, context, errorCode) {
    const count = request.topicData.reduce((sum, topic) => sum + topic.partitionData.length, 0);
    return respond(request, Array.from({ length: count }, () => failedPart(errorCode)), context);
  },
};

function append(
  request: ProduceRequest,
  context: Context<ProduceResponseInput>,
  acks: number,
  parts: readonly ProducePart[],
  places: readonly number[],
  results: ProducedPart[],
): ReturnType<typeof produce.handle> {
  const finish = (appended: readonly ProducedPart[]): ProduceResponseInput | typeof noAnswer => {
    for (let i = 0; i < appended.length; i++) results[places[i] as number] = appended[i] as ProducedPart;
    if (acks !== 0) return respond(request, results, context);
    return results.some((part) => part.errorCode !== ERRORS.NONE) ? closeNow : noAnswer;
  };
  let isHere = true;
  let answer: ProduceResponseInput | typeof noAnswer | null = null;
  context.services.produce(context, parts, acks, request.timeoutMs, (appended) => {
    const finished = finish(appended);
    if (isHere) answer = finished;
    else context.answer(finished);
  });
  isHere = false;
  return answer ?? PENDING;
}
