/**
 * AddPartitionsToTxn and AddOffsetsToTxn: partitions that a transaction writes to, so that its markers reach them. The first begins it.
 *
 * Up to version 3 a producer says which; from version 4 on a broker does for it, or asks whether they are in (KIP-890). The offsets of a group
 * stand in its partition of `__consumer_offsets`.
 */
import { partitionOfKey } from '../../protocol/coordinator-key.ts';
import { ERRORS } from '../../protocol/errors.ts';
import type { RequestOf, ResponseOf } from '../../protocol/schema/index.ts';
import { OFFSETS_TOPIC } from '../../protocol/topic-names.ts';
import type { TransactionContext } from './decision.ts';
import type { DecideTransaction, TransactionState } from './machine.ts';
import type { TransactionRecord } from './records.ts';
import { isPrepared, isRecordable, type Partitions, type Transaction, withPartitions } from './state.ts';

type Request = RequestOf<'AddPartitionsToTxn'>;
type Response = ResponseOf<'AddPartitionsToTxn'>;
type Topics = Request['v3AndBelowTopics'];
type TopicResults = Response['resultsByTopicV3AndBelow'];

const FIRST_OF_BROKERS = 4;
/** The version of transactions that partitions are added by: a broker adds for producers of version 2. */
const OF_PRODUCERS = 0;
const OF_BROKERS = 2;

interface Adding {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly partitions: Partitions;
}

interface Added {
  readonly records: readonly TransactionRecord[];
  readonly errorCode: number;
}

function partitionsOf(topics: Topics): Partitions {
  const byTopic = new Map<string, Set<number>>();
  for (const { name, partitions } of topics) {
    byTopic.set(name, new Set([...(byTopic.get(name) ?? []), ...partitions]));
  }
  return byTopic;
}

function contains(transaction: Transaction, topic: string, partitionId: number): boolean {
  return transaction.partitions.get(topic)?.has(partitionId) === true;
}

function containsAll(transaction: Transaction, partitions: Partitions): boolean {
  for (const [topic, ids] of partitions) {
    for (const id of ids) if (!contains(transaction, topic, id)) return false;
  }
  return true;
}

function checkProducer(transaction: Transaction, { producerId, producerEpoch }: Adding): number {
  if (transaction.producerId !== producerId) return ERRORS.INVALID_PRODUCER_ID_MAPPING;
  return transaction.producerEpoch === producerEpoch ? ERRORS.NONE : ERRORS.PRODUCER_FENCED;
}

function add(state: TransactionState, adding: Adding, clientVersion: number, context: TransactionContext): Added {
  const refuse = (errorCode: number): Added => ({ records: [], errorCode });
  if (adding.transactionalId === '') return refuse(ERRORS.INVALID_REQUEST);
  const transaction = state.transactions.get(adding.transactionalId);
  if (transaction === undefined) return refuse(ERRORS.INVALID_PRODUCER_ID_MAPPING);
  if (isPrepared(transaction)) return refuse(ERRORS.CONCURRENT_TRANSACTIONS);
  const code = checkProducer(transaction, adding);
  if (code !== ERRORS.NONE) return refuse(code);
  if (transaction.status === 'Ongoing' && containsAll(transaction, adding.partitions)) return refuse(ERRORS.NONE);
  if (!isRecordable(clientVersion, context.transactionVersion)) return refuse(ERRORS.UNSUPPORTED_VERSION);
  const next = withPartitions(transaction, adding.partitions, clientVersion, context.now);
  return { records: [state.record(next, context)], errorCode: ERRORS.NONE };
}

/** The answer of each partition: whether the transaction has it. */
function verify(state: TransactionState, adding: Adding): (topic: string, partitionId: number) => number {
  if (adding.transactionalId === '') return () => ERRORS.INVALID_REQUEST;
  const transaction = state.transactions.get(adding.transactionalId);
  if (transaction === undefined) return () => ERRORS.INVALID_PRODUCER_ID_MAPPING;
  const code = checkProducer(transaction, adding);
  if (code !== ERRORS.NONE) return () => code;
  if (isPrepared(transaction)) return () => ERRORS.CONCURRENT_TRANSACTIONS;
  return (topic, id) => (contains(transaction, topic, id) ? ERRORS.NONE : ERRORS.TRANSACTION_ABORTABLE);
}

function resultsOf(partitions: Partitions, codeOf: (topic: string, partitionId: number) => number): TopicResults {
  return Array.from(partitions, ([name, ids]) => ({
    name,
    resultsByPartition: Array.from(ids, (partitionIndex) => {
      return { partitionIndex, partitionErrorCode: codeOf(name, partitionIndex) };
    }),
  }));
}

function respond(version: number, transactionalId: string, topicResults: TopicResults): Response {
  const isOfBroker = version >= FIRST_OF_BROKERS;
  return {
    throttleTimeMs: 0,
    errorCode: ERRORS.NONE,
    resultsByTransaction: isOfBroker ? [{ transactionalId, topicResults }] : [],
    resultsByTopicV3AndBelow: isOfBroker ? [] : topicResults,
  };
}

/** The answer as a whole. */
const UNSUPPORTED: Response = {
  throttleTimeMs: 0,
  errorCode: ERRORS.UNSUPPORTED_VERSION,
  resultsByTransaction: [],
  resultsByTopicV3AndBelow: [],
};

function addingOf(request: Request, version: number): Adding & { readonly verifyOnly: boolean } {
  const [transaction] = request.transactions;
  if (version >= FIRST_OF_BROKERS && transaction !== undefined) {
    return { ...transaction, partitions: partitionsOf(transaction.topics) };
  }
  return {
    transactionalId: request.v3AndBelowTransactionalId,
    producerId: request.v3AndBelowProducerId,
    producerEpoch: request.v3AndBelowProducerEpoch,
    verifyOnly: false,
    partitions: partitionsOf(request.v3AndBelowTopics),
  };
}

export const addPartitions: DecideTransaction<'AddPartitionsToTxn'> = (state, { request, version }, context) => {
  const adding = addingOf(request, version);
  const { transactionalId, partitions, verifyOnly } = adding;
  if (verifyOnly) {
    const results = resultsOf(partitions, verify(state, adding));
    return { records: [], answer: respond(version, transactionalId, results) };
  }
  const clientVersion = version >= FIRST_OF_BROKERS ? OF_BROKERS : OF_PRODUCERS;
  const { records, errorCode } = add(state, adding, clientVersion, context);
  if (errorCode === ERRORS.UNSUPPORTED_VERSION) return { records, answer: UNSUPPORTED };
  const results = resultsOf(partitions, () => errorCode);
  return { records, answer: respond(version, transactionalId, results) };
};

export const addOffsets: DecideTransaction<'AddOffsetsToTxn'> = (state, { request }, context) => {
  const partitionId = partitionOfKey(request.groupId, context.offsetsPartitionCount);
  const adding = { ...request, partitions: new Map([[OFFSETS_TOPIC, new Set([partitionId])]]) };
  const { records, errorCode } = add(state, adding, OF_PRODUCERS, context);
  return { records, answer: { throttleTimeMs: 0, errorCode } };
};
