/** CreatePartitions (key 37): more partitions for topics that exist (KIP-195). */
import { ERRORS } from '../../protocol/errors.ts';
import type { RequestOf, ResponseOf } from '../../protocol/schema/index.ts';
import type { TopicImage } from '../image/topic.ts';
import type { MetadataRecord } from '../../protocol/record/metadata-records.ts';
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

type Request = RequestOf<'CreatePartitions'>;
type Wanted = Request['topics'][number];
type Result = ResponseOf<'CreatePartitions'>['results'][number];

const FINE = refuse(ERRORS.NONE, null);

export const createPartitions: Decide<'CreatePartitions'> = (state, { request }, { entropy }) => {
  if (request.timeoutMs <= 0) return refuseAll(request.topics, refuse(ERRORS.REQUEST_TIMED_OUT, null));
  const counts = new Map<string, number>();
  for (const { name } of request.topics) counts.set(name, (counts.get(name) ?? 0) + 1);
  const wanted = request.topics.filter(({ name }) => counts.get(name) === 1);
  const refused = [...counts]
    .filter(([, count]) => count > 1)
    .map(([name]) => result(name, refuse(ERRORS.INVALID_REQUEST, 'Duplicate topic name.')));
  if (countAdditional(wanted, state) > MAX_RECORDS_PER_REQUEST) {
    const message = 'Excessively large number of additional partitions per request.';
    return refuseAll(wanted, refuse(ERRORS.POLICY_VIOLATION, message), refused);
  }
  const records: MetadataRecord[] = [];
  const directories = new Directories(state);
  const results = wanted.map((topic) => {
    const outcome = addPartitions(state, topic, entropy, directories);
    if (!('errorCode' in outcome)) records.push(...outcome);
    return result(topic.name, 'errorCode' in outcome ? outcome : FINE);
  });
  if (records.length > MAX_RECORDS_PER_REQUEST) {
    return refuseAll(wanted, refuse(ERRORS.POLICY_VIOLATION, TOO_MANY_RECORDS), refused);
  }
  const answer = { throttleTimeMs: 0, results: [...results, ...refused] };
  return { records: request.validateOnly ? [] : records, answer };
};

function result(name: string, { errorCode, errorMessage }: Refusal): Result {
  return { name, errorCode, errorMessage };
}

function refuseAll(
  topics: readonly Wanted[],
  refusal: Refusal,
  others: readonly Result[] = [],
): ReturnType<Decide<'CreatePartitions'>> {
  const results = topics.map(({ name }) => result(name, refusal));
  return { records: [], answer: { throttleTimeMs: 0, results: [...results, ...others] } };
}

function countAdditional(topics: readonly Wanted[], { image }: ControllerState): number {
  let count = 0;
  for (const { name, count: total } of topics) {
    const topic = image.topics.byName(name);
    if (topic !== undefined) count += Math.max(0, total - topic.partitionCount);
  }
  return count;
}

function addPartitions(
  state: ControllerState,
  wanted: Wanted,
  entropy: Entropy,
  directories: Directories,
): readonly MetadataRecord[] | Refusal {
  const topic = state.image.topics.byName(wanted.name);
  if (topic === undefined) return refuse(ERRORS.UNKNOWN_TOPIC_OR_PARTITION, null);
  const refusal = checkCount(topic, wanted);
  if (refusal !== null) return refusal;
  const start = topic.partitionCount;
  const factor = topic.replicas(0).length;
  const replicas = replicasOf(state, wanted, start, factor, entropy);
  if ('errorCode' in replicas) return replicas;
  return replicas.map((ids, index) => newPartition(state.image, directories, topic.id, start + index, ids));
}

function checkCount({ name, partitionCount }: TopicImage, { count, assignments }: Wanted): Refusal | null {
  if (count === partitionCount) {
    return refuse(ERRORS.INVALID_PARTITIONS, `Topic already has ${partitionCount} partition(s).`);
  }
  if (count < partitionCount) {
    const message = `The topic ${name} currently has ${partitionCount} partition(s); ${count} would not be an increase.`;
    return refuse(ERRORS.INVALID_PARTITIONS, message);
  }
  const additional = count - partitionCount;
  if (assignments === null || assignments.length === additional) return null;
  return refuse(
    ERRORS.INVALID_REPLICA_ASSIGNMENT,
    `Attempted to add ${additional} additional partition(s), but only ${assignments.length} assignment(s) were specified.`,
  );
}

function replicasOf(
  { image }: ControllerState,
  { count, assignments }: Wanted,
  start: number,
  factor: number,
  entropy: Entropy,
): readonly (readonly number[])[] | Refusal {
  if (assignments !== null) {
    for (const [index, { brokerIds }] of assignments.entries()) {
      const refusal = checkAssignment(image, brokerIds, factor) ?? checkLeadable(image, brokerIds, start + index);
      if (refusal !== null) return refusal;
    }
    return assignments.map(({ brokerIds }) => brokerIds);
  }
  const placed = placeReplicas(image, count - start, factor, entropy);
  if (typeof placed === 'string') return refuse(ERRORS.INVALID_REPLICATION_FACTOR, placed);
  if (placed.every((ids) => ids.some((id) => isActive(image, id)))) return placed;
  return refuse(
    ERRORS.INVALID_REPLICATION_FACTOR,
    `Unable to replicate the partition ${factor} time(s): All brokers are currently fenced or in controlled shutdown.`,
  );
}
