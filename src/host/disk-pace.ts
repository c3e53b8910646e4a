/**
 * Whether writes into the page cache may be done inside the call. They take microseconds, until the kernel throttles us or the medium is in
 * trouble; then the writes of that directory go to a pool thread, which costs several times as much CPU.
 *
 *   fast ── a slow write ──▶ suspect ── another, and the thread was blocked in it ──▶ slow ── time is up ──▶ suspect ── …
 *    ▲                          │ a second without one
 *    └──────────────────────────┘
 *
 * A write also looks slow where the thread had to wait for a processor, which says nothing about the disk: the kernel's account of the
 * thread (schedstat) tells the two apart. It is read only while there is a suspicion.
 */
import * as fs from 'node:fs';

export interface PaceLimits {
  /** A write in which the thread is blocked for longer, in milliseconds, is slow. */
  readonly slowWriteMs: number;
  /** How long a suspicion lasts, and how long writes go to the pool at first. */
  readonly fastAgainMs: number;
}

export const DEFAULT_PACE: PaceLimits = { slowWriteMs: 5, fastAgainMs: 1000 };

/** Each time that a directory is still slow, the time until the next look doubles, up to so many times the first one. */
const MOST_DOUBLED = 8;
/** A write in the pool also waits for a pool thread: only what takes so many times longer is the disk's fault. */
const POOL_ALLOWANCE = 10;
/** After a slow write the kernel is helped with write-back for so long. */
const STRAINED_MS = 30_000;

/**
 * Operations of a slow directory in the pool at once, for each thread. The pool belongs to the whole process: without a bound they would hold all
 * of it, and with it the fsyncs of every other directory.
 */
const POOL_SHARE = 2;

/** Files beside the logs (indexes, snapshots, checkpoints) that are open at once, for each thread. */
const SMALL_FILES = 16;

/** How the writes of one log directory have gone lately. One a log directory and thread. */
export class Pace {
  readonly #limits: PaceLimits;
  readonly #account: ThreadAccount;
  /** Of performance.now(): writes go to the pool until then. 0: they do not. */
  #slowUntil = 0;
  #suspectUntil = 0;
  #strainedUntil = 0;
  #pauseMs: number;
  /** What the thread had been given, and had waited for a processor, before the write under way. */
  #accountBefore = 0;
  #open = 0;
  readonly #entering: (() => void)[] = [];
  #inPool = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(limits: PaceLimits, account: ThreadAccount) {
    this.#limits = limits;
    this.#account = account;
    this.#pauseMs = limits.fastAgainMs;
  }

  get writesInCall(): boolean {
    if (this.#slowUntil === 0) return true;
    const now = performance.now();
    if (now < this.#slowUntil) return false;
    this.#slowUntil = 0;
    this.#suspectUntil = now + this.#limits.fastAgainMs;
    return true;
  }

  /** Whether writes were slow in the last half minute. */
  get isStrained(): boolean {
    return this.#strainedUntil !== 0 && performance.now() < this.#strainedUntil;
  }

  /** Before a write inside the call. What it returns is for `ended`. */
  begin(): number {
    if (this.#suspectUntil !== 0) this.#accountBefore = this.#account.milliseconds();
    return performance.now();
  }

  /** After a write inside the call. */
  ended(started: number): void {
    const now = performance.now();
    const took = now - started;
    if (this.#suspectUntil === 0) {
      if (took > this.#limits.slowWriteMs) this.#suspectUntil = now + this.#limits.fastAgainMs;
      return;
    }
    if (took > this.#limits.slowWriteMs) {
      const blocked = took - (this.#account.milliseconds() - this.#accountBefore);
      if (blocked > this.#limits.slowWriteMs) this.#becomeSlow(now);
    }
    if (now >= this.#suspectUntil) {
      this.#suspectUntil = 0;
      this.#pauseMs = this.#limits.fastAgainMs;
    }
  }

  /** After a write in the pool. */
  endedInPool(started: number): void {
    const now = performance.now();
    if (now - started > this.#limits.slowWriteMs * POOL_ALLOWANCE && this.#slowUntil !== 0) {
      this.#slowUntil = Math.max(this.#slowUntil, now + this.#limits.fastAgainMs);
    }
  }

  /** A place among the small files that are open at once. False: `enter` waits for one. */
  tryEnter(): boolean {
    if (this.#open >= SMALL_FILES) return false;
    this.#open++;
    return true;
  }

  /** Resolves with the place of one that leaves. */
  enter(): Promise<void> {
    return new Promise((resolve) => this.#entering.push(resolve));
  }

  leave(): void {
    const next = this.#entering.shift();
    if (next) next();
    else this.#open--;
  }

  /** Starts an operation of a slow directory in the pool when it is its turn; `start` calls `done` once, when the pool is done with it. */
  inPool(start: (done: () => void) => void): void {
    if (this.#inPool >= POOL_SHARE) {
      this.#waiting.push(() => this.inPool(start));
      return;
    }
    this.#inPool++;
    start(() => {
      this.#inPool--;
      this.#waiting.shift()?.();
    });
  }

  #becomeSlow(now: number): void {
    this.#slowUntil = now + this.#pauseMs;
    this.#suspectUntil = now + this.#pauseMs;
    this.#strainedUntil = now + STRAINED_MS;
    this.#pauseMs = Math.min(this.#pauseMs * 2, this.#limits.fastAgainMs * MOST_DOUBLED);
  }
}

/** The kernel's account of the calling thread: one a thread, used by it alone. */
export class ThreadAccount {
  /** -1: not opened; -2: this system has none. */
  #fd = -1;
  readonly #text = Buffer.alloc(96);

  /** Milliseconds on a processor and waiting for one, together; 0 where the kernel does not tell. */
  milliseconds(): number {
    if (this.#fd === -2) return 0;
    try {
      if (this.#fd === -1) this.#fd = fs.openSync('/proc/thread-self/schedstat', 'r');
      const size = fs.readSync(this.#fd, this.#text, 0, this.#text.length, 0);
      const [running = '0', waiting = '0'] = this.#text.latin1Slice(0, size).split(' ');
      return (Number(running) + Number(waiting)) / 1e6;
    } catch {
      this.#fd = -2;
      return 0;
    }
  }
}
