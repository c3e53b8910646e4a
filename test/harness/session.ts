/**
 * What a scenario talks to a broker through. Everything asked by `ask` goes into the transcript, normalised; what only prepares does not.
 * The transcripts of Apache Kafka 4.4 are in the folders expected/, written by record.ts.
 */
import { randomBytes } from 'node:crypto';
import type { Uuid } from '../../src/base/uuid.ts';
import { DecodeError } from '../../src/protocol/codec/errors.ts';
import { memoryRecords } from '../../src/protocol/records.ts';
import type { ApiName, DecodedResponseOf, RequestInputOf } from '../../src/protocol/schema/index.ts';
import { type BatchOptions, batchOf, type TestRecord } from './batches.ts';
import { ClosedError, RawClient } from './client.ts';
import { type Json, Normaliser } from './normalise.ts';

/** The broker under test. */
export interface Target {
  readonly port: number;
  readonly clusterId: string;
  /** Metadata takes a while to reach all parts of the broker (Kafka): wait for it where the scenario does not look at that. */
  readonly isLazy: boolean;
  /** Ends the broker and starts it again on what it has stored. */
  restart(how: 'stop' | 'kill'): Promise<void>;
}

export interface Scenario {
  readonly name: string;
  /** Of the API under test. */
  readonly versions: readonly number[];
  run(session: Session): Promise<void>;
}

export type Step = readonly [label: string, answer: Json];

export interface Topic {
  readonly name: string;
  readonly id: Uuid;
}

export interface FetchSpec {
  readonly topic: Topic;
  readonly partition?: number;
  readonly offset: number;
  readonly maxBytes?: number;
  readonly currentLeaderEpoch?: number;
  readonly lastFetchedEpoch?: number;
}

export interface AskOptions<N extends ApiName> {
  readonly version?: number;
  readonly keepOrder?: boolean;
  /** Of an answer that says "not yet": the same is asked again, until there comes another. */
  readonly isInBetween?: (answer: DecodedResponseOf<N>) => boolean;
}

const NOT_YET = new Set([3, 5, 6, 100]);
const NO_COORDINATOR_YET = new Set([14, 15, 16]);
const PAUSE_MS = 5;
/** What is in between for so long is a failure. */
const PATIENCE_MS = 20_000;

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, PAUSE_MS);
  });
}

export class Session {
  readonly target: Target;
  readonly version: number;
  readonly prefix: string;
  readonly steps: Step[] = [];
  readonly #normaliser: Normaliser;
  #client: RawClient | null = null;

  constructor(target: Target, version: number) {
    this.target = target;
    this.version = version;
    this.prefix = `t${randomBytes(4).toString('hex')}-`;
    this.#normaliser = new Normaliser({ port: target.port, clusterId: target.clusterId, prefix: this.prefix });
  }

  /** A name that no other session uses. */
  name(name: string): string {
    return this.prefix + name;
  }

  async client(): Promise<RawClient> {
    if (this.#client === null || this.#client.isClosed) this.#client = await RawClient.open(this.target.port);
    return this.#client;
  }

  /** A session on a connection of its own. */
  beside(): Session {
    return new Session(this.target, this.version);
  }

  /** Goes on on a new connection. */
  reconnect(): void {
    this.#client?.close();
    this.#client = null;
  }

  close(): void {
    this.#client?.close();
  }

  /** What a leader epoch is called in the transcript. */
  nameEpoch(epoch: number, name: string): void {
    this.#normaliser.nameEpoch(epoch, name);
  }

  /** What the epoch of a transaction coordinator is called in the transcript. */
  nameCoordinatorEpoch(epoch: number, name: string): void {
    this.#normaliser.nameCoordinatorEpoch(epoch, name);
  }

  /** What a producer's id is called in the transcript. */
  nameProducer(id: number, name: string): void {
    this.#normaliser.nameProducer(id, name);
  }

  /** Puts something into the transcript. */
  tell(label: string, value: unknown, keepOrder = false): void {
    this.steps.push([label, this.#normaliser.json(value, keepOrder)]);
  }

  /** Asks in the version under test; the answer goes into the transcript. Null where the broker closed the connection. */
  async ask<N extends ApiName>(
    label: string,
    api: N,
    request: RequestInputOf<N>,
    { version = this.version, keepOrder = false, isInBetween = () => false }: AskOptions<N> = {},
  ): Promise<DecodedResponseOf<N> | null> {
    try {
      let answer = await this.quietly(api, version, request);
      for (let pauses = 0; isInBetween(answer); pauses++) {
        if (pauses * PAUSE_MS > PATIENCE_MS) throw new Error(`${label}: ${JSON.stringify(answer)} for too long`);
        await pause();
        answer = await this.quietly(api, version, request);
      }
      this.tell(label, answer, keepOrder);
      return answer;
    } catch (error) {
      if (error instanceof DecodeError) throw new Error(`${label}: the answer cannot be read: ${error.message}`);
      if (!(error instanceof ClosedError)) throw error;
      this.tell(label, '<closed>');
      return null;
    }
  }

  /** Asks without transcript. */
  async quietly<N extends ApiName>(api: N, version: number, request: RequestInputOf<N>): Promise<DecodedResponseOf<N>> {
    const client = await this.client();
    return client.ask(api, version, request);
  }

  /** Makes a topic that all parts of the broker know when this returns. */
  async create(name: string, partitions = 1, configs: Readonly<Record<string, string>> = {}): Promise<Topic> {
    const full = this.name(name);
    const { topics } = await this.quietly('CreateTopics', 7, {
      topics: [
        {
          name: full,
          numPartitions: partitions,
          replicationFactor: 1,
          assignments: [],
          configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
        },
      ],
      timeoutMs: 30_000,
    });
    const [made] = topics;
    if (!made || made.errorCode !== 0)
      throw new Error(`${name} was not made: ${made?.errorCode} ${made?.errorMessage}`);
    const topic = { name: full, id: made.topicId };
    this.#normaliser.nameTopic(topic.id, name);
    await this.settled(topic, partitions);
    return topic;
  }

  /** Waits until a topic is served (lazy brokers only). */
  async settled(topic: Topic, partitions: number): Promise<void> {
    if (!this.target.isLazy) return;
    const all = Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp: -1n }));
    for (;;) {
      const meta = await this.quietly('Metadata', 12, {
        topics: [{ name: topic.name }],
        allowAutoTopicCreation: false,
        includeTopicAuthorizedOperations: false,
        includeClusterAuthorizedOperations: false,
      });
      const offsets = await this.quietly('ListOffsets', 4, {
        replicaId: -1,
        isolationLevel: 0,
        topics: [{ name: topic.name, partitions: all }],
      });
      const isKnown = meta.topics.every(
        ({ errorCode, partitions: has }) => errorCode === 0 && has.length === partitions,
      );
      const isServed = offsets.topics.every((each) =>
        each.partitions.every(({ errorCode }) => !NOT_YET.has(errorCode)),
      );
      if (isKnown && isServed) return;
      await pause();
    }
  }

  /** Waits until a topic is gone everywhere (lazy brokers only). */
  async gone(topic: Topic): Promise<void> {
    while (this.target.isLazy) {
      const partitions = [{ partitionIndex: 0, timestamp: -1n }];
      const offsets = await this.quietly('ListOffsets', 4, {
        replicaId: -1,
        isolationLevel: 0,
        topics: [{ name: topic.name, partitions }],
      });
      if (offsets.topics.every((each) => each.partitions.every(({ errorCode }) => errorCode === 3))) return;
      await pause();
    }
  }

  /** A group id that no other session uses, of a group whose coordinator is there. */
  async group(name: string): Promise<string> {
    const groupId = this.name(name);
    for (;;) {
      const found = await this.quietly('FindCoordinator', 4, { keyType: 0, key: '', coordinatorKeys: [groupId] });
      const asked = await this.quietly('OffsetFetch', 7, { groupId, topics: [], groups: [] });
      if (found.coordinators[0]?.errorCode === 0 && !NO_COORDINATOR_YET.has(asked.errorCode)) return groupId;
      await pause();
    }
  }

  /** A Produce request: batches by topic and partition. */
  produceOf(
    parts: readonly { topic: Topic; partition?: number; records: Buffer | null }[],
    { acks = -1, transactionalId = null }: { acks?: number; transactionalId?: string | null } = {},
  ): RequestInputOf<'Produce'> {
    const topics = new Map<Topic, { index: number; records: ReturnType<typeof memoryRecords> | null }[]>();
    for (const { topic, partition = 0, records } of parts) {
      const partitions = topics.get(topic) ?? [];
      topics.set(topic, partitions);
      partitions.push({ index: partition, records: records === null ? null : memoryRecords(records) });
    }
    return {
      transactionalId,
      acks,
      timeoutMs: 10_000,
      topicData: [...topics].map(([{ name, id }, partitionData]) => ({ name, topicId: id, partitionData })),
    };
  }

  /** Appends without transcript; returns the base offset. */
  async append(
    topic: Topic,
    records: readonly (string | TestRecord)[],
    options: BatchOptions & { partition?: number } = {},
  ): Promise<number> {
    const { partition = 0, ...rest } = options;
    const request = this.produceOf([{ topic, partition, records: batchOf(records, rest) }]);
    const { responses } = await this.quietly('Produce', 9, request);
    const part = responses[0]?.partitionResponses[0];
    if (!part || part.errorCode !== 0) throw new Error(`not appended: ${part?.errorCode} ${part?.errorMessage}`);
    return part.baseOffset;
  }

  /** A Fetch request outside of sessions, in any version. */
  fetchOf(specs: readonly FetchSpec[], more: Partial<RequestInputOf<'Fetch'>> = {}): RequestInputOf<'Fetch'> {
    const topics: {
      topic: string;
      topicId: Uuid;
      partitions: RequestInputOf<'Fetch'>['topics'][number]['partitions'][number][];
    }[] = [];
    for (const {
      topic,
      partition = 0,
      offset,
      maxBytes = 1 << 20,
      currentLeaderEpoch = -1,
      lastFetchedEpoch = -1,
    } of specs) {
      let last = topics.at(-1);
      if (last?.topic !== topic.name || last.topicId !== topic.id) {
        topics.push((last = { topic: topic.name, topicId: topic.id, partitions: [] }));
      }
      last.partitions.push({
        partition,
        currentLeaderEpoch,
        fetchOffset: offset,
        partitionMaxBytes: maxBytes,
        ...(lastFetchedEpoch === -1 ? {} : { lastFetchedEpoch }),
      });
    }
    return { maxWaitMs: 0, minBytes: 1, maxBytes: 50 << 20, topics, forgottenTopicsData: [], ...more };
  }

  /** Puts what a partition holds into the transcript. */
  async show(label: string, topic: Topic, partition = 0): Promise<void> {
    await this.ask(label, 'Fetch', this.fetchOf([{ topic, partition, offset: 0 }]), { version: 12 });
  }
}
