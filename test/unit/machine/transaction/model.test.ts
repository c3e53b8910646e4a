/**
 * Anything that clients, brokers, time and a log that refuses may do to a few ids: no id goes to a state that Kafka forbids, no producer gets an
 * epoch again, what was not written leaves no trace, and what is loaded is what was live.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TransactionEvent } from '../../../../src/machine/transaction/decision.ts';
import type { TransactionRecord } from '../../../../src/machine/transaction/records.ts';
import type { Transaction } from '../../../../src/machine/transaction/state.ts';
import {
  addEvent,
  endEvent,
  FIRST_PRODUCER_ID,
  initEvent,
  type Producer,
  TransactionLog,
  writtenEvent,
} from './log.ts';

const IDS = ['a', 'b'] as const;
/** Kafka's numbers of states, and which may follow which: TransactionState.VALID_PREVIOUS_STATES, with the fence and its abort in one. */
const MAY_FOLLOW: readonly (readonly number[])[] = [[0, 4, 5], [1, 0, 4, 5], [1], [1, 0, 4, 5], [2], [3]];
const EXPIRATION_MS = 100_000;

/** Whom a request says that it is from, relative to the newest. */
const NEWEST = { ids: 0, epochs: 0 };
const who = fc.oneof(
  { weight: 4, arbitrary: fc.constant(NEWEST) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      { ids: 0, epochs: -1 },
      { ids: 0, epochs: 1 },
      { ids: -1, epochs: 0 },
      { ids: 0, epochs: 32_766 },
    ),
  },
);
const id = fc.constantFrom(...IDS);
const version = fc.constantFrom(3, 4);
const step = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('init' as const),
      id,
      expected: fc.option(who),
      timeoutMs: fc.constantFrom(1, 60_000),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), id, who, version, partition: fc.nat(3) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      id,
      who,
      version: fc.constantFrom(4, 5),
      committed: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('written' as const), id }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('exhaust' as const),
      id,
      producerEpoch: fc.constantFrom(32_765, 32_766),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(1, 50, EXPIRATION_MS) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constantFrom('late' as const, 'expire', 'commit', 'commit', 'revert') }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('ids' as const), atHand: fc.nat(2) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

class Model {
  readonly log: TransactionLog;
  /** As of the last commit. */
  #committed = new Map<string, Transaction>();
  /** Of each id, as its records say. */
  readonly #last = new Map<string, TransactionRecord>();
  #lastCommitted = new Map<string, TransactionRecord>();
  /** Every producer id that stood in a record. */
  readonly #used = new Set<number>();
  /** States that records went to, by number; 7 for tombstones. */
  readonly #seen: number[];

  constructor(transactionVersion: number, seen: number[]) {
    this.#seen = seen;
    const settings = { 'transactional.id.expiration.ms': String(EXPIRATION_MS) };
    this.log = new TransactionLog(transactionVersion, settings);
  }

  #producer(transactionalId: string, { ids, epochs }: { ids: number; epochs: number }): Producer {
    const newest = this.log.of(transactionalId) ?? { producerId: FIRST_PRODUCER_ID, producerEpoch: 0 };
    const producerEpoch = epochs > 1 ? epochs : newest.producerEpoch + epochs;
    return { producerId: newest.producerId + ids, producerEpoch: Math.max(-1, Math.min(32_767, producerEpoch)) };
  }

  #decide(event: TransactionEvent): void {
    for (const record of this.log.decide(event).records) this.#check(record);
  }

  #check(record: TransactionRecord): void {
    const { transactionalId } = record.key;
    const { value } = record;
    const number = value?.transactionStatus ?? 7;
    this.#seen[number] = (this.#seen[number] ?? 0) + 1;
    const before = this.#last.get(transactionalId)?.value ?? null;
    this.#last.set(transactionalId, record);
    if (value === null) {
      assert.ok(before !== null && [0, 4, 5].includes(before.transactionStatus), 'only what is at rest is forgotten');
      return;
    }
    if (before === null) assert.equal(value.transactionStatus, 0);
    else assert.ok(MAY_FOLLOW[value.transactionStatus]?.includes(before.transactionStatus), 'a state that may follow');
    if (before?.producerId === value.producerId) assert.ok(value.producerEpoch >= before.producerEpoch);
    else {
      const wasPromised = before !== null && before.nextProducerId === value.producerId;
      assert.ok(wasPromised || !this.#used.has(value.producerId), 'a producer id that nobody had');
      assert.equal(value.producerEpoch, 0);
    }
    this.#used.add(value.producerId);
    if (value.nextProducerId !== -1) this.#used.add(value.nextProducerId);
    assert.ok(value.producerEpoch <= 32_767);
  }

  run(each: Step): void {
    const { log } = this;
    switch (each.kind) {
      case 'init': {
        const expected = each.expected === null ? {} : this.#producer(each.id, each.expected);
        const { timeoutMs: transactionTimeoutMs } = each;
        return this.#decide(initEvent({ transactionalId: each.id, transactionTimeoutMs, ...expected }));
      }
      case 'add': {
        const topics = [{ name: 't', partitions: [each.partition] }];
        return this.#decide(addEvent(topics, this.#producer(each.id, each.who), each.version, each.id));
      }
      case 'end':
        return this.#decide(endEvent(each.committed, this.#producer(each.id, each.who), each.version, each.id));
      case 'written': {
        const { producerId, producerEpoch } = this.#producer(each.id, { ids: 0, epochs: 0 });
        return this.#decide({ kind: 'markersWritten', transactionalId: each.id, producerId, producerEpoch });
      }
      case 'exhaust': {
        const now = log.of(each.id);
        if (now === undefined || now.producerEpoch >= each.producerEpoch || now.status.startsWith('Prepare')) return;
        const record = log.machine.record({ ...now, producerEpoch: each.producerEpoch }, log.context);
        log.append(record);
        this.#last.set(each.id, record);
        return;
      }
      case 'pass':
        log.now += each.ms;
        return;
      case 'late':
        return this.#decide({ kind: 'abortTimedOut' });
      case 'expire':
        return this.#decide({ kind: 'expireIds' });
      case 'ids':
        log.idsAtHand = each.atHand === 0 ? Infinity : each.atHand - 1;
        return;
      case 'commit':
        return this.commit();
      case 'revert':
        log.revert();
        this.#last.clear();
        for (const [key, record] of this.#lastCommitted) this.#last.set(key, record);
        assert.deepEqual(new Map(log.machine.transactions), this.#committed);
        return;
    }
  }

  commit(): void {
    const { log } = this;
    log.commit();
    this.#committed = new Map(log.machine.transactions);
    this.#lastCommitted = new Map(this.#last);
    const reloaded = log.reloaded();
    // What is loaded knows what records have a place for.
    const unrecorded = log.transactionVersion === 0 ? UNRECORDED_IN_0 : UNRECORDED;
    const known = [...this.#committed].map(([key, each]) => [key, { ...each, ...unrecorded }] as const);
    assert.deepEqual(new Map(reloaded.machine.transactions), new Map(known));
    // In an order of their own, which a revert changes.
    const listed = (each: TransactionLog) => each.listed().transactionStates.toSorted(byId);
    assert.deepEqual(listed(reloaded), listed(log));
    const pending = ({ machine }: TransactionLog) => machine.pendingMarkers().map(writtenEvent).toSorted(byId);
    assert.deepEqual(pending(reloaded), pending(log));
  }
}

const UNRECORDED = { lastProducerEpoch: -1 };
const UNRECORDED_IN_0 = { ...UNRECORDED, previousProducerId: -1 };

function byId(one: { readonly transactionalId: string }, other: { readonly transactionalId: string }): number {
  return one.transactionalId < other.transactionalId ? -1 : 1;
}

for (const transactionVersion of [0, 1, 2]) {
  test(`whatever happens to them, ids of transaction.version ${transactionVersion} stay in order`, () => {
    const seen: number[] = [];
    const steps = fc.array(step, { minLength: 20, maxLength: 100, size: 'max' });
    const property = fc.property(steps, (all) => {
      const model = new Model(transactionVersion, seen);
      for (const each of all) model.run(each);
      model.commit();
    });
    fc.assert(property, { numRuns: 200 });
    for (const number of [0, 1, 2, 3, 4, 5, 7])
      assert.ok((seen[number] ?? 0) > 0, `${seen.join()}: the steps go everywhere`);
  });
}
