/** The runtime around a machine that counts: order, batches, commits, failures, timers, slices. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../../src/port/clock.ts';
import {
  type CommittedBatch,
  type Encoded,
  type Loaded,
  type Machine,
  type MachineLog,
  type RecordProducer,
  Runtime,
  type RuntimeDecision,
  type RuntimeOutcome,
  type TimerRequest,
  type Written,
} from '../../../src/coordinator/runtime.ts';
import { VirtualClock } from '../../simulator/virtual-clock.ts';

interface Event {
  readonly add: readonly number[];
  readonly divisible?: boolean;
  readonly timers?: readonly TimerRequest<Event>[];
}

/** A sum; what is not committed is kept apart. */
class Counter implements Machine<Event, number, string> {
  readonly applied: { readonly offset: number; readonly value: number }[] = [];
  committedTo = 0;

  get sum(): number {
    return this.applied.reduce((sum, { value }) => sum + value, 0);
  }

  decide({ add, divisible, timers }: Event): RuntimeDecision<Event, number, string> {
    const answer = `sum was ${this.sum}`;
    return { records: add, answer, divisible: divisible ?? false, timers: timers ?? [] };
  }

  replay(value: number, offset: number): void {
    this.applied.push({ offset, value });
  }

  commit(endOffset: number): void {
    this.committedTo = endOffset;
  }

  revert(endOffset: number): void {
    while ((this.applied.at(-1)?.offset ?? -1) >= endOffset) this.applied.pop();
  }
}

class FakeLog implements MachineLog<number> {
  endOffset = 0;
  readonly maxBatchBytes = Number.POSITIVE_INFINITY;
  readonly batches: (readonly number[])[] = [];

  encode(record: number) {
    return { record, key: null, value: null, sizeInBytes: 10 };
  }

  append(
    batch: readonly Encoded<number>[],
    baseOffset: number,
    _now: number,
    _producer: RecordProducer | null,
    done: (written: Written) => void,
  ) {
    assert.equal(baseOffset, this.endOffset);
    this.endOffset += batch.length;
    this.batches.push(batch.map(({ record }) => record));
    done({ ok: true, baseOffset });
  }
}

function setup() {
  const clock = new VirtualClock();
  const machine = new Counter();
  const log = new FakeLog();
  const published: CommittedBatch<number>[] = [];
  const runtime = new Runtime<Event, number, string>({
    machine,
    log,
    clock,
    onBatch: (batch) => published.push(batch),
  });
  const answers: string[] = [];
  const note = (name: string) => (outcome: RuntimeOutcome<string>) =>
    void answers.push(`${name}: ${outcome.ok ? outcome.answer : outcome.error}`);
  return { clock, machine, log, runtime, published, answers, note };
}

test('answers leave in order, when the log has committed what they say', () => {
  const { runtime, log, published, answers, note, machine } = setup();
  runtime.begin(1);
  runtime.submit({ add: [1, 2] }, note('a'));
  runtime.submit({ add: [3] }, note('b'));
  runtime.submit({ add: [] }, note('c'));
  assert.deepEqual(log.batches, [[1, 2], [3]]);
  assert.equal(machine.sum, 6);
  assert.deepEqual(answers, []);
  assert.ok(!runtime.isSettled);
  runtime.committed(2);
  assert.deepEqual(answers, ['a: sum was 0']);
  assert.deepEqual(published, [{ records: [1, 2], baseOffset: 0, lastOffset: 1, epoch: 1 }]);
  runtime.committed(3);
  assert.deepEqual(answers, ['a: sum was 0', 'b: sum was 3', 'c: sum was 6']);
  assert.ok(runtime.isSettled);
  assert.equal(machine.committedTo, 3);
});

test('a decision without records that saw nothing new is answered at once', () => {
  const { runtime, answers, note } = setup();
  runtime.begin(1);
  runtime.submit({ add: [] }, note('a'));
  assert.deepEqual(answers, ['a: sum was 0']);
});

test('answers that others must show wait for their acknowledgement too', () => {
  const { runtime, answers, note } = setup();
  runtime.begin(1);
  runtime.submit({ add: [1] }, note('a'), 'acknowledged');
  runtime.committed(1);
  assert.deepEqual(answers, []);
  runtime.acknowledged(0);
  assert.deepEqual(answers, ['a: sum was 0']);
});

test('a divisible decision is spread over batches, any other is one', () => {
  const { runtime, log, note } = setup();
  runtime.begin(1);
  const add = Array.from({ length: 25_000 }, () => 1);
  runtime.submit({ add, divisible: true }, note('a'));
  runtime.submit({ add }, note('b'));
  assert.deepEqual(
    log.batches.map(({ length }) => length),
    [10_000, 10_000, 5_000, 25_000],
  );
});

test('what waits is refused when the log fails, and the state goes back', () => {
  const { runtime, machine, answers, note } = setup();
  runtime.begin(1);
  runtime.submit({ add: [1] }, note('a'));
  runtime.submit({ add: [2] }, note('b'));
  runtime.committed(1);
  runtime.failed();
  assert.deepEqual(answers, ['a: sum was 0', 'b: failed']);
  assert.equal(machine.sum, 1);
  runtime.submit({ add: [3] }, note('c'));
  assert.equal(answers[2], 'c: stopped');
  runtime.committed(2);
  assert.equal(answers.length, 3);
});

test('nothing is decided before the epoch begins, or while paused', () => {
  const { runtime, log, answers, note } = setup();
  runtime.submit({ add: [1] }, note('a'));
  assert.deepEqual(answers, ['a: loading']);
  runtime.begin(1);
  runtime.pause();
  runtime.submit({ add: [1] }, note('b'));
  assert.deepEqual(log.batches, []);
  runtime.resume();
  assert.deepEqual(log.batches, [[1]]);
  runtime.stop();
  assert.deepEqual(answers, ['a: loading', 'b: stopped']);
});

test('an answer may submit the next event', () => {
  const { runtime, log, answers, note } = setup();
  runtime.begin(1);
  runtime.submit({ add: [1] }, () => runtime.submit({ add: [2] }, note('b')));
  runtime.committed(1);
  runtime.committed(2);
  assert.deepEqual(log.batches, [[1], [2]]);
  assert.deepEqual(answers, ['b: sum was 1']);
});

test('a timer decides later, unless it was cancelled, set anew, or its epoch has ended', () => {
  const { runtime, log, clock, note } = setup();
  const timer = (key: string, delayMs: number, event: Event | null) => ({ key, delayMs, event });
  runtime.begin(1);
  runtime.submit({ add: [], timers: [timer('x', 100, { add: [1] }), timer('y', 100, { add: [2] })] }, note('a'));
  runtime.submit({ add: [], timers: [timer('y', 0, null), timer('x', 200, { add: [3] })] }, note('b'));
  clock.advance(150);
  assert.deepEqual(log.batches, []);
  clock.advance(100);
  assert.deepEqual(log.batches, [[3]]);
  runtime.submit({ add: [], timers: [timer('z', 10, { add: [4] })] }, note('c'));
  runtime.stop();
  clock.advance(100);
  assert.deepEqual(log.batches, [[3]]);
  assert.equal(clock.pending, 0);
});

test('too many events are refused', () => {
  const { runtime, answers, note } = setup();
  runtime.begin(1);
  runtime.pause();
  for (let i = 0; i < 10_000; i++) runtime.submit({ add: [] }, () => {});
  runtime.submit({ add: [] }, note('one too many'));
  assert.deepEqual(answers, ['one too many: overloaded']);
});

test('loading replays snapshot and log at their offsets, and gives way to others', async () => {
  const { runtime, machine, clock } = setup();
  async function* source(): AsyncGenerator<Loaded<number>> {
    const epoch = 3;
    yield { epoch, records: Array.from({ length: 1000 }, () => ({ record: 1, offset: 9 })), lastOffset: 9 };
    yield { epoch, records: [], lastOffset: 12 };
    const last = [5, 6].map((record, index) => ({ record, offset: 13 + index }));
    yield { epoch, records: last, lastOffset: 14 };
  }
  // A clock on which every look costs a millisecond.
  let looks = 0;
  const slow: Clock = {
    now: () => clock.now(),
    monotonic: () => looks++,
    after: (delayMs, fire) => clock.after(delayMs, fire),
    soon: (run) => clock.soon(run),
  };
  const other = new Runtime<Event, number, string>({ machine, log: new FakeLog(), clock: slow });
  const loaded = other.load(source());
  let turns = 0;
  let done = false;
  void loaded.then(() => (done = true));
  for (; !done && turns < 1000; turns++) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.runSoon();
  }
  assert.equal(await loaded, 15);
  assert.ok(turns > 10, `${turns} turns`);
  assert.equal(machine.sum, 1011);
  assert.deepEqual(machine.applied.at(0), { offset: 9, value: 1 });
  assert.deepEqual(machine.applied.at(-1), { offset: 14, value: 6 });
  assert.equal(runtime.state, 'loading');
  other.begin(4);
  assert.ok(other.isSettled);
});

test('what is told while the state is loaded is decided when it begins', () => {
  const { runtime, log } = setup();
  runtime.tell({ add: [1] });
  assert.deepEqual(log.batches, []);
  runtime.begin(1);
  assert.deepEqual(log.batches, [[1]]);
});

test('who waits too long for the log is told so, and what was decided stands', () => {
  const { clock, machine } = setup();
  const log = new FakeLog();
  const runtime = new Runtime<Event, number, string>({ machine, log, clock, timeoutMs: 100 });
  const answers: string[] = [];
  const note = (outcome: RuntimeOutcome<string>): void =>
    void answers.push(outcome.ok ? outcome.answer : outcome.error);
  runtime.begin(1);
  runtime.submit({ add: [1] }, note);
  clock.advance(60);
  runtime.submit({ add: [2] }, note);
  clock.advance(60);
  assert.deepEqual(answers, ['timed-out']);
  runtime.committed(2);
  assert.deepEqual(answers, ['timed-out', 'sum was 1']);
  assert.equal(machine.sum, 3);
  clock.advance(1000);
  assert.equal(clock.pending, 0);
});

test('a broker that stops answers what is on its way, and refuses the rest', () => {
  const { runtime, answers, note } = setup();
  runtime.begin(1);
  runtime.submit({ add: [1] }, note('a'));
  runtime.drain();
  runtime.submit({ add: [2] }, note('b'));
  assert.deepEqual(answers, ['b: stopped']);
  runtime.committed(1);
  assert.deepEqual(answers, ['b: stopped', 'a: sum was 0']);
});
