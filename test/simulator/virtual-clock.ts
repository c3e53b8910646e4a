/** Time that moves when the test says so: the twin of host/clock. */
import type { Clock, Timer } from '../../src/port/clock.ts';

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly fire: () => void;
}

/** Timers fire in the order of their time, then in the order in which they were set. */
export class VirtualClock implements Clock {
  #now: number;
  readonly #epoch: number;
  #order = 0;
  #timers: Entry[] = [];
  #soon: (() => void)[] = [];

  constructor(epochMs = 1_800_000_000_000) {
    this.#now = 0;
    this.#epoch = epochMs;
  }

  now(): number {
    return this.#epoch + this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(delayMs: number, fire: () => void): Timer {
    const entry = { at: this.#now + Math.max(0, delayMs), order: this.#order++, fire };
    const behind = this.#timers.findIndex(({ at }) => at > entry.at);
    this.#timers.splice(behind < 0 ? this.#timers.length : behind, 0, entry);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== entry);
      },
    };
  }

  soon(run: () => void): void {
    this.#soon.push(run);
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.length;
  }

  /** How many wait for the end of the turn. */
  get pendingSoon(): number {
    return this.#soon.length;
  }

  /** Runs what was to run soon when this was called, not what that adds. How many. */
  runSoon(): number {
    const due = this.#soon;
    this.#soon = [];
    for (const run of due) run();
    return due.length;
  }

  /** When the next timer fires, in milliseconds of `monotonic`; Infinity where none is set. */
  get next(): number {
    return this.#timers[0]?.at ?? Infinity;
  }

  advance(ms: number): void {
    this.advanceTo(this.#now + ms);
  }

  /** Moves time to `until` of `monotonic`, firing what is due on the way at its own time. */
  advanceTo(until: number): void {
    for (;;) {
      const first = this.#timers[0];
      if (first === undefined || first.at > until) break;
      this.#timers.shift();
      this.#now = Math.max(this.#now, first.at);
      first.fire();
    }
    this.#now = Math.max(this.#now, until);
  }
}
