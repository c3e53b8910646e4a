/**
 * CreateTopics (key 19): names, then settings, then partitions and replicas, topic by topic; what is right is created together in
 * one batch, whatever else the request asked for.
 */
import { type Uuid, ZERO_UUID, uuidFromRandom } from '../../base/uuid.ts';
import { ERRORS } from '../../protocol/errors.ts';
import type { RequestOf, ResponseOf } from '../../protocol/schema/index.ts';
import type { BrokerConfig } from '../../config/broker-config.ts';
import type { MetadataImage } from '../image/image.ts';
import { BATCH_HEADER_SIZE } from '../../protocol/batch.ts';
import { type MetadataRecord, record, sizeOfRecord } from '../../protocol/record/metadata-records.ts';
import { checkAssignment, checkLeadable, newPartition } from './assignments.ts';
import {
  type ControllerState,
  type Decide,
  type Entropy,
  MAX_RECORDS_PER_REQUEST,
  type Refusal,
  TOO_MANY_RECORDS,
  refuse,
} from './decision.ts';
import { Directories, isActive, placeReplicas } from './placement.ts';
import {
  checkTopicConfigs,
  configInForce,
  describeNewTopic,
  overridesOf,
  topicConfigRecords,
} from './topic-configs.ts';
import { METADATA_TOPIC, topicNameProblem } from '../../protocol/topic-names.ts';

/** The largest batch that goes into the metadata log: no segment of it is smaller. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024;
/** Lengths, deltas and attributes of a record in a batch, at most. */
const RECORD_OVERHEAD = 24;

type Request = RequestOf<'CreateTopics'>;
type NewTopic = Request['topics'][number];
type Result = ResponseOf<'CreateTopics'>['topics'][number];
type Replicas = readonly (readonly number[])[];

export const createTopics: Decide<'CreateTopics'> = (state, event, context) => {
  const { request } = event;
  if (request.timeoutMs <= 0) return refuseAll(request.topics, refuse(ERRORS.REQUEST_TIMED_OUT, null));
  const { wanted, refused } = sift(request.topics);
  if (countPartitions(wanted, state.settings.config) > MAX_RECORDS_PER_REQUEST) {
    const message = 'Excessively large number of partitions per request.';
    return refuseAll(wanted, refuse(ERRORS.POLICY_VIOLATION, message), refused);
  }
  const creation = new Creation(state, context.entropy, event.undescribable ?? new Set());
  const results = wanted.map((topic) => creation.create(topic));
  const { records } = creation;
  if (records.length > MAX_RECORDS_PER_REQUEST) {
    return refuseAll(wanted, refuse(ERRORS.POLICY_VIOLATION, TOO_MANY_RECORDS), refused);
  }
  const size = batchSizeOf(records);
  if (size > MAX_BATCH_BYTES) {
    const message = `The total record(s) size of ${size} exceeds the maximum allowed batch size of ${MAX_BATCH_BYTES}`;
    return refuseAll(wanted, refuse(ERRORS.RECORD_LIST_TOO_LARGE, message), refused);
  }
  const answer = { throttleTimeMs: 0, topics: [...results, ...refused] };
  return { records: request.validateOnly ? [] : records, answer };
};

/** What the batch of these records takes at most. Settings may be long; everything else is bounded by the number of records. */
function batchSizeOf(records: readonly MetadataRecord[]): number {
  let size = BATCH_HEADER_SIZE;
  for (const one of records) size += RECORD_OVERHEAD + sizeOfRecord(one);
  return size;
}

function failure(name: string, { errorCode, errorMessage }: Refusal): Result {
  return { name, topicId: ZERO_UUID, errorCode, errorMessage, configs: [] };
}

function refuseAll(
  topics: readonly NewTopic[],
  refusal: Refusal,
  others: readonly Result[] = [],
): ReturnType<Decide<'CreateTopics'>> {
  const results = topics.map(({ name }) => failure(name, refusal));
  return { records: [], answer: { throttleTimeMs: 0, topics: [...results, ...others] } };
}

/** Takes out names that are given twice and the metadata's own: their results come last. */
function sift(topics: readonly NewTopic[]): { wanted: NewTopic[]; refused: Result[] } {
  const counts = new Map<string, number>();
  for (const { name } of topics) counts.set(name, (counts.get(name) ?? 0) + 1);
  const wanted = topics.filter(({ name }) => counts.get(name) === 1 && name !== METADATA_TOPIC);
  const refused: Result[] = [];
  for (const [name, count] of counts) {
    if (count > 1) refused.push(failure(name, refuse(ERRORS.INVALID_REQUEST, 'Duplicate topic name.')));
    else if (name === METADATA_TOPIC) {
      const message = `Creation of internal topic ${METADATA_TOPIC} is prohibited.`;
      refused.push(failure(name, refuse(ERRORS.INVALID_REQUEST, message)));
    }
  }
  return { wanted, refused };
}

function countPartitions(topics: readonly NewTopic[], config: BrokerConfig): number {
  let count = 0;
  for (const { assignments, numPartitions } of topics) {
    if (assignments.length > 0) count += assignments.length;
    else count += numPartitions === -1 ? config.values['num.partitions'] : Math.max(0, numPartitions);
  }
  return count;
}

/** The topics of one request. */
class Creation {
  readonly records: MetadataRecord[] = [];
  readonly #state: ControllerState;
  readonly #image: MetadataImage;
  readonly #config: BrokerConfig;
  readonly #entropy: Entropy;
  readonly #undescribable: ReadonlySet<string>;
  readonly #directories: Directories;

  constructor(state: ControllerState, entropy: Entropy, undescribable: ReadonlySet<string>) {
    this.#state = state;
    this.#image = state.image;
    this.#config = configInForce(state);
    this.#entropy = entropy;
    this.#undescribable = undescribable;
    this.#directories = new Directories(state);
  }

  create(topic: NewTopic): Result {
    const overrides = overridesOf(topic.configs);
    const refusal = this.#checkName(topic.name) ?? checkTopicConfigs(this.#config, overrides);
    if (refusal !== null) return failure(topic.name, refusal);
    const replicas = topic.assignments.length > 0 ? this.#assigned(topic) : this.#placed(topic);
    if ('errorCode' in replicas) return failure(topic.name, replicas);
    // One record more than allowed is enough to know; a hundred times as many would only cost memory.
    if (this.records.length <= MAX_RECORDS_PER_REQUEST) this.#write(topic.name, replicas, overrides);
    const result = { name: topic.name, topicId: this.#topicId, errorCode: ERRORS.NONE, errorMessage: null };
    if (this.#undescribable.has(topic.name)) {
      return { ...result, topicConfigErrorCode: ERRORS.TOPIC_AUTHORIZATION_FAILED, configs: [] };
    }
    return {
      ...result,
      numPartitions: replicas.length,
      replicationFactor: replicas[0]?.length ?? 0,
      configs: describeNewTopic(this.#config, overrides),
    };
  }

  #topicId: Uuid = ZERO_UUID;

  #write(name: string, replicas: Replicas, overrides: ReturnType<typeof overridesOf>): void {
    const topicId = drawTopicId(this.#entropy, this.#image);
    this.#topicId = topicId;
    this.records.push(record('topic', { name, topicId }), ...topicConfigRecords(this.#state, name, overrides));
    for (const [partition, ids] of replicas.entries()) {
      this.records.push(newPartition(this.#image, this.#directories, topicId, partition, ids));
    }
  }

  #checkName(name: string): Refusal | null {
    if (this.#image.topics.byName(name) !== undefined) {
      return refuse(ERRORS.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`);
    }
    const problem = topicNameProblem(name);
    if (problem !== null) return refuse(ERRORS.INVALID_TOPIC_EXCEPTION, problem);
    const similar = this.#image.topics.similarTo(name);
    if (similar === undefined) return null;
    return refuse(ERRORS.INVALID_TOPIC_EXCEPTION, `Topic '${name}' collides with existing topic: ${similar}`);
  }

  /** By hand. */
  #assigned({ assignments, numPartitions, replicationFactor }: NewTopic): Replicas | Refusal {
    if (replicationFactor !== -1) return bothGiven('replication factor');
    if (numPartitions !== -1) return bothGiven('numPartitions');
    const replicas = new Map<number, readonly number[]>();
    let expected: number | null = null;
    for (const { partitionIndex, brokerIds } of assignments) {
      const refusal: Refusal | null = replicas.has(partitionIndex)
        ? refuse(
            ERRORS.INVALID_REPLICA_ASSIGNMENT,
            `Found multiple manual partition assignments for partition ${partitionIndex}`,
          )
        : (checkAssignment(this.#image, brokerIds, expected) ?? checkLeadable(this.#image, brokerIds, partitionIndex));
      if (refusal !== null) return refusal;
      expected = brokerIds.length;
      replicas.set(partitionIndex, brokerIds);
    }
    const ordered = Array.from({ length: replicas.size }, (_, partition) => replicas.get(partition) ?? []);
    if (ordered.every((ids) => ids.length > 0)) return ordered;
    return refuse(ERRORS.INVALID_REPLICA_ASSIGNMENT, 'partitions should be a consecutive 0-based integer sequence');
  }

  /** By counts; -1 stands for the broker's default (KIP-464). */
  #placed({ numPartitions, replicationFactor }: NewTopic): Replicas | Refusal {
    if (replicationFactor < -1 || replicationFactor === 0) {
      const message = 'Replication factor must be larger than 0, or -1 to use the default value.';
      return refuse(ERRORS.INVALID_REPLICATION_FACTOR, message);
    }
    if (numPartitions < -1 || numPartitions === 0) {
      const message = 'Number of partitions was set to an invalid non-positive value.';
      return refuse(ERRORS.INVALID_PARTITIONS, message);
    }
    const { values } = this.#config;
    const partitions = numPartitions === -1 ? values['num.partitions'] : numPartitions;
    const factor = replicationFactor === -1 ? values['default.replication.factor'] : replicationFactor;
    const placed = placeReplicas(this.#image, partitions, factor, this.#entropy);
    const leaderless = 'All brokers are currently fenced or in controlled shutdown.';
    const problem = typeof placed === 'string' ? placed : this.#haveLeaders(placed) ? null : leaderless;
    if (problem === null && typeof placed !== 'string') return placed;
    const message = `Unable to replicate the partition ${factor} time(s): ${problem}`;
    return refuse(ERRORS.INVALID_REPLICATION_FACTOR, message);
  }

  #haveLeaders(placed: Replicas): boolean {
    return placed.every((ids) => ids.some((id) => isActive(this.#image, id)));
  }
}

function bothGiven(what: string): Refusal {
  const message = `A manual partition assignment was specified, but ${what} was not set to -1.`;
  return refuse(ERRORS.INVALID_REQUEST, message);
}

/** A random id that nobody has. */
function drawTopicId(entropy: Entropy, image: MetadataImage): Uuid {
  for (;;) {
    const id = uuidFromRandom(entropy.bytes(16));
    if (id !== null && image.topics.byId(id) === undefined) return id;
  }
}
