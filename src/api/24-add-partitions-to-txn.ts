/**
 * AddPartitionsToTxn: adds partitions to a transaction, or asks whether they are in it (KIP-98, KIP-890).
 *
 * v2 PRODUCER_FENCED (KIP-588)      v4 of brokers: several transactions, and questions only      v5 TRANSACTION_ABORTABLE
 *
 * A partition that is not there fails its whole transaction.
 */
import { ERRORS } from '../protocol/errors.ts';
import type {
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponseInput,
} from '../protocol/schema/24-add-partitions-to-txn.ts';
import type { Api } from './handler.ts';
import type { Context, Services } from './services.ts';
import { fencedCode } from './transaction-fencing.ts';

type Transaction = AddPartitionsToTxnRequest['transactions'][number];
type Topic = Transaction['topics'][number];
type TopicResult = NonNullable<AddPartitionsToTxnResponseInput['resultsByTopicV3AndBelow']>[number];

const FIRST_OF_BROKERS = 4;

/** In the form of clients, or of brokers; the other is not sent. */
function respond(
  resultsByTopicV3AndBelow: readonly TopicResult[],
  resultsByTransaction: AddPartitionsToTxnResponseInput['resultsByTransaction'],
  errorCode: number = ERRORS.NONE,
): AddPartitionsToTxnResponseInput {
  return { throttleTimeMs: 0, errorCode, resultsByTransaction, resultsByTopicV3AndBelow };
}

function results(topics: readonly Topic[], codeOf: (topic: Topic, partition: number) => number): TopicResult[] {
  return topics.map((topic) => ({
    name: topic.name,
    resultsByPartition: topic.partitions.map((partitionIndex) => ({
      partitionIndex,
      partitionErrorCode: codeOf(topic, partitionIndex),
    })),
  }));
}

/** The results where some partition does not exist, else null. */
function unknownPartitions(topics: readonly Topic[], image: Services['image']): TopicResult[] | null {
  const exists = ({ name }: Topic, partition: number): boolean => image.topics.byName(name)?.has(partition) === true;
  if (topics.every((topic) => topic.partitions.every((partition) => exists(topic, partition)))) return null;
  return results(topics, (topic, partition) =>
    exists(topic, partition) ? ERRORS.OPERATION_NOT_ATTEMPTED : ERRORS.UNKNOWN_TOPIC_OR_PARTITION,
  );
}

async function ofClient(request: AddPartitionsToTxnRequest, context: Context): Promise<readonly TopicResult[]> {
  const { services, version } = context;
  const { v3AndBelowTransactionalId: id, v3AndBelowTopics: topics } = request;
  const unknown = unknownPartitions(topics, services.image);
  if (unknown !== null) return unknown;
  const outcome = await services.transaction('AddPartitionsToTxn', id, request, context);
  if (!outcome.ok) return results(topics, () => outcome.errorCode);
  return outcome.response.resultsByTopicV3AndBelow.map(({ name, resultsByPartition }) => ({
    name,
    resultsByPartition: resultsByPartition.map(({ partitionIndex, partitionErrorCode }) => ({
      partitionIndex,
      partitionErrorCode: fencedCode(partitionErrorCode, version),
    })),
  }));
}

async function ofBroker(
  transaction: Transaction,
  request: AddPartitionsToTxnRequest,
  context: Context,
): Promise<readonly TopicResult[]> {
  const { transactionalId, topics } = transaction;
  const unknown = unknownPartitions(topics, context.services.image);
  if (unknown !== null) return unknown;
  const one = { ...request, transactions: [transaction] };
  const outcome = await context.services.transaction('AddPartitionsToTxn', transactionalId, one, context);
  if (!outcome.ok) return results(topics, () => outcome.errorCode);
  return outcome.response.resultsByTransaction[0]?.topicResults ?? [];
}

export const addPartitionsToTxn: Api<AddPartitionsToTxnRequest, AddPartitionsToTxnResponseInput, Services> = {
  async handle(request, context) {
    if (context.version < FIRST_OF_BROKERS) {
      return respond(await ofClient(request, context), []);
    }
    const resultsByTransaction = await Promise.all(
      request.transactions.map(async (transaction) => ({
        transactionalId: transaction.transactionalId,
        topicResults: await ofBroker(transaction, request, context),
      })),
    );
    return respond([], resultsByTransaction);
  },

  failed(request, { version }, errorCode) {
    if (version >= FIRST_OF_BROKERS) return respond([], [], errorCode);
    return respond(
      results(request.v3AndBelowTopics, () => errorCode),
      [],
    );
  },
};
