/**
 * The runtime under a log that is slow, refuses, is written by others, and stops; the same seed gives the same run. The machine is a map of
 * counters, so that what every answer says can be checked against what the log holds. What producers add counts when their transactions commit.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UndoJournal, UndoMap } from '../../../src/base/undo-map.ts';
import { SeededRandom } from '../../../src/base/prng.ts';
import {
  type DecisionContext,
  type Encoded,
  type Machine,
  type MachineLog,
  type RecordProducer,
  type Reply,
  Runtime,
  type RuntimeDecision,
  type RuntimeOutcome,
  type Written,
} from '../../../src/coordinator/runtime.ts';
import type { TransactionMarker } from '../../../src/protocol/transaction-marker.ts';
import { VirtualClock } from '../../simulator/virtual-clock.ts';

interface Count {
  readonly key: string;
  readonly value: number;
  /** The decision that said it, and how many records that said. */
  readonly by: number;
  readonly of: number;
  readonly divisible: boolean;
}

const PRODUCERS = 3;
/** The log refuses producers with this one, everybody else with another. */
const INVALID_PRODUCER_EPOCH = 47;

type Event =
  | {
      readonly kind: 'transactional';
      readonly id: number;
      readonly keys: readonly string[];
      readonly producerId: number;
    }
  | { readonly kind: 'add'; readonly id: number; readonly keys: readonly string[]; readonly divisible: boolean }
  | { readonly kind: 'park'; readonly id: number; readonly key: string }
  | { readonly kind: 'release'; readonly id: number; readonly key: string }
  | { readonly kind: 'released'; readonly key: string; readonly tickets: readonly number[] }
  | { readonly kind: 'timer'; readonly key: string }
  | { readonly kind: 'get'; readonly key: string };

interface Answer {
  readonly values: readonly number[];
  readonly error: number;
}

class Counters implements Machine<Event, Count, Answer> {
  readonly journal = new UndoJournal();
  readonly counts = new UndoMap<string, number>(this.journal);
  /** How often open transactions add one, by producer and key. */
  readonly pending = new UndoMap<string, number>(this.journal);
  /** Soft: who waits for a key. */
  readonly waiting = new Map<string, number[]>();
  timers = 0;

  decide(event: Event, context: DecisionContext): RuntimeDecision<Event, Count, Answer> {
    switch (event.kind) {
      case 'add': {
        const records = event.keys.map((key) => this.#next(key, event.id, event.keys.length, event.divisible));
        const answer = { values: records.map(({ value }) => value), error: 0 };
        const timers = event.keys.map((key) => ({ key, delayMs: 50, event: { kind: 'timer', key } as const }));
        return { records, answer, divisible: event.divisible, timers };
      }
      case 'transactional': {
        const { id, keys, producerId } = event;
        const records = keys.map((key) => ({ key, value: 1, by: id, of: keys.length, divisible: false }));
        return { records, answer: { values: [], error: 0 }, producer: { producerId, producerEpoch: 0 } };
      }
      case 'park':
        this.waiting.set(event.key, [...(this.waiting.get(event.key) ?? []), context.ticket]);
        return { records: [] };
      case 'release': {
        const tickets = this.waiting.get(event.key) ?? [];
        this.waiting.delete(event.key);
        const record = this.#next(event.key, event.id, 1, false);
        const answer = { values: [record.value], error: 0 };
        const replies = tickets.map((to): Reply<Answer> => ({ to, answer }));
        return { records: [record], answer, replies, onFailed: { kind: 'released', key: event.key, tickets } };
      }
      case 'released': {
        assert.notEqual(context.errorCode, 0);
        const answer = { values: [], error: context.errorCode };
        return { records: [], answer, replies: event.tickets.map((to) => ({ to, answer })) };
      }
      case 'timer':
        this.timers++;
        return { records: [this.#next(event.key, -1, 1, false)], answer: { values: [], error: 0 } };
      case 'get':
        throw new Error('a question is not decided');
    }
  }

  #next(key: string, by: number, of: number, divisible: boolean): Count {
    return { key, value: (this.counts.get(key) ?? 0) + 1, by, of, divisible };
  }

  query(event: Event, committed: number): Answer | null {
    return event.kind === 'get' ? { values: [this.counts.getAt(event.key, committed) ?? 0], error: 0 } : null;
  }

  replay({ key, value }: Count, offset: number, _epoch: number, producer: RecordProducer | null): void {
    this.journal.at(offset);
    if (producer === null) this.counts.set(key, value);
    else {
      const pending = `${producer.producerId} ${key}`;
      this.pending.set(pending, (this.pending.get(pending) ?? 0) + value);
    }
  }

  endTransaction(producerId: number, _epoch: number, commit: boolean, offset: number): void {
    this.journal.at(offset);
    for (const [pending, count] of Array.from(this.pending)) {
      const [of = '', key = ''] = pending.split(' ');
      if (Number(of) !== producerId) continue;
      this.pending.delete(pending);
      if (commit) this.counts.set(key, (this.counts.get(key) ?? 0) + count);
    }
  }

  commit(endOffset: number): void {
    this.journal.commit(endOffset);
    this.counts.commit(endOffset);
    this.pending.commit(endOffset);
  }

  revert(endOffset: number): void {
    this.journal.revert(endOffset);
  }
}

/** A record of a producer or of nobody, or a marker, as it stands in the log. */
type Entry = (Count & { readonly producerId: number | null }) | TransactionMarker;

/** Writes now or later, refuses now and then, commits later still; others may write in between. */
class FickleLog implements MachineLog<Count> {
  readonly maxBatchBytes = 61 + 10 * 8;
  /** What stands at each offset; null: of somebody else. */
  readonly entries: (Entry | null)[] = [];
  readonly #random: SeededRandom;
  readonly #clock: VirtualClock;
  #inFlight = 0;
  #isLost = false;
  committed = 0;
  onCommitted: (endOffset: number) => void = () => {};

  constructor(random: SeededRandom, clock: VirtualClock) {
    this.#random = random;
    this.#clock = clock;
  }

  get endOffset(): number {
    return this.entries.length;
  }

  /** Records below `endOffset`; null where there is none. */
  records(endOffset = this.endOffset): (Count | null)[] {
    return this.entries.slice(0, endOffset).map((entry) => (entry !== null && 'by' in entry ? entry : null));
  }

  encode(record: Count): Encoded<Count> {
    return { record, key: null, value: null, sizeInBytes: 10 };
  }

  append(
    batch: readonly Encoded<Count>[],
    baseOffset: number,
    _now: number,
    producer: RecordProducer | null,
    done: (written: Written) => void,
  ): void {
    const producerId = producer?.producerId ?? null;
    const entries = batch.map(({ record }) => ({ ...record, producerId }));
    this.#append(entries, baseOffset, producer === null ? 19 : INVALID_PRODUCER_EPOCH, done);
  }

  appendMarker(marker: TransactionMarker, baseOffset: number, _now: number, done: (written: Written) => void): void {
    this.#append([marker], baseOffset, INVALID_PRODUCER_EPOCH, done);
  }

  #append(entries: readonly Entry[], baseOffset: number, errorCode: number, done: (written: Written) => void): void {
    assert.ok(!this.#isLost);
    assert.equal(this.#inFlight++, 0, 'one append at a time');
    assert.equal(baseOffset, this.endOffset);
    const refused = this.#random.below(8) === 0;
    if (!refused) this.entries.push(...entries);
    const { endOffset } = this;
    const finish = (): void => {
      if (this.#isLost) return;
      this.#inFlight--;
      done(refused ? { ok: false, errorCode } : { ok: true, baseOffset });
      if (!refused) this.#later(() => this.#commit(endOffset));
    };
    this.#later(finish);
  }

  foreign(): void {
    this.entries.push(null);
  }

  lose(): void {
    this.#isLost = true;
  }

  #later(run: () => void): void {
    if (this.#random.below(2) === 0) run();
    else this.#clock.after(this.#random.below(20), run);
  }

  #commit(endOffset: number): void {
    if (this.#isLost || endOffset <= this.committed) return;
    this.committed = endOffset;
    this.onCommitted(endOffset);
  }
}

interface Asked {
  readonly event: Event;
  outcome: RuntimeOutcome<Answer> | null;
}

interface Ended {
  readonly marker: TransactionMarker;
  outcome: RuntimeOutcome<null> | null;
}

function simulate(seed: number): string[] {
  const random = new SeededRandom(seed);
  const clock = new VirtualClock();
  const machine = new Counters();
  const log = new FickleLog(random, clock);
  const history: string[] = [];
  const lingerMs = [-1, 0, 5][random.below(3)] as number;
  const runtime = new Runtime<Event, Count, Answer>({ machine, log, clock, lingerMs });
  log.onCommitted = (endOffset) => runtime.committed(endOffset);
  runtime.begin(1);
  const asked: Asked[] = [];
  const ended: Ended[] = [];
  const key = (): string => `k${random.below(4)}`;
  const submit = (event: Event): void => {
    const one: Asked = { event, outcome: null };
    asked.push(one);
    runtime.submit(event, (outcome) => {
      assert.equal(one.outcome, null, 'answered twice');
      one.outcome = outcome;
      history.push(JSON.stringify([event, outcome]));
      if (outcome.ok && event.kind === 'add') check(event, outcome.answer);
      if (random.below(10) === 0) submit({ kind: 'add', id: asked.length, keys: [key()], divisible: false });
    });
  };
  // An answer leaves when its records are committed, and says what they say.
  const check = (event: Event & { kind: 'add' }, { values }: Answer): void => {
    const written = log.records(log.committed).filter((record) => record?.by === event.id);
    assert.deepEqual(
      written.map((record) => record?.value),
      values,
    );
  };
  const end = (): void => {
    const marker = {
      producerId: random.below(PRODUCERS),
      producerEpoch: 0,
      commit: random.below(3) > 0,
      coordinatorEpoch: 0,
      transactionVersion: 0,
    };
    const one: Ended = { marker, outcome: null };
    ended.push(one);
    runtime.endTransaction(marker, (outcome) => {
      assert.equal(one.outcome, null, 'answered twice');
      one.outcome = outcome;
      history.push(JSON.stringify([marker, outcome]));
      const isThere = log.entries.indexOf(marker);
      if (outcome.ok) assert.ok(isThere >= 0 && isThere < log.committed);
      else if (outcome.error === 'refused') assert.equal(isThere, -1, 'refused, and written all the same');
    });
  };
  for (let step = 0; step < 400; step++) {
    const dice = random.below(100);
    const id = asked.length;
    if (dice < 8) {
      const keys = [...new Set(Array.from({ length: 1 + random.below(3) }, key))];
      submit({ kind: 'transactional', id, keys, producerId: random.below(PRODUCERS) });
    } else if (dice < 13) end();
    else if (dice < 40) {
      const keys = Array.from({ length: random.below(4) }, key);
      submit({ kind: 'add', id, keys: [...new Set(keys)], divisible: false });
    } else if (dice < 43) {
      submit({ kind: 'add', id, keys: Array.from({ length: 20 }, (_, n) => `d${n}`), divisible: true });
    } else if (dice < 45) {
      submit({ kind: 'add', id, keys: Array.from({ length: 20 }, (_, n) => `d${n}`), divisible: false });
    } else if (dice < 52) submit({ kind: 'park', id, key: key() });
    else if (dice < 57) submit({ kind: 'release', id, key: key() });
    else if (dice < 62) {
      const name = key();
      assert.equal(
        runtime.query({ kind: 'get', key: name })?.values[0],
        replayed(log, log.committed).get(name) ?? 0,
        'what is not committed is not shown',
      );
    } else if (dice < 64) log.foreign();
    else if (dice < 85) clock.runSoon();
    else clock.advance(random.below(30));
  }
  if (random.below(2) === 0) {
    settle(clock);
    // Everything is answered but those who wait for others.
    const parked = asked.filter(({ outcome }) => outcome === null);
    assert.ok(parked.every(({ event }) => event.kind === 'park'));
    assert.equal(parked.length, runtime.held.parked);
    assert.equal(runtime.held.waiting + runtime.held.queue, 0);
    assert.ok(runtime.isSettled);
    assert.deepEqual(new Map(machine.counts), replayed(log));
    assert.ok(ended.every(({ outcome }) => outcome !== null));
  }
  log.lose();
  if (random.below(2) === 0) runtime.failed();
  else runtime.stop();
  settle(clock);
  assert.deepEqual(runtime.held, { queue: 0, waiting: 0, parked: 0, timers: 0 });
  assert.ok(asked.every(({ outcome }) => outcome !== null));
  assert.ok(ended.every(({ outcome }) => outcome !== null));
  const written = new Set(log.records().map((record) => record?.by));
  for (const { event, outcome } of asked) {
    if (outcome?.ok !== false || outcome.error !== 'refused') continue;
    if (event.kind !== 'transactional') assert.notEqual(outcome.errorCode, INVALID_PRODUCER_EPOCH, "another's refusal");
    if (event.kind !== 'transactional' && (event.kind !== 'add' || event.divisible)) continue;
    assert.ok(!written.has(event.id), 'refused, and written all the same');
  }
  checkBatches(log);
  return history;
}

/** Timers come back every 500 ms where the log refuses: long enough for all of them. */
function settle(clock: VirtualClock): void {
  for (let i = 0; i < 400; i++) {
    clock.runSoon();
    clock.advance(50);
  }
}

function replayed(log: FickleLog, endOffset = log.endOffset): Map<string, number> {
  const counts = new Map<string, number>();
  let open: (Count & { readonly producerId: number | null })[] = [];
  for (const entry of log.entries.slice(0, endOffset)) {
    if (entry === null) continue;
    if ('by' in entry) {
      if (entry.producerId === null) counts.set(entry.key, entry.value);
      else open.push(entry);
      continue;
    }
    const { producerId, commit } = entry;
    for (const { key, value } of commit ? open.filter((each) => each.producerId === producerId) : []) {
      counts.set(key, (counts.get(key) ?? 0) + value);
    }
    open = open.filter((each) => each.producerId !== producerId);
  }
  return counts;
}

/** The records of a decision stand together, all of them, unless it is divisible. */
function checkBatches(log: FickleLog): void {
  const records = log.records();
  for (let at = 0; at < records.length; at++) {
    const first = records[at];
    if (first == null || first.by < 0 || first.divisible) continue;
    const together = records.slice(at, at + first.of);
    assert.ok(together.every((record) => record?.by === first.by));
    at += first.of - 1;
  }
}

test('answers tell what is committed, refusals what is not, and everybody is answered once', () => {
  for (let seed = 1; seed <= 300; seed++) {
    try {
      simulate(seed);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
});

test('a seed gives the same run again', () => {
  assert.deepEqual(simulate(7), simulate(7));
});
