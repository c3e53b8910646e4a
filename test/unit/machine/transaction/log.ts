/** A transaction machine with its log: what is decided is encoded, decoded and replayed, and committed when it is said. */
import assert from 'node:assert/strict';
import type { BrokerConfig } from '../../../../src/config/broker-config.ts';
import type {
  PendingMarkers,
  TransactionContext,
  TransactionDecision,
  TransactionEvents,
  TransactionEventKind,
} from '../../../../src/machine/transaction/decision.ts';
import { NEEDS_PRODUCER_ID } from '../../../../src/machine/transaction/decision.ts';
import { TransactionMachine } from '../../../../src/machine/transaction/machine.ts';
import type { TransactionRecord } from '../../../../src/machine/transaction/records.ts';
import type { Status, Transaction } from '../../../../src/machine/transaction/state.ts';
import { ERRORS } from '../../../../src/protocol/errors.ts';
import { transactionRecords } from '../../../../src/protocol/record/coordinator-records.ts';
import type { RequestOf, ResponseOf } from '../../../../src/protocol/schema/index.ts';
import { configOf } from '../group/fixture.ts';

export const FIRST_PRODUCER_ID = 1000;
export const NOW = 1_000_000;
export const OFFSETS_PARTITIONS = 50;

/** Encoded and decoded. */
export function stored({ type, key, version, value }: TransactionRecord): TransactionRecord {
  const decoded = transactionRecords.decodeKey(transactionRecords.encodeKey(type, key));
  assert.ok(decoded !== null);
  if (value === null) return { ...decoded, version: 0, value: null };
  return { ...decoded, ...transactionRecords.decodeValue(type, transactionRecords.encodeValue(type, version, value)) };
}

export interface Topic {
  readonly name: string;
  readonly partitions: readonly number[];
}

/** Who ends or adds: an id and an epoch. */
export interface Producer {
  readonly producerId: number;
  readonly producerEpoch: number;
}

export const T0: readonly Topic[] = [{ name: 't', partitions: [0] }];

const CONFIGS = new Map<string, BrokerConfig>();

/** Parsed once for all logs. */
function parsed(settings: Readonly<Record<string, string>>): BrokerConfig {
  const key = JSON.stringify(settings);
  const config = CONFIGS.get(key) ?? configOf(settings);
  CONFIGS.set(key, config);
  return config;
}

export class TransactionLog {
  readonly machine: TransactionMachine;
  readonly records: TransactionRecord[] = [];
  readonly #settings: Readonly<Record<string, string>>;
  now = NOW;
  transactionVersion: number;
  /** How many producer ids are at hand. */
  idsAtHand = Infinity;
  nextProducerId = FIRST_PRODUCER_ID;
  committed = 0;

  constructor(transactionVersion = 2, settings: Readonly<Record<string, string>> = {}) {
    this.transactionVersion = transactionVersion;
    this.#settings = settings;
    this.machine = new TransactionMachine({ config: parsed(settings) });
  }

  get endOffset(): number {
    return this.records.length;
  }

  get context(): TransactionContext {
    return {
      now: this.now,
      errorCode: 0,
      transactionVersion: this.transactionVersion,
      offsetsPartitionCount: OFFSETS_PARTITIONS,
      producerId: () => {
        if (this.idsAtHand === 0) return null;
        this.idsAtHand--;
        return this.nextProducerId++;
      },
    };
  }

  /** Decides and appends; nothing is committed. */
  decide<K extends TransactionEventKind>(
    event: TransactionEvents[K]['event'],
  ): TransactionDecision<TransactionEvents[K]['answer']> {
    const decision = this.machine.decide(event, this.context);
    for (const record of decision.records) this.append(record);
    return decision as TransactionDecision<TransactionEvents[K]['answer']>;
  }

  /** Decides, appends, commits. */
  ask<K extends TransactionEventKind>(event: TransactionEvents[K]['event']): TransactionEvents[K]['answer'] {
    const { answer } = this.decide<K>(event);
    this.commit();
    assert.ok(answer !== NEEDS_PRODUCER_ID);
    return answer;
  }

  append(record: TransactionRecord): void {
    this.records.push(record);
    this.machine.replay(stored(record), this.endOffset - 1, 0);
  }

  commit(endOffset = this.endOffset): void {
    this.committed = endOffset;
    this.machine.commit(endOffset);
  }

  /** What is not committed was never written. */
  revert(): void {
    this.records.length = this.committed;
    this.machine.revert(this.committed);
  }

  /** Another machine that has loaded the committed log. */
  reloaded(): TransactionLog {
    const log = new TransactionLog(this.transactionVersion, this.#settings);
    log.now = this.now;
    log.nextProducerId = this.nextProducerId;
    for (const record of this.records.slice(0, this.committed)) log.append(record);
    log.commit();
    return log;
  }

  of(transactionalId = 'x'): Transaction | undefined {
    return this.machine.transactions.get(transactionalId);
  }

  producer(transactionalId = 'x'): Producer {
    const transaction = this.of(transactionalId);
    assert.ok(transaction !== undefined);
    const { producerId, producerEpoch } = transaction;
    return { producerId, producerEpoch };
  }

  /** A state that a log may hold and that would take long to come by. */
  set(transaction: Partial<Transaction>, transactionalId = 'x'): void {
    const now = this.of(transactionalId);
    assert.ok(now !== undefined);
    this.append(this.machine.record({ ...now, ...transaction }, this.context));
    this.commit();
  }

  /** The id goes to this state by what takes it there: with T0 in the transaction, of a client of this version. */
  go(status: Status, version: 2 | 0 = 2): Producer {
    const [addVersion, endVersion] = version === 2 ? [4, 5] : [3, 4];
    const committed = status.endsWith('Commit');
    this.init();
    if (status !== 'Empty') assert.deepEqual(this.add(T0, {}, addVersion), [ERRORS.NONE]);
    if (status !== 'Empty' && status !== 'Ongoing')
      assert.equal(this.end(committed, {}, endVersion).errorCode, ERRORS.NONE);
    if (status.startsWith('Complete')) this.complete();
    assert.equal(this.of()?.status, status);
    return this.producer();
  }

  // ---- requests

  init(request: Partial<RequestOf<'InitProducerId'>> = {}, version = 5): ResponseOf<'InitProducerId'> {
    return this.ask<'InitProducerId'>(initEvent(request, version));
  }

  /** The code of each partition. */
  add(topics = T0, producer: Partial<Producer> = {}, version = 3, transactionalId = 'x'): number[] {
    return this.#adding(topics, this.#who(producer, transactionalId), version, transactionalId, false);
  }

  addOffsets(groupId: string, producer: Partial<Producer> = {}, transactionalId = 'x'): number {
    const request = { transactionalId, ...this.#who(producer, transactionalId), groupId };
    return this.ask<'AddOffsetsToTxn'>({ kind: 'AddOffsetsToTxn', version: 3, request }).errorCode;
  }

  verify(topics = T0, producer: Partial<Producer> = {}, transactionalId = 'x'): number[] {
    return this.#adding(topics, this.#who(producer, transactionalId), 4, transactionalId, true);
  }

  #who(producer: Partial<Producer>, transactionalId: string): Producer {
    const known = this.of(transactionalId);
    const { producerId, producerEpoch } = known ?? { producerId: 1, producerEpoch: 0 };
    return { producerId, producerEpoch, ...producer };
  }

  #adding(topics: readonly Topic[], producer: Producer, version: number, transactionalId: string, verifyOnly: boolean) {
    const answer = this.ask<'AddPartitionsToTxn'>(addEvent(topics, producer, version, transactionalId, verifyOnly));
    if (answer.errorCode !== ERRORS.NONE) return [answer.errorCode ?? ERRORS.NONE];
    const [transaction] = answer.resultsByTransaction;
    const results = version < 4 ? answer.resultsByTopicV3AndBelow : (transaction?.topicResults ?? []);
    return results.flatMap(({ resultsByPartition }) =>
      resultsByPartition.map(({ partitionErrorCode }) => partitionErrorCode),
    );
  }

  end(committed: boolean, producer: Partial<Producer> = {}, version = 5, transactionalId = 'x'): ResponseOf<'EndTxn'> {
    const who = this.#who(producer, transactionalId);
    return this.ask<'EndTxn'>(endEvent(committed, who, version, transactionalId));
  }

  /** The markers that were asked for stand. */
  complete(transactionalId = 'x'): void {
    const pending = this.machine.pendingMarkers().find((one) => one.transactionalId === transactionalId);
    assert.ok(pending !== undefined, 'nothing is prepared');
    this.ask<'markersWritten'>(writtenEvent(pending));
  }

  listed(request: Partial<RequestOf<'ListTransactions'>> = {}): ResponseOf<'ListTransactions'> {
    const event = { kind: 'ListTransactions', version: 2, request: { ...NO_FILTERS, ...request } } as const;
    const answer = this.machine.query(event, this.committed, { now: this.now });
    assert.ok(answer !== null && answer !== NEEDS_PRODUCER_ID && 'unknownStateFilters' in answer);
    return answer;
  }

  described(transactionalId = 'x'): ResponseOf<'DescribeTransactions'>['transactionStates'][number] {
    const request = { transactionalIds: [transactionalId] };
    const event = { kind: 'DescribeTransactions', version: 0, request } as const;
    const answer = this.machine.query(event, this.committed, { now: this.now });
    assert.ok(answer !== null && answer !== NEEDS_PRODUCER_ID && 'transactionStates' in answer);
    const [described] = answer.transactionStates;
    assert.ok(described !== undefined && 'topics' in described);
    return described;
  }
}

const NO_FILTERS = { stateFilters: [], producerIdFilters: [], durationFilter: -1, transactionalIdPattern: null };

export function initEvent(
  request: Partial<RequestOf<'InitProducerId'>> = {},
  version = 5,
): TransactionEvents['InitProducerId']['event'] {
  const defaults = {
    transactionalId: 'x',
    transactionTimeoutMs: 60_000,
    producerId: -1,
    producerEpoch: -1,
    enable2Pc: false,
    keepPreparedTxn: false,
  };
  return { kind: 'InitProducerId', version, request: { ...defaults, ...request } };
}

export function addEvent(
  topics: readonly Topic[],
  producer: Producer,
  version: number,
  transactionalId: string,
  verifyOnly = false,
): TransactionEvents['AddPartitionsToTxn']['event'] {
  const all = topics.map(({ name, partitions }) => ({ name, partitions: [...partitions] }));
  const isOld = version < 4;
  const request = {
    transactions: isOld ? [] : [{ transactionalId, ...producer, verifyOnly, topics: all }],
    v3AndBelowTransactionalId: isOld ? transactionalId : '',
    v3AndBelowProducerId: isOld ? producer.producerId : 0,
    v3AndBelowProducerEpoch: isOld ? producer.producerEpoch : 0,
    v3AndBelowTopics: isOld ? all : [],
  };
  return { kind: 'AddPartitionsToTxn', version, request };
}

export function endEvent(
  committed: boolean,
  producer: Producer,
  version: number,
  transactionalId: string,
): TransactionEvents['EndTxn']['event'] {
  return { kind: 'EndTxn', version, request: { transactionalId, ...producer, committed } };
}

export function writtenEvent({
  transactionalId,
  producerId,
  producerEpoch,
}: PendingMarkers): TransactionEvents['markersWritten']['event'] {
  return { kind: 'markersWritten', transactionalId, producerId, producerEpoch };
}
