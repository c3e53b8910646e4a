/**
 * A producer with a transactional id, for scenarios. Where Kafka says that something before is not done yet (the coordinator is coming up, markers
 * are being written), it asks again, so that transcripts are the same in every run.
 */
import type { ApiName, DecodedResponseOf, RequestInputOf } from '../../src/protocol/schema/index.ts';
import { type BatchOptions, batchOf, type TestRecord } from '../harness/batches.ts';
import type { Session, Topic } from '../harness/session.ts';

/** The versions of the APIs that a client uses. */
export interface ClientVersions {
  readonly InitProducerId: number;
  readonly AddPartitionsToTxn: number;
  readonly AddOffsetsToTxn: number;
  readonly TxnOffsetCommit: number;
  readonly Produce: number;
  readonly EndTxn: number;
}

/** A client of 4.x: partitions are added by what is produced to them, and the epoch grows with every transaction (KIP-890). */
export const NEW_CLIENT: ClientVersions = {
  InitProducerId: 5,
  AddPartitionsToTxn: 3,
  AddOffsetsToTxn: 4,
  TxnOffsetCommit: 5,
  Produce: 12,
  EndTxn: 5,
};

/** A client of 3.9: it adds partitions itself, and keeps its epoch. */
export const OLD_CLIENT: ClientVersions = { ...NEW_CLIENT, TxnOffsetCommit: 4, Produce: 11, EndTxn: 4 };

const LOADING = 14;
const NOT_AVAILABLE = 15;
const NOT_COORDINATOR = 16;
const NOT_ENOUGH_REPLICAS = 19;
const CONCURRENT_TRANSACTIONS = 51;
const IN_BETWEEN = new Set([LOADING, NOT_AVAILABLE, NOT_COORDINATOR, CONCURRENT_TRANSACTIONS]);
const STILL = new Set(['PrepareCommit', 'PrepareAbort', 'PrepareEpochFence']);
const GROUPS_TOPIC = '__consumer_offsets';
const PAUSE_MS = 5;

export function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, PAUSE_MS);
  });
}

/** A record of now. Older ones would have a segment of their own, for markers are of now (segment.ms). */
export function recordOf(value: string): TestRecord {
  return { timestamp: BigInt(Date.now()), key: 'k', value };
}

/** All error codes in an answer. */
function codesIn(value: unknown, field = ''): number[] {
  if (typeof value === 'number') return /errorCode$/i.test(field) ? [value] : [];
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return [];
  return Object.entries(value).flatMap(([name, each]) => codesIn(each, name));
}

/** Whether something is not done yet. Produce says so of its own, too: before version 12 as NOT_ENOUGH_REPLICAS. */
export function isInBetween(answer: unknown): boolean {
  return codesIn(answer).some((code) => IN_BETWEEN.has(code));
}

function isProduceInBetween(answer: unknown): boolean {
  return codesIn(answer).some((code) => IN_BETWEEN.has(code) || code === NOT_ENOUGH_REPLICAS);
}

/** A transactional id that no other session uses, whose coordinator is there. */
export async function transactionalIdOf(session: Session, name: string): Promise<string> {
  const transactionalId = session.name(name);
  for (;;) {
    const found = await session.quietly('FindCoordinator', 4, {
      keyType: 1,
      key: '',
      coordinatorKeys: [transactionalId],
    });
    if (found.coordinators[0]?.errorCode === 0) {
      const described = await session.quietly('DescribeTransactions', 0, { transactionalIds: [transactionalId] });
      if (!isInBetween(described)) return transactionalId;
    }
    await pause();
  }
}

/** Waits until nothing is left to be done for a transaction that was ended. */
export async function untilEnded(session: Session, transactionalId: string): Promise<string> {
  for (;;) {
    const { transactionStates } = await session.quietly('DescribeTransactions', 0, {
      transactionalIds: [transactionalId],
    });
    const state = transactionStates[0]?.transactionState ?? '';
    if (!isInBetween(transactionStates) && !STILL.has(state)) return state;
    await pause();
  }
}

/** Which partitions of `__consumer_offsets` groups have depends on their names, which no two runs share. */
export async function describeTransactions(
  session: Session,
  label: string,
  transactionalIds: readonly string[],
): Promise<void> {
  const { transactionStates } = await session.quietly('DescribeTransactions', 0, {
    transactionalIds: [...transactionalIds],
  });
  session.tell(label, {
    transactionStates: transactionStates.map((state) => ({
      ...state,
      // Of one that is not there: an id that a producer may have.
      producerId: state.errorCode === 0 ? state.producerId : String(state.producerId),
      topics: state.topics.map(({ topic, partitions }) =>
        topic === GROUPS_TOPIC ? topic : { topic, partitions: partitions.toSorted((one, other) => one - other) },
      ),
    })),
  });
}

interface BatchOf extends BatchOptions {
  readonly partition?: number;
  readonly count?: number;
  readonly timestamp?: bigint;
  readonly acks?: number;
  /** Of the request. */
  readonly transactionalId?: string | null;
}

type Parts = readonly (readonly [topic: Pick<Topic, 'name'>, ...partitions: readonly number[]])[];

export class TransactionalProducer {
  readonly session: Session;
  readonly transactionalId: string;
  readonly versions: ClientVersions;
  producerId = -1;
  epoch = -1;
  readonly #name: string;
  readonly #sequences = new Map<string, number>();

  private constructor(session: Session, name: string, transactionalId: string, versions: ClientVersions) {
    this.session = session;
    this.#name = name;
    this.transactionalId = transactionalId;
    this.versions = versions;
  }

  /** One that has no producer id yet. */
  static async of(session: Session, name: string, versions: ClientVersions): Promise<TransactionalProducer> {
    return new TransactionalProducer(session, name, await transactionalIdOf(session, name), versions);
  }

  /** One that has. */
  static async begun(
    session: Session,
    name: string,
    versions: ClientVersions,
    more: Partial<RequestInputOf<'InitProducerId'>> = {},
  ): Promise<TransactionalProducer> {
    const producer = await TransactionalProducer.of(session, name, versions);
    await producer.init(null, more);
    session.nameProducer(producer.producerId, `producer of ${name}`);
    return producer;
  }

  /** Another of the same id, as far as this one is. */
  twin(versions: ClientVersions = this.versions, session: Session = this.session): TransactionalProducer {
    const twin = new TransactionalProducer(session, this.#name, this.transactionalId, versions);
    twin.producerId = this.producerId;
    twin.epoch = this.epoch;
    return twin;
  }

  get who(): { transactionalId: string; producerId: number; producerEpoch: number } {
    return { transactionalId: this.transactionalId, producerId: this.producerId, producerEpoch: this.epoch };
  }

  async init(label: string | null, more: Partial<RequestInputOf<'InitProducerId'>> = {}): Promise<void> {
    const request = { transactionalId: this.transactionalId, transactionTimeoutMs: 60_000, ...more };
    const answer = await this.#ask(label, 'InitProducerId', request);
    if (answer?.errorCode === 0) this.#take(answer.producerId, answer.producerEpoch);
  }

  async add(label: string | null, parts: Parts, more: Partial<RequestInputOf<'AddPartitionsToTxn'>> = {}) {
    const topics = parts.map(([{ name }, ...partitions]) => ({ name, partitions }));
    await this.#ask(label, 'AddPartitionsToTxn', {
      transactions: [],
      v3AndBelowTransactionalId: this.transactionalId,
      v3AndBelowProducerId: this.producerId,
      v3AndBelowProducerEpoch: this.epoch,
      v3AndBelowTopics: topics,
      ...more,
    });
  }

  async produce(label: string | null, topic: Topic, options: BatchOf = {}): Promise<void> {
    const { partition = 0, count = 1, timestamp, acks = -1, transactionalId = this.transactionalId, ...rest } = options;
    const where = `${topic.name}/${partition}`;
    const baseSequence = this.#sequences.get(where) ?? 0;
    const values = Array.from({ length: count }, (_, i) => (count === 1 ? (label ?? 'quiet') : `${label} ${i}`));
    const all = values.map((value) => ({ ...recordOf(value), ...(timestamp === undefined ? {} : { timestamp }) }));
    const records = batchOf(all, {
      isTransactional: true,
      producerId: this.producerId,
      producerEpoch: this.epoch,
      baseSequence,
      ...rest,
    });
    const request = this.session.produceOf([{ topic, partition, records }], { acks, transactionalId });
    const answer = await this.#ask(label, 'Produce', request);
    if (codesIn(answer).every((code) => code === 0) && rest.baseSequence === undefined) {
      this.#sequences.set(where, baseSequence + count);
    }
  }

  async addOffsets(label: string | null, groupId: string): Promise<void> {
    await this.#ask(label, 'AddOffsetsToTxn', { ...this.who, groupId });
  }

  async commitOffset(
    label: string | null,
    groupId: string,
    topic: Topic,
    committedOffset: number,
    more: Partial<RequestInputOf<'TxnOffsetCommit'>> = {},
  ): Promise<void> {
    const partitions = [{ partitionIndex: 0, committedOffset: BigInt(committedOffset), committedMetadata: '' }];
    const topics = [{ name: topic.name, topicId: topic.id, partitions }];
    await this.#ask(label, 'TxnOffsetCommit', { ...this.who, groupId, topics, ...more });
  }

  /** Ends the transaction and waits until that is done. From version 5 on the producer goes on with the epoch of the answer. */
  async end(label: string | null, committed: boolean, more: Partial<RequestInputOf<'EndTxn'>> = {}): Promise<void> {
    const answer = await this.#ask(label, 'EndTxn', { ...this.who, committed, ...more });
    if (answer?.errorCode !== 0) return;
    if (this.versions.EndTxn >= 5) this.#take(answer.producerId, answer.producerEpoch);
    await untilEnded(this.session, this.transactionalId);
  }

  async describe(label: string): Promise<void> {
    await describeTransactions(this.session, label, [this.transactionalId]);
  }

  #take(producerId: number, epoch: number): void {
    // One that only says again what was said before changes nothing.
    if (producerId !== this.producerId || epoch !== this.epoch) this.#sequences.clear();
    this.producerId = producerId;
    this.epoch = epoch;
  }

  /** Without a label: not told, and the answer must be a good one. */
  async #ask<N extends keyof ClientVersions & ApiName>(
    label: string | null,
    api: N,
    request: RequestInputOf<N>,
  ): Promise<DecodedResponseOf<N> | null> {
    const version = this.versions[api];
    const wait = api === 'Produce' ? isProduceInBetween : isInBetween;
    if (label !== null) return this.session.ask(label, api, request, { version, isInBetween: wait });
    for (;;) {
      const answer = await this.session.quietly(api, version, request);
      if (wait(answer)) {
        await pause();
        continue;
      }
      const codes = codesIn(answer).filter((code) => code !== 0);
      if (codes.length > 0) throw new Error(`${api} v${version} of ${this.#name}: error ${codes.join(', ')}`);
      return answer;
    }
  }
}

/** What readers of committed transactions see of a partition; and what all readers see. */
export async function showCommitted(session: Session, label: string, topic: Topic, partition = 0): Promise<void> {
  const request = session.fetchOf([{ topic, partition, offset: 0 }], { isolationLevel: 1 });
  await session.ask(label, 'Fetch', request, { version: 12 });
}

/** The offset that a group has committed of a topic's first partition. */
export async function showOffset(session: Session, label: string, groupId: string, topic: Topic, requireStable = true) {
  const topics = [{ name: topic.name, partitionIndexes: [0] }];
  await session.ask(label, 'OffsetFetch', { groupId, topics, groups: [], requireStable }, { version: 7 });
}
