/**
 * The one runtime around a deterministic machine: the controller, and later the coordinators of groups, transactions and share groups. On
 * the thread that owns the machine's log, one a log.
 *
 *   submit ─▶ queue ─▶ decide ─▶ append ─▶ replay ─┐            the newest state, ahead of what is committed
 *                                                   ▼
 *                         answer ◀─ waiting ◀─ committed        failed ─▶ revert, everything that waits is refused
 *
 * One decision is one atomic batch, unless it calls itself divisible. A decision without records is answered when everything that it may
 * have seen is committed. Everything that completes later carries the epoch in which it began and is dropped in another.
 */
import { assert } from '../base/assert.ts';
import type { Clock, Timer } from '../port/clock.ts';

/** Deciding and replaying take at most so long before the loop goes on with other work. */
const SLICE_MS = 1;
/** How often the time is looked at while replaying. */
const REPLAYS_BETWEEN_LOOKS = 64;
/** Events that may wait; beyond that a submission is refused. */
const MAX_QUEUE = 10_000;
/** Records of one batch of a divisible decision. */
const MAX_BATCH_RECORDS = 10_000;

/** A timer that a decision sets. `event` null cancels it. A key has one timer at a time. */
export interface TimerRequest<Event> {
  readonly key: string;
  readonly delayMs: number;
  readonly event: Event | null;
}

/** What a machine decides. */
export interface RuntimeDecision<Event, Record, Answer> {
  readonly records: readonly Record[];
  readonly answer: Answer;
  readonly timers?: readonly TimerRequest<Event>[];
  /** The records may be spread over several batches. */
  readonly divisible?: boolean;
}

export interface DecisionContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Where the first record of the decision will stand. */
  readonly nextOffset: number;
}

/** A state that decides, and changes by replaying only. */
export interface Machine<Event, Record, Answer> {
  decide(event: Event, context: DecisionContext): RuntimeDecision<Event, Record, Answer>;
  /** Cannot fail. Offsets never go back but by `revert`. */
  replay(record: Record, offset: number, epoch: number): void;
  /** Records below `endOffset` are committed. */
  commit(endOffset: number): void;
  /** Records at `endOffset` and later do not exist: the state goes back. */
  revert(endOffset: number): void;
}

/** The log of a machine. Its owner tells the runtime by `committed` and `failed` what became of an append. */
export interface MachineLog<Record> {
  readonly endOffset: number;
  /** Appends one atomic batch and returns the records as a reload would decode them. */
  append(records: readonly Record[], now: number): { readonly baseOffset: number; readonly records: readonly Record[] };
}

/** Why there is no answer. 'loading': the state is not there yet. 'stopped': this node does not lead the log (any more). */
export type RuntimeError = 'loading' | 'stopped' | 'failed' | 'overloaded';

export type RuntimeOutcome<Answer> =
  | { readonly ok: true; readonly answer: Answer }
  | { readonly ok: false; readonly error: RuntimeError };

export type Complete<Answer> = (outcome: RuntimeOutcome<Answer>) => void;

/** Committed: the records are safe. Acknowledged: everybody who shows the state to others has applied them too. */
export type AnswerWhen = 'committed' | 'acknowledged';

/** Records that were read back. */
export interface Loaded<Record> {
  readonly records: readonly Record[];
  /** Of the first record. All records of a snapshot stand at its last offset. */
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly epoch: number;
  readonly isSnapshot: boolean;
}

/** A committed batch, for those who replay it elsewhere. */
export interface CommittedBatch<Record> {
  readonly records: readonly Record[];
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly epoch: number;
}

export interface RuntimeOptions<Event, Record, Answer> {
  readonly machine: Machine<Event, Record, Answer>;
  readonly log: MachineLog<Record>;
  readonly clock: Clock;
  /** Called for each committed batch, in order, before the answers that wait for it. */
  readonly onBatch?: (batch: CommittedBatch<Record>) => void;
}

interface Submission<Event, Answer> {
  readonly event: Event;
  readonly complete: Complete<Answer>;
  readonly when: AnswerWhen;
}

interface Waiting<Answer> {
  readonly endOffset: number;
  readonly answer: Answer;
  readonly complete: Complete<Answer>;
  readonly when: AnswerWhen;
}

const NOTHING = (): void => {};

export class Runtime<Event, Record, Answer> {
  readonly #options: RuntimeOptions<Event, Record, Answer>;
  #state: 'loading' | 'active' | 'stopped' = 'loading';
  #epoch = -1;
  #queue: Submission<Event, Answer>[] = [];
  #running = false;
  #paused = false;
  #waiting: Waiting<Answer>[] = [];
  #unpublished: CommittedBatch<Record>[] = [];
  readonly #timers = new Map<string, Timer>();
  /** One more than the last record of the machine; control records of the log do not count. */
  #endOffset = 0;
  #committed = 0;
  #acknowledged = 0;

  constructor(options: RuntimeOptions<Event, Record, Answer>) {
    this.#options = options;
  }

  get state(): 'loading' | 'active' | 'stopped' {
    return this.#state;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** One more than the last record that was replayed. */
  get endOffset(): number {
    return this.#endOffset;
  }

  /** Whether the state is the committed one: nothing is on its way. */
  get isSettled(): boolean {
    return this.#committed >= this.#endOffset;
  }

  // ---- load

  /** Replays what the log holds, a millisecond at a time. Resolves with the end offset. */
  async load(source: AsyncIterable<Loaded<Record>>): Promise<number> {
    const { machine, clock } = this.#options;
    let sliceStart = clock.monotonic();
    for await (const { records, baseOffset, lastOffset, epoch, isSnapshot } of source) {
      for (const [index, record] of records.entries()) {
        machine.replay(record, isSnapshot ? lastOffset : baseOffset + index, epoch);
        if (index % REPLAYS_BETWEEN_LOOKS !== 0 || clock.monotonic() - sliceStart < SLICE_MS) continue;
        await new Promise<void>((resolve) => clock.soon(resolve));
        sliceStart = clock.monotonic();
      }
      if (records.length > 0) this.#endOffset = lastOffset + 1;
      machine.commit(lastOffset + 1);
    }
    this.#committed = this.#endOffset;
    return this.#endOffset;
  }

  /** The state is loaded, and this node leads the log in `epoch`: decisions begin. */
  begin(epoch: number): void {
    assert(epoch > this.#epoch, 'epochs only rise');
    this.#epoch = epoch;
    this.#state = 'active';
    this.#run();
  }

  // ---- submit

  /**
   * Has the machine decide about an event, after those that were submitted before. `complete` is called once: with the answer when the
   * decision's records are committed (and, if so asked, acknowledged), or with why there is none.
   */
  submit(event: Event, complete: Complete<Answer>, when: AnswerWhen = 'committed'): void {
    if (this.#state !== 'active') {
      complete({ ok: false, error: this.#state });
      return;
    }
    if (this.#queue.length >= MAX_QUEUE) {
      complete({ ok: false, error: 'overloaded' });
      return;
    }
    this.#queue.push({ event, complete, when });
    this.#run();
  }

  /** No decisions until `resume`; events wait. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#run();
  }

  #run(): void {
    if (this.#running) return;
    this.#running = true;
    const { clock } = this.#options;
    const start = clock.monotonic();
    let done = 0;
    while (done < this.#queue.length && !this.#paused && this.#state === 'active') {
      this.#decide(this.#queue[done++] as Submission<Event, Answer>);
      if (clock.monotonic() - start < SLICE_MS) continue;
      clock.soon(() => this.#run());
      break;
    }
    this.#queue.splice(0, done);
    this.#running = false;
    this.#release();
  }

  #decide({ event, complete, when }: Submission<Event, Answer>): void {
    const { machine, log, clock } = this.#options;
    const now = clock.now();
    const { records, answer, timers, divisible } = machine.decide(event, { now, nextOffset: log.endOffset });
    const batch = divisible === true ? MAX_BATCH_RECORDS : records.length;
    for (let from = 0; from < records.length; from += batch) this.#append(records.slice(from, from + batch), now);
    for (const timer of timers ?? []) this.#setTimer(timer);
    this.#waiting.push({ endOffset: this.#endOffset, answer, complete, when });
  }

  #append(records: readonly Record[], now: number): void {
    const { machine, log } = this.#options;
    const appended = log.append(records, now);
    const { baseOffset } = appended;
    for (const [index, record] of appended.records.entries()) machine.replay(record, baseOffset + index, this.#epoch);
    this.#endOffset = baseOffset + appended.records.length;
    const lastOffset = this.#endOffset - 1;
    this.#unpublished.push({ records: appended.records, baseOffset, lastOffset, epoch: this.#epoch });
  }

  // ---- timers

  #setTimer({ key, delayMs, event }: TimerRequest<Event>): void {
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
    if (event === null) return;
    const epoch = this.#epoch;
    const timer = this.#options.clock.after(delayMs, () => {
      if (this.#timers.get(key) === timer) this.#timers.delete(key);
      if (epoch === this.#epoch) this.submit(event, NOTHING);
    });
    this.#timers.set(key, timer);
  }

  // ---- what became of it

  /** The log is committed up to `endOffset`. */
  committed(endOffset: number): void {
    if (endOffset <= this.#committed) return;
    this.#committed = endOffset;
    this.#options.machine.commit(endOffset);
    let published = 0;
    for (const batch of this.#unpublished) {
      if (batch.lastOffset >= endOffset) break;
      published++;
      this.#options.onBatch?.(batch);
    }
    this.#unpublished.splice(0, published);
    this.#release();
  }

  /** Whoever shows the state to others has applied the records up to this one. */
  acknowledged(lastOffset: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, lastOffset + 1);
    this.#release();
  }

  #release(): void {
    if (this.#running) return;
    let done = 0;
    const released: Waiting<Answer>[] = [];
    while (done < this.#waiting.length) {
      const next = this.#waiting[done] as Waiting<Answer>;
      const limit = next.when === 'committed' ? this.#committed : Math.min(this.#committed, this.#acknowledged);
      if (next.endOffset > limit) break;
      released.push(next);
      done++;
    }
    this.#waiting.splice(0, done);
    // Taken off first: an answer may submit the next event.
    for (const { complete, answer } of released) complete({ ok: true, answer });
  }

  /** The log takes no more records: what is not committed is undone, and the runtime has stopped. */
  failed(): void {
    this.#options.machine.revert(this.#committed);
    this.#endOffset = Math.min(this.#endOffset, this.#committed);
    this.#end('failed');
  }

  /** This node does not lead the log any more. */
  stop(): void {
    this.#end('stopped');
  }

  #end(error: RuntimeError): void {
    if (this.#state === 'stopped') return;
    this.#state = 'stopped';
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#unpublished = [];
    const waiting = this.#waiting.splice(0);
    const queue = this.#queue.splice(0);
    for (const { complete } of waiting) complete({ ok: false, error });
    for (const { complete } of queue) complete({ ok: false, error });
  }
}
