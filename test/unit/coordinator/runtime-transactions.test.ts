/** The runtime with transactions: batches of producers stand alone, markers in their place, and a refusal that concerns one producer hits nobody else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Encoded,
  type Machine,
  type MachineLog,
  type RecordProducer,
  Runtime,
  type RuntimeDecision,
  type RuntimeOutcome,
  type Written,
} from '../../../src/coordinator/runtime.ts';
import type { TransactionMarker } from '../../../src/protocol/transaction-marker.ts';
import { VirtualClock } from '../../simulator/virtual-clock.ts';

interface Event {
  readonly say: string;
  readonly producerId?: number;
}

/** Remembers what was replayed: `a`, `b of 7`, `commit of 7`. */
class Notes implements Machine<Event, string, number> {
  readonly lines: { readonly offset: number; readonly text: string }[] = [];

  get told(): string[] {
    return this.lines.map(({ offset, text }) => `${offset} ${text}`);
  }

  decide({ say, producerId }: Event): RuntimeDecision<Event, string, number> {
    const producer = producerId === undefined ? null : { producerId, producerEpoch: 0 };
    return { records: [say], answer: this.lines.length, producer };
  }

  replay(text: string, offset: number, _epoch: number, producer: RecordProducer | null): void {
    this.lines.push({ offset, text: producer === null ? text : `${text} of ${producer.producerId}` });
  }

  endTransaction(producerId: number, _epoch: number, commit: boolean, offset: number): void {
    this.lines.push({ offset, text: `${commit ? 'commit' : 'abort'} of ${producerId}` });
  }

  commit(): void {}

  revert(endOffset: number): void {
    while ((this.lines.at(-1)?.offset ?? -1) >= endOffset) this.lines.pop();
  }
}

const INVALID_PRODUCER_EPOCH = 47;
const NOT_ENOUGH_REPLICAS = 19;

/** Writes at once, or when it is told so. */
class SteeredLog implements MachineLog<string> {
  readonly maxBatchBytes = 61 + 40;
  endOffset = 0;
  /** What stands in it, a batch a line. */
  readonly batches: string[] = [];
  /** Refuses the next appends that say this. */
  readonly refusals = new Map<string, number>();
  isSlow = false;
  /** Called in an append that is refused, before it is told. */
  onRefusal: () => void = () => {};
  #inFlight: (() => void) | null = null;

  encode(record: string): Encoded<string> {
    return { record, key: null, value: null, sizeInBytes: 10 };
  }

  append(
    batch: readonly Encoded<string>[],
    baseOffset: number,
    _now: number,
    producer: RecordProducer | null,
    done: (written: Written) => void,
  ): void {
    const text = batch.map(({ record }) => record).join(' ');
    this.#append(producer === null ? text : `${text} of ${producer.producerId}`, batch.length, baseOffset, done);
  }

  appendMarker(
    { producerId, commit }: TransactionMarker,
    baseOffset: number,
    _now: number,
    done: (written: Written) => void,
  ): void {
    this.#append(`${commit ? 'commit' : 'abort'} of ${producerId}`, 1, baseOffset, done);
  }

  #append(text: string, count: number, baseOffset: number, done: (written: Written) => void): void {
    assert.equal(baseOffset, this.endOffset);
    assert.equal(this.#inFlight, null, 'one append at a time');
    const errorCode = this.refusals.get(text);
    this.refusals.delete(text);
    if (errorCode === undefined) {
      this.endOffset += count;
      this.batches.push(text);
    }
    if (errorCode !== undefined) this.onRefusal();
    const finish = (): void => done(errorCode === undefined ? { ok: true, baseOffset } : { ok: false, errorCode });
    if (this.isSlow) this.#inFlight = finish;
    else finish();
  }

  /** Is done with what is on its way. */
  finish(): void {
    const finish = this.#inFlight;
    this.#inFlight = null;
    finish?.();
  }
}

function markerOf(producerId: number, commit = true): TransactionMarker {
  return { producerId, producerEpoch: 0, commit, coordinatorEpoch: 0, transactionVersion: 0 };
}

function setup(lingerMs = -1, timeoutMs = 5000) {
  const clock = new VirtualClock();
  const machine = new Notes();
  const log = new SteeredLog();
  const published: string[] = [];
  const runtime = new Runtime<Event, string, number>({
    machine,
    log,
    clock,
    lingerMs,
    timeoutMs,
    onBatch: ({ records, baseOffset, lastOffset }) =>
      published.push(`${baseOffset}-${lastOffset} ${records.join(' ')}`),
  });
  const answers: string[] = [];
  const heard = (name: string) => (outcome: RuntimeOutcome<number | null>) => {
    answers.push(`${name}: ${outcome.ok ? 'ok' : `${outcome.error} ${outcome.errorCode ?? ''}`.trimEnd()}`);
  };
  const submit = (say: string, producerId?: number): void => {
    runtime.submit(producerId === undefined ? { say } : { say, producerId }, heard(say));
  };
  const end = (producerId: number, commit = true): void => {
    runtime.endTransaction(markerOf(producerId, commit), heard(`end of ${producerId}`));
  };
  return { clock, machine, log, runtime, answers, published, submit, end };
}

test('what a producer says is a batch of its own, written at once, in the order of the decisions', () => {
  const { clock, log, runtime, submit, published } = setup();
  runtime.begin(1);
  submit('a');
  submit('b');
  submit('c', 7);
  assert.deepEqual(log.batches, ['a b', 'c of 7']);
  submit('d');
  submit('e', 8);
  submit('f', 8);
  submit('g');
  clock.runSoon();
  assert.deepEqual(log.batches, ['a b', 'c of 7', 'd', 'e of 8', 'f of 8', 'g']);
  runtime.committed(7);
  assert.deepEqual(published, ['0-1 a b', '2-2 c', '3-3 d', '4-4 e', '5-5 f', '6-6 g']);
});

test('a marker stands behind what was submitted before and ahead of what comes later', () => {
  const { clock, machine, log, runtime, answers, published, submit, end } = setup();
  runtime.begin(1);
  submit('a', 7);
  submit('b');
  end(7);
  submit('c');
  clock.runSoon();
  assert.deepEqual(log.batches, ['a of 7', 'b', 'commit of 7', 'c']);
  assert.deepEqual(machine.told, ['0 a of 7', '1 b', '2 commit of 7', '3 c']);
  runtime.committed(2);
  assert.deepEqual(answers, ['a: ok', 'b: ok']);
  runtime.committed(3);
  assert.deepEqual(answers, ['a: ok', 'b: ok', 'end of 7: ok']);
  runtime.committed(4);
  assert.deepEqual(answers, ['a: ok', 'b: ok', 'end of 7: ok', 'c: ok']);
  assert.ok(runtime.isSettled);
  assert.deepEqual(published, ['0-0 a', '1-1 b', '3-3 c']);
});

test('what the log refuses a producer is refused it alone', () => {
  const { clock, machine, log, runtime, answers, submit, end } = setup();
  runtime.begin(1);
  log.refusals.set('b of 7', INVALID_PRODUCER_EPOCH);
  log.refusals.set('abort of 8', INVALID_PRODUCER_EPOCH);
  submit('a');
  submit('b', 7);
  end(8, false);
  submit('c');
  clock.runSoon();
  runtime.committed(2);
  assert.deepEqual(answers, ['b: refused 47', 'end of 8: refused 47', 'a: ok', 'c: ok']);
  assert.deepEqual(log.batches, ['a', 'c']);
  assert.deepEqual(machine.told, ['0 a', '1 c']);
});

test('nothing is decided while the log may still refuse a producer', () => {
  for (const lingerMs of [-1, 0, 5]) {
    const { clock, machine, log, runtime, answers, submit, end } = setup(lingerMs);
    const pass = (): void => {
      clock.advance(10);
      clock.runSoon();
    };
    runtime.begin(1);
    log.isSlow = true;
    log.refusals.set('a of 7', INVALID_PRODUCER_EPOCH);
    submit('a', 7);
    submit('b');
    end(8);
    submit('c');
    pass();
    assert.deepEqual(machine.told, ['0 a of 7']);
    assert.deepEqual([runtime.isEnding(7), runtime.isEnding(8)], [false, true]);
    log.finish();
    pass();
    // The marker waits for b, and c for the marker.
    assert.ok(!runtime.isEnding(8));
    assert.deepEqual(machine.told, ['0 b', '1 commit of 8']);
    assert.deepEqual(log.batches, ['b']);
    log.finish();
    assert.deepEqual(machine.told, ['0 b', '1 commit of 8']);
    log.finish();
    pass();
    log.finish();
    assert.deepEqual(log.batches, ['b', 'commit of 8', 'c'], `linger ${lingerMs}`);
    runtime.committed(3);
    assert.deepEqual(answers, ['a: refused 47', 'b: ok', 'end of 8: ok', 'c: ok'], `linger ${lingerMs}`);
    assert.deepEqual(machine.told, ['0 b', '1 commit of 8', '2 c']);
    assert.deepEqual(runtime.held, { queue: 0, waiting: 0, parked: 0, timers: 0 });
  }
});

test('a marker behind a batch that is refused is refused with it', () => {
  const { clock, machine, log, runtime, answers, submit, end } = setup();
  runtime.begin(1);
  log.isSlow = true;
  log.refusals.set('a', NOT_ENOUGH_REPLICAS);
  submit('a');
  clock.runSoon();
  end(7);
  submit('b');
  assert.deepEqual(machine.told, ['0 a', '1 commit of 7']);
  log.finish();
  assert.deepEqual(answers, ['a: refused 19', 'end of 7: refused 19']);
  clock.runSoon();
  log.finish();
  runtime.committed(1);
  assert.deepEqual(log.batches, ['b']);
  assert.deepEqual(machine.told, ['0 b']);
  assert.deepEqual(answers, ['a: refused 19', 'end of 7: refused 19', 'b: ok']);
});

test('a marker is on its way when the runtime stops, or the log is lost', () => {
  for (const how of ['stopped', 'failed'] as const) {
    const { machine, log, runtime, answers, submit, end } = setup(0);
    runtime.begin(1);
    submit('a', 7);
    runtime.committed(1);
    log.isSlow = true;
    end(7);
    end(8);
    assert.deepEqual(answers, ['a: ok']);
    if (how === 'stopped') runtime.stop();
    else runtime.failed();
    assert.deepEqual(answers, ['a: ok', `end of 7: ${how}`, `end of 8: ${how}`]);
    log.finish();
    runtime.committed(2);
    assert.deepEqual(answers.length, 3);
    if (how === 'failed') assert.deepEqual(machine.told, ['0 a of 7']);
  }
});

test('an append that loses the log in its call ends the runtime: everybody is told once', () => {
  for (const dies of ['stop', 'failed'] as const) {
    for (const refused of ['commit of 7', 'b of 7'] as const) {
      const { clock, log, runtime, answers, submit, end } = setup();
      runtime.begin(1);
      log.refusals.set(refused, NOT_ENOUGH_REPLICAS);
      log.onRefusal = () => runtime[dies]();
      runtime.pause();
      if (refused === 'b of 7') submit('b', 7);
      else end(7);
      submit('c');
      runtime.resume();
      clock.runSoon();
      const name = refused === 'b of 7' ? 'b' : 'end of 7';
      assert.deepEqual(answers.map((answer) => answer.split(':')[0]).sort(), [name, 'c'].sort(), `${refused}, ${dies}`);
    }
  }
});

test('a marker that stands in the log but is not committed was never there when the log is lost', () => {
  const { machine, runtime, answers, submit, end } = setup(0);
  runtime.begin(1);
  submit('a', 7);
  runtime.committed(1);
  end(7);
  runtime.failed();
  assert.deepEqual(answers, ['a: ok', 'end of 7: failed']);
  assert.deepEqual(machine.told, ['0 a of 7']);
});

test('before the beginning, at the end and when too much waits, no marker is taken', () => {
  const { clock, runtime, answers, submit, end } = setup();
  end(1);
  runtime.begin(1);
  runtime.pause();
  for (let i = 0; i < 10_000; i++) submit('a');
  end(2);
  runtime.resume();
  while (runtime.held.queue > 0) clock.runSoon();
  clock.runSoon();
  end(3);
  runtime.committed(10_001);
  runtime.drain();
  end(4);
  assert.deepEqual(
    answers.filter((answer) => answer.startsWith('end')),
    ['end of 1: loading', 'end of 2: overloaded', 'end of 3: ok', 'end of 4: stopped'],
  );
});

test('a marker that waits too long for the commit is given up, and stands', () => {
  const { clock, machine, runtime, answers, submit, end } = setup(0, 100);
  runtime.begin(1);
  submit('a', 7);
  end(7);
  clock.advance(200);
  assert.deepEqual(answers, ['a: timed-out', 'end of 7: timed-out']);
  runtime.committed(2);
  assert.equal(answers.length, 2);
  assert.deepEqual(machine.told, ['0 a of 7', '1 commit of 7']);
});

test('what is loaded with its producers and markers is as it was', async () => {
  const { clock, machine, runtime } = setup();
  const producer = { producerId: 7, producerEpoch: 0 };
  const text = (record: string, offset: number) => [{ record, offset }];
  const loading = runtime.load(
    (async function* () {
      yield { records: [{ record: 'a', offset: 0, producer }], lastOffset: 0, epoch: 0 };
      yield { records: text('b', 1), lastOffset: 1, epoch: 0 };
      yield { records: [], lastOffset: 2, epoch: 0, marker: { ...producer, commit: false } };
    })(),
  );
  clock.runSoon();
  assert.equal(await loading, 3);
  assert.deepEqual(machine.told, ['0 a of 7', '1 b', '2 abort of 7']);
  assert.equal(runtime.committedOffset, 3);
});
