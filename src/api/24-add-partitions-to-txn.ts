/**
 * AddPartitionsToTxn: adds partitions to a transaction, or asks whether they are in it (KIP-98, KIP-890).
 *
 * v2 PRODUCER_FENCED (KIP-588)      v4 of brokers: several transactions, and questions only      v5 TRANSACTION_ABORTABLE
 *
 * A partition that is not there fails its whole transaction. So does one of an internal topic, which is not for clients to write to.
 */
import { ERRORS } from '../protocol/errors.ts';
import type {
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponseInput,
} from '../protocol/schema/24-add-partitions-to-txn.ts';
import { isInternalTopic } from '../protocol/topic-names.ts';
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

/** The results where some partition does not exist or may not be written to, else null. */
function refused(topics: readonly Topic[], image: Services['image'], isClient: boolean): TopicResult[] | null {
  const codeOf = ({ name }: Topic, partition: number): number => {
    if (isClient && isInternalTopic(name)) return ERRORS.TOPIC_AUTHORIZATION_FAILED;
    return image.topics.byName(name)?.has(partition) === true ? ERRORS.NONE : ERRORS.UNKNOWN_TOPIC_OR_PARTITION;
  };
  if (topics.every((topic) => topic.partitions.every((partition) => codeOf(topic, partition) === ERRORS.NONE))) {
    return null;
  }
  return results(topics, (topic, partition) => codeOf(topic, partition) || ERRORS.OPERATION_NOT_ATTEMPTED);
}

/** What is answered where partitions were to be added: all together or none, told in the form of the request, with what it says twice. */
function added(topics: readonly Topic[], answer: readonly TopicResult[], version: number): readonly TopicResult[] {
  const [code = ERRORS.NONE] = answer.flatMap((topic) =>
    topic.resultsByPartition.map(({ partitionErrorCode }) => fencedCode(partitionErrorCode, version)),
  );
  return results(topics, () => code);
}

async function ofClient(request: AddPartitionsToTxnRequest, context: Context): Promise<readonly TopicResult[]> {
  const { services, version } = context;
  const { v3AndBelowTransactionalId: id, v3AndBelowTopics: topics } = request;
  const refusal = refused(topics, services.image, true);
  if (refusal !== null) return refusal;
  const outcome = await services.transaction('AddPartitionsToTxn', id, request, context);
  if (!outcome.ok) return results(topics, () => outcome.errorCode);
  return added(topics, outcome.response.resultsByTopicV3AndBelow, version);
}

async function ofBroker(
  transaction: Transaction,
  request: AddPartitionsToTxnRequest,
  context: Context,
): Promise<readonly TopicResult[]> {
  const { transactionalId, topics, verifyOnly } = transaction;
  const refusal = refused(topics, context.services.image, false);
  if (refusal !== null) return refusal;
  const one = { ...request, transactions: [transaction] };
  const outcome = await context.services.transaction('AddPartitionsToTxn', transactionalId, one, context);
  if (!outcome.ok) return results(topics, () => outcome.errorCode);
  const answer = outcome.response.resultsByTransaction[0]?.topicResults ?? [];
  return verifyOnly ? answer : added(topics, answer, context.version);
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
