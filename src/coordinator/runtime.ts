/**
 * The one runtime around a deterministic machine: the controller, the coordinators of groups, and later of transactions and share groups.
 * On the thread that owns the machine's log, one a log.
 *
 *   submit ─▶ queue ─▶ decide ─▶ replay ─▶ gathering ─▶ log          the newest state, ahead of what is committed
 *                 ▲                                      │
 *              timers                                    ▼
 *                 answer ◀─ waiting ◀───────────── committed        refused ─▶ revert, everything that saw it is refused
 *   query ──────▶ answered at once, from what is committed
 *
 * One decision stands in one atomic batch, unless it calls itself divisible; a batch holds what several decided in a turn (`lingerMs`). While the
 * log is not done with one batch, the next gathers. What a producer commits in its transaction is a batch of its own, and `endTransaction` puts
 * the marker that ends it in its place among the submissions. A decision without records is answered when everything that it may have seen is
 * committed. One without an answer parks its ticket: `replies` of a later decision answer it.
 */
import { assert } from '../base/assert.ts';
import type { Clock } from '../port/clock.ts';
import type { TransactionMarker } from '../protocol/transaction-marker.ts';
import { Batches } from './batches.ts';
import type { Complete, DecisionContext, Loaded, Machine, MachineLog, Reply, RuntimeDecision } from './contract.ts';
import type { AnswerWhen, CommittedBatch, RuntimeError, RuntimeOutcome } from './contract.ts';
import { KeyedTimers } from './keyed-timers.ts';
import { Timers } from './timers.ts';

export type * from './contract.ts';

/** Deciding and replaying take at most so long before the loop goes on with other work. */
const SLICE_MS = 1;
/** How often the time is looked at while replaying. */
const REPLAYS_BETWEEN_LOOKS = 64;
/** Events that may wait to be decided; beyond that a submission is refused. */
const MAX_QUEUE = 10_000;
/** Answers that may wait for the log to commit, and tickets that wait for a later decision. */
const MAX_WAITING = 50_000;
const MAX_PARKED = 100_000;
/** After so long the event of a timer comes again, where what it decided could not be written. */
const TIMER_RETRY_MS = 500;

export interface RuntimeOptions<Event, Record, Answer> {
  readonly machine: Machine<Event, Record, Answer>;
  readonly log: MachineLog<Record>;
  readonly clock: Clock;
  /** The thread's wheel, where many runtimes share it. */
  readonly timers?: Timers;
  /**
   * How long the records of several decisions gather into one batch. 0: each decision is written at once. -1: until the end of the loop's
   * turn.
   */
  readonly lingerMs?: number;
  /** An answer that has waited so long for the log is given up: 'timed-out'. What was decided stands. */
  readonly timeoutMs?: number;
  /** Called for each committed batch, in order, before the answers that wait for it. */
  readonly onBatch?: (batch: CommittedBatch<Record>) => void;
}

interface Submission<Event, Answer> {
  readonly event: Event;
  readonly complete: Complete<Answer>;
  readonly when: AnswerWhen;
  /** See DecisionContext. */
  readonly errorCode: number;
  /** Of a timer that fired: its key, and whether it still counts when its turn comes. */
  readonly timer: { readonly key: string; take(): boolean } | null;
}

/** The end of a transaction, in its place among the submissions. */
interface Ending {
  readonly marker: TransactionMarker;
  readonly complete: Complete<null>;
}

type Failure = RuntimeOutcome<never> & { readonly ok: false };

/** What follows where a decision, or a marker, is committed or refused. */
interface Outstanding<Event, Answer> {
  readonly when: AnswerWhen;
  /** Tells whoever waits: it is committed, or why not. */
  complete: (failure: Failure | null) => void;
  replies: readonly Reply<Answer>[];
  readonly onFailed: Event | null;
  /** Null: of a marker. */
  readonly submission: Submission<Event, Answer> | null;
}

/** What was replayed below `endOffset` is not committed yet. */
interface Waiting<Event, Answer> extends Outstanding<Event, Answer> {
  readonly endOffset: number;
  readonly since: number;
}

const NOTHING = (): void => {};
const NO_REPLIES: readonly never[] = [];

export class Runtime<Event, Record, Answer> {
  readonly #options: RuntimeOptions<Event, Record, Answer>;
  readonly #batches: Batches<Record>;
  readonly #timers: KeyedTimers<Event>;
  #state: 'loading' | 'active' | 'stopped' = 'loading';
  #epoch = -1;
  #queue: (Submission<Event, Answer> | Ending)[] = [];
  /** So many at the front of the queue have had their turn, and leave it when the run ends. */
  #begun = 0;
  #running = false;
  #paused = false;
  #goesOn = false;
  #isDraining = false;
  #waiting: Waiting<Event, Answer>[] = [];
  #timesOut = false;
  #ticket = 0;
  readonly #parked = new Map<number, Complete<Answer>>();
  #unpublished: CommittedBatch<Record>[] = [];
  /** One more than the last record of the machine, or than the last marker; other control records of the log do not count. */
  #endOffset = 0;
  #committed = 0;
  #acknowledged = 0;

  constructor(options: RuntimeOptions<Event, Record, Answer>) {
    this.#options = options;
    const { log, clock, machine } = options;
    const timers = options.timers ?? new Timers(clock);
    this.#batches = new Batches({
      log,
      clock,
      lingerMs: options.lingerMs ?? 0,
      replay: (record, offset, producer) => {
        machine.replay(record, offset, this.#epoch, producer);
        this.#endOffset = offset + 1;
      },
      endTransaction: ({ producerId, producerEpoch, commit }, offset) => {
        machine.endTransaction?.(producerId, producerEpoch, commit, offset);
        this.#endOffset = offset + 1;
      },
      written: (batch) => {
        if (options.onBatch !== undefined) this.#unpublished.push({ ...batch, epoch: this.#epoch });
      },
      endOffset: () => this.#endOffset,
      refused: (baseOffset, endOffset, errorCode) => this.#refuse(baseOffset, endOffset, errorCode),
      free: () => this.#run(),
    });
    this.#timers = new KeyedTimers(timers, (key, event, take) => {
      this.#enqueue({ event, complete: NOTHING, when: 'committed', errorCode: 0, timer: { key, take } });
    });
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

  /** Records below are committed. */
  get committedOffset(): number {
    return this.#committed;
  }

  /** Whether the state is the committed one: nothing is on its way. */
  get isSettled(): boolean {
    return this.#committed >= this.#endOffset;
  }

  /** What is held for those who wait, for limits and tests. */
  get held(): { readonly queue: number; readonly waiting: number; readonly parked: number; readonly timers: number } {
    return {
      queue: this.#queue.length,
      waiting: this.#waiting.length,
      parked: this.#parked.size,
      timers: this.#timers.size,
    };
  }

  // ---- load

  /** Replays what the log holds, a millisecond at a time. Resolves with the end offset. Ends early where the runtime is stopped. */
  async load(source: AsyncIterable<Loaded<Record>>): Promise<number> {
    const { machine, clock } = this.#options;
    let sliceStart = clock.monotonic();
    let count = 0;
    for await (const { records, lastOffset, epoch, marker } of source) {
      for (const { record, offset, producer } of records) {
        machine.replay(record, offset, epoch, producer ?? null);
        this.#endOffset = lastOffset + 1;
        if (++count % REPLAYS_BETWEEN_LOOKS !== 0 || clock.monotonic() - sliceStart < SLICE_MS) continue;
        await new Promise<void>((resolve) => clock.soon(resolve));
        sliceStart = clock.monotonic();
        if (this.#state === 'stopped') return this.#endOffset;
      }
      if (marker != null) {
        machine.endTransaction?.(marker.producerId, marker.producerEpoch, marker.commit, lastOffset);
        this.#endOffset = lastOffset + 1;
      }
      machine.commit(lastOffset + 1);
      if (this.#isStopped()) break;
    }
    this.#committed = this.#endOffset;
    return this.#endOffset;
  }

  // The state may change during any await, which the compiler does not see.
  #isStopped(): boolean {
    return this.#state === 'stopped';
  }

  /** The state is loaded, and this node leads the log in `epoch`: decisions begin. */
  begin(epoch: number): void {
    assert(epoch > this.#epoch, 'epochs only rise');
    if (this.#state === 'stopped') return;
    this.#epoch = epoch;
    this.#state = 'active';
    this.#run();
  }

  /** This node leads the log in a later epoch without having lost it in between. */
  raiseEpoch(epoch: number): void {
    assert(epoch >= this.#epoch, 'epochs only rise');
    if (this.#state === 'active') this.#epoch = epoch;
  }

  // ---- submit

  /**
   * Has the machine decide about an event, after those that were submitted before. `complete` is called once: with the answer when the
   * records behind it are committed (and, if so asked, acknowledged), or with why there is none.
   */
  submit(event: Event, complete: Complete<Answer>, when: AnswerWhen = 'committed'): void {
    const refusal = this.#refusal();
    if (refusal !== null) complete({ ok: false, error: refusal });
    else this.#enqueue({ event, complete, when, errorCode: 0, timer: null });
  }

  /**
   * Ends a producer's transaction: what was submitted before stands before the marker, what comes later behind it. `complete` is called once: when
   * the marker is committed, or with why it is not.
   */
  endTransaction(marker: TransactionMarker, complete: Complete<null>): void {
    const refusal = this.#refusal();
    if (refusal !== null) complete({ ok: false, error: refusal });
    else this.#enqueue({ marker, complete });
  }

  /** Whether the end of a producer's transaction waits for its turn. */
  isEnding(producerId: number): boolean {
    return this.#queue.some((next) => 'marker' in next && next.marker.producerId === producerId);
  }

  /** Why nothing is taken now. */
  #refusal(): RuntimeError | null {
    const state = this.#isDraining ? 'stopped' : this.#state;
    if (state !== 'active') return state;
    const isFull =
      this.#queue.length >= MAX_QUEUE || this.#waiting.length >= MAX_WAITING || this.#parked.size >= MAX_PARKED;
    return isFull ? 'overloaded' : null;
  }

  /**
   * As `submit`, for what the machine must learn whatever else waits, and where nobody waits for an answer. While the state is loaded it waits
   * for the beginning.
   */
  tell(event: Event): void {
    if (this.#state === 'stopped' || this.#isDraining) return;
    this.#queue.push({ event, complete: NOTHING, when: 'committed', errorCode: 0, timer: null });
    this.#run();
  }

  /** Answers at once from what is committed; null where the event is no question. Only while the state is 'active'. */
  query(event: Event): Answer | null {
    const { machine, clock } = this.#options;
    return machine.query?.(event, this.#committed, { now: clock.now() }) ?? null;
  }

  #enqueue(next: Submission<Event, Answer> | Ending): void {
    if (this.#state !== 'active') return;
    this.#queue.push(next);
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

  get #mayDecide(): boolean {
    return !this.#paused && this.#state === 'active' && !this.#batches.isFull;
  }

  #run(): void {
    if (this.#running || this.#goesOn) return;
    this.#running = true;
    const { clock } = this.#options;
    const start = clock.monotonic();
    while (this.#begun < this.#queue.length && this.#mayDecide) {
      const next = this.#queue[this.#begun++] as Submission<Event, Answer> | Ending;
      if ('marker' in next) this.#end(next);
      else this.#decide(next);
      if (this.#begun % 8 !== 0 || clock.monotonic() - start < SLICE_MS) continue;
      if (this.#begun < this.#queue.length) this.#goOnLater();
      break;
    }
    this.#queue.splice(0, this.#begun);
    this.#begun = 0;
    this.#running = false;
    this.#release();
  }

  #goOnLater(): void {
    this.#goesOn = true;
    this.#options.clock.soon(() => {
      this.#goesOn = false;
      this.#run();
    });
  }

  #decide(submission: Submission<Event, Answer>): void {
    const { timer, event, complete, errorCode, when } = submission;
    if (timer !== null && !timer.take()) return;
    const { machine, clock } = this.#options;
    const now = clock.now();
    const ticket = ++this.#ticket;
    const context: DecisionContext = { now, nextOffset: this.#batches.nextOffset, ticket, errorCode };
    const decision = machine.decide(event, context);
    for (const { key, delayMs, event: later } of decision.timers ?? NO_REPLIES) this.#timers.set(key, delayMs, later);
    if (decision.answer === undefined && complete !== NOTHING) this.#park(ticket, complete);
    const outstanding = this.#outstanding(decision, submission, when);
    const { records } = decision;
    if (records.length > 0) {
      const tooLarge = this.#batches.add(records, decision.divisible === true, now, decision.producer ?? null);
      if (tooLarge !== 0) {
        this.#fail([outstanding], tooLarge);
        return;
      }
    }
    this.#wait(outstanding);
    // What was written inside the call of `flush` may be committed already: #release looks at it.
    if (records.length > 0) this.#batches.flush();
  }

  #outstanding(
    { answer, replies, onFailed }: RuntimeDecision<Event, Record, Answer>,
    submission: Submission<Event, Answer>,
    when: AnswerWhen,
  ): Outstanding<Event, Answer> {
    const { complete } = submission;
    return {
      when,
      complete: answer === undefined ? NOTHING : (failure) => complete(failure ?? { ok: true, answer }),
      replies: replies ?? NO_REPLIES,
      onFailed: onFailed ?? null,
      submission,
    };
  }

  #end({ marker, complete }: Ending): void {
    this.#batches.addMarker(marker, this.#options.clock.now());
    this.#wait({
      when: 'committed',
      complete: (failure) => complete(failure ?? { ok: true, answer: null }),
      replies: NO_REPLIES,
      onFailed: null,
      submission: null,
    });
    this.#batches.flush();
  }

  /** For the commit of all that was replayed so far. */
  #wait(outstanding: Outstanding<Event, Answer>): void {
    this.#waiting.push({ ...outstanding, endOffset: this.#endOffset, since: this.#options.clock.monotonic() });
    this.#watchTimeouts();
  }

  // ---- what became of it

  /** The log is committed up to `endOffset`. */
  committed(endOffset: number): void {
    if (endOffset <= this.#committed || this.#state === 'stopped') return;
    this.#committed = endOffset;
    this.#options.machine.commit(endOffset);
    let published = 0;
    for (const batch of this.#unpublished) {
      if (batch.lastOffset >= endOffset) break;
      published++;
      this.#options.onBatch?.(batch);
    }
    if (published > 0) this.#unpublished.splice(0, published);
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
    while (done < this.#waiting.length) {
      const next = this.#waiting[done] as Waiting<Event, Answer>;
      const limit = next.when === 'committed' ? this.#committed : Math.min(this.#committed, this.#acknowledged);
      if (next.endOffset > limit) break;
      done++;
    }
    if (done === 0) return;
    // Taken off first: an answer may submit the next event.
    for (const { complete, replies } of this.#waiting.splice(0, done)) {
      complete(null);
      for (const { to, answer: reply } of replies) this.#unpark(to)?.({ ok: true, answer: reply });
    }
  }

  #park(ticket: number, complete: Complete<Answer>): void {
    if (this.#isDraining) complete({ ok: false, error: 'stopped' });
    else this.#parked.set(ticket, complete);
  }

  #unpark(ticket: number): Complete<Answer> | undefined {
    const complete = this.#parked.get(ticket);
    this.#parked.delete(ticket);
    return complete;
  }

  /** A batch was not written: the state is again as it was before, and all that was decided later is refused. */
  #refuse(baseOffset: number, endOffset: number, errorCode: number): void {
    this.#options.machine.revert(baseOffset);
    let kept = this.#waiting.length;
    while (kept > 0 && (this.#waiting[kept - 1] as Waiting<Event, Answer>).endOffset > baseOffset) kept--;
    const refused = this.#waiting.splice(kept);
    this.#endOffset = endOffset;
    this.#fail(refused, errorCode);
  }

  #fail(refused: readonly Outstanding<Event, Answer>[], errorCode: number): void {
    const answers: ((failure: Failure) => void)[] = [];
    const events: Submission<Event, Answer>[] = [];
    for (const { complete, replies, onFailed, submission } of refused) {
      answers.push(complete);
      if (onFailed !== null) {
        events.push({ event: onFailed, complete: NOTHING, when: 'committed', errorCode, timer: null });
      } else for (const { to } of replies) answers.push(this.#unpark(to) ?? NOTHING);
      if (submission === null) continue;
      const { timer, event } = submission;
      if (timer !== null && !this.#timers.has(timer.key)) this.#timers.set(timer.key, TIMER_RETRY_MS, event);
    }
    this.#later(events);
    for (const complete of answers) complete({ ok: false, error: 'refused', errorCode });
  }

  /** Decides about these before anything else that waits. */
  #later(events: Submission<Event, Answer>[]): void {
    if (events.length === 0) return;
    // While deciding, those that are done stand at the front of the queue and are cut off by their number.
    this.#options.clock.soon(() => {
      if (this.#state !== 'active') return;
      this.#queue.unshift(...events);
      this.#run();
    });
  }

  #watchTimeouts(): void {
    const { timeoutMs, clock } = this.#options;
    if (timeoutMs === undefined || this.#timesOut) return;
    this.#timesOut = true;
    clock.after(timeoutMs, () => {
      this.#timesOut = false;
      if (this.#state === 'stopped') return;
      const answers: ((failure: Failure) => void)[] = [];
      for (const waiting of this.#waiting) {
        if (clock.monotonic() - waiting.since < timeoutMs) break;
        answers.push(waiting.complete);
        for (const { to } of waiting.replies) answers.push(this.#unpark(to) ?? NOTHING);
        waiting.complete = NOTHING;
        waiting.replies = NO_REPLIES;
      }
      if (this.#waiting.length > 0) this.#watchTimeouts();
      for (const complete of answers) complete({ ok: false, error: 'timed-out' });
    });
  }

  // ---- the end

  /** The log takes no more records: what is not committed is undone, and the runtime has stopped. */
  failed(): void {
    if (this.#state === 'stopped') return;
    this.#options.machine.revert(this.#committed);
    this.#endOffset = Math.min(this.#endOffset, this.#committed);
    this.#finish('failed');
  }

  /** The broker is stopping: nothing new is taken, parked tickets are refused, and what waits for the log is answered when it is done. */
  drain(): void {
    if (this.#state === 'stopped') return;
    this.#isDraining = true;
    const parked = [...this.#parked.values()];
    this.#parked.clear();
    this.#timers.clear();
    for (const complete of parked) complete({ ok: false, error: 'stopped' });
  }

  /** This node does not lead the log any more. */
  stop(): void {
    this.#finish('stopped');
  }

  #finish(error: RuntimeError): void {
    if (this.#state === 'stopped') return;
    this.#state = 'stopped';
    this.#timers.clear();
    this.#batches.stop();
    this.#unpublished = [];
    const completions: ((failure: Failure) => void)[] = this.#waiting.map(({ complete }) => complete);
    // It may be an append of this very turn that has lost the log: who had a turn waits, or was told.
    const queued = this.#queue.slice(this.#begun);
    completions.push(...this.#parked.values(), ...queued.map(({ complete }) => complete));
    this.#waiting = [];
    this.#parked.clear();
    this.#queue = [];
    this.#begun = 0;
    for (const complete of completions) complete({ ok: false, error });
  }
}
