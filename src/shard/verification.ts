/**
 * Asks the coordinators of transactions whether a producer may write into a partition (KIP-890). On the thread that owns the partition; one
 * a shard.
 *
 *   verify ─▶ gathered until the turn ends, by transactional id ─▶ one AddPartitionsToTxn to the id's coordinator ─▶ done, a partition each
 *                                        ▲                                                       │
 *                                        └──── CONCURRENT_TRANSACTIONS: once more, for a while ◀─┘     (only where partitions are added)
 *
 * What waits here is bounded by what producers have in work. Nothing of it holds up a message: questions are notes, and the appends that
 * wait for them keep the space of their answers only.
 */
import type { MetadataImage } from '../machine/image/image.ts';
import type { Clock } from '../port/clock.ts';
import { partitionOfKey } from '../protocol/coordinator-key.ts';
import { ERRORS, errorName } from '../protocol/errors.ts';
import type { AddPartitionsToTxnRequest } from '../protocol/schema/24-add-partitions-to-txn.ts';
import { OFFSETS_TOPIC, TRANSACTIONS_TOPIC } from '../protocol/topic-names.ts';
import type { TransactionOfRequest, VerificationMode } from '../protocol/transaction-of-request.ts';
import type { CoordinatorCalls } from './coordinator-calls.ts';

/** The coordinator's answer, translated for the producer; a message where Kafka has one of its own. */
export type Verified = (errorCode: number, errorMessage: string | null) => void;

export interface VerifierParts {
  readonly clock: Clock;
  readonly image: MetadataImage;
  readonly calls: () => CoordinatorCalls;
  /** add.partitions.to.txn.retry.backoff.ms and its maximum. */
  readonly retryBackoffMs: number;
  readonly retryMs: number;
  /** transaction.partition.verification.enable */
  isEnabled(): boolean;
}

interface Question {
  readonly topic: string;
  readonly partition: number;
  readonly since: number;
  readonly done: Verified;
}

/** What goes to a coordinator together. */
interface Gathered {
  readonly transaction: TransactionOfRequest;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly questions: Question[];
}

/** The version that brokers ask in. */
const VERSION = 5;
const CLIENT = { clientId: '', clientHost: '' };

export class Verifier {
  readonly #parts: VerifierParts;
  #gathered = new Map<string, Gathered>();

  constructor(parts: VerifierParts) {
    this.#parts = parts;
  }

  /** Calls `done` once, later or in the call, with NONE or the code for the producer. */
  verify(
    at: { readonly topic: string; readonly partition: number },
    producerId: number,
    producerEpoch: number,
    transaction: TransactionOfRequest,
    done: Verified,
  ): void {
    if (transaction.mode !== 'add' && !this.#parts.isEnabled()) {
      done(ERRORS.NONE, null);
      return;
    }
    const { topic, partition } = at;
    const question = { topic, partition, since: this.#parts.clock.monotonic(), done };
    this.#gather({ transaction, producerId, producerEpoch, questions: [question] });
  }

  #gather(asked: Gathered): void {
    const { transaction, producerId, producerEpoch } = asked;
    const key = `${producerId} ${producerEpoch} ${transaction.mode} ${transaction.transactionalId}`;
    const gathered = this.#gathered.get(key);
    if (gathered !== undefined) {
      gathered.questions.push(...asked.questions);
      return;
    }
    if (this.#gathered.size === 0) this.#parts.clock.soon(() => this.#send());
    this.#gathered.set(key, asked);
  }

  #send(): void {
    const gathered = this.#gathered;
    this.#gathered = new Map();
    for (const asked of gathered.values()) this.#ask(asked);
  }

  #ask(asked: Gathered): void {
    const { image, calls } = this.#parts;
    const { transactionalId, mode } = asked.transaction;
    const topic = image.topics.byName(TRANSACTIONS_TOPIC);
    if (topic === undefined) {
      this.#answer(asked, () => ERRORS.COORDINATOR_NOT_AVAILABLE);
      return;
    }
    const request = requestOf(asked);
    const coordinator = partitionOfKey(transactionalId, topic.partitionCount);
    const ask = { api: 'AddPartitionsToTxn', version: VERSION, request, client: CLIENT } as const;
    calls().ask(topic.id, coordinator, ask, (outcome) => {
      if (!outcome.ok) {
        this.#answer(asked, () => outcome.errorCode);
        return;
      }
      const { errorCode, resultsByTransaction } = outcome.response;
      const codes = new Map<string, number>();
      for (const { name, resultsByPartition } of resultsByTransaction[0]?.topicResults ?? []) {
        for (const { partitionIndex, partitionErrorCode } of resultsByPartition) {
          codes.set(`${partitionIndex} ${name}`, partitionErrorCode);
        }
      }
      const codeOf = ({ partition, topic: name }: Question): number => {
        if (errorCode !== undefined && errorCode !== ERRORS.NONE) return errorCode;
        return codes.get(`${partition} ${name}`) ?? ERRORS.UNKNOWN_SERVER_ERROR;
      };
      const again = asked.questions.filter((question) => this.#comesAgain(question, codeOf(question), mode));
      if (again.length > 0) {
        this.#parts.clock.after(this.#parts.retryBackoffMs, () => this.#gather({ ...asked, questions: again }));
      }
      const waiting = new Set(again);
      const questions = asked.questions.filter((question) => !waiting.has(question));
      this.#answer({ ...asked, questions }, codeOf);
    });
  }

  /** The transaction before is not quite over: the producer is spared the round trip, for a while. */
  #comesAgain({ since }: Question, errorCode: number, mode: VerificationMode): boolean {
    const { clock, retryMs } = this.#parts;
    return mode === 'add' && errorCode === ERRORS.CONCURRENT_TRANSACTIONS && clock.monotonic() - since < retryMs;
  }

  #answer({ transaction, questions }: Gathered, codeOf: (question: Question) => number): void {
    for (const question of questions) {
      const errorCode = codeOf(question);
      const isOfGroup = question.topic === OFFSETS_TOPIC;
      const told = isOfGroup ? abortCode(errorCode, transaction.mode) : producerCode(errorCode, transaction.mode);
      question.done(told, messageOf(told, errorCode));
    }
  }
}

function requestOf({ transaction, producerId, producerEpoch, questions }: Gathered): AddPartitionsToTxnRequest {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of questions) {
    const partitions = topics.get(topic);
    if (partitions === undefined) topics.set(topic, [partition]);
    else if (!partitions.includes(partition)) partitions.push(partition);
  }
  const one = {
    transactionalId: transaction.transactionalId,
    producerId,
    producerEpoch,
    verifyOnly: transaction.mode !== 'add',
    topics: [...topics].map(([name, partitions]) => ({ name, partitions })),
  };
  return {
    transactions: [one],
    v3AndBelowTransactionalId: '',
    v3AndBelowProducerId: 0,
    v3AndBelowProducerEpoch: 0,
    v3AndBelowTopics: [],
  };
}

/** What a group's coordinator is told, whose producers know the errors of coordinators. */
function abortCode(errorCode: number, mode: VerificationMode): number {
  if (errorCode === ERRORS.PRODUCER_FENCED) return ERRORS.INVALID_PRODUCER_EPOCH;
  return errorCode === ERRORS.TRANSACTION_ABORTABLE && mode === 'verify' ? ERRORS.INVALID_TXN_STATE : errorCode;
}

/**
 * What the producer is told where the coordinator said so. Older producers do not know what to do with a coordinator's errors, and
 * NOT_ENOUGH_REPLICAS has them try again without asking for metadata.
 */
function producerCode(errorCode: number, mode: VerificationMode): number {
  switch (errorCode) {
    case ERRORS.CONCURRENT_TRANSACTIONS:
      return mode === 'add' ? errorCode : ERRORS.NOT_ENOUGH_REPLICAS;
    case ERRORS.NETWORK_EXCEPTION:
    case ERRORS.COORDINATOR_LOAD_IN_PROGRESS:
    case ERRORS.COORDINATOR_NOT_AVAILABLE:
    case ERRORS.NOT_COORDINATOR:
      return ERRORS.NOT_ENOUGH_REPLICAS;
    default:
      return abortCode(errorCode, mode);
  }
}

/** What Kafka says besides the code. */
function messageOf(told: number, errorCode: number): string | null {
  switch (told) {
    case ERRORS.INVALID_TXN_STATE:
      return 'Partition was not added to the transaction';
    case ERRORS.NOT_ENOUGH_REPLICAS:
      return `Unable to verify the partition has been added to the transaction. Underlying error: ${errorName(errorCode)}`;
    default:
      return null;
  }
}
