/**
 * Keeps what clients do wrong from flooding the log: so many lines of a kind a second, and then how many there would have been. On the
 * thread of what logs; one a kind of line.
 */
import type { Clock, Timer } from '../port/clock.ts';
import type { LogFields, Logger } from '../port/log.ts';

/** Lines of a kind a second. */
const LIMIT = 100;
const PERIOD_MS = 1000;

export class LineLimit {
  readonly #log: Logger;
  readonly #clock: Clock;
  /** What happened `count` times more, in the plural. */
  readonly #summary: string;
  readonly #limit: number;
  #since = Number.NEGATIVE_INFINITY;
  #written = 0;
  #left = 0;
  #timer: Timer | null = null;

  constructor(log: Logger, clock: Clock, summary: string, limit: number = LIMIT) {
    this.#log = log;
    this.#clock = clock;
    this.#summary = summary;
    this.#limit = limit;
  }

  warn(message: string, fields: LogFields): void {
    const now = this.#clock.monotonic();
    if (now - this.#since >= PERIOD_MS) {
      this.#since = now;
      this.#written = 0;
    }
    if (this.#written < this.#limit) {
      this.#written++;
      this.#log.warn(message, fields);
      return;
    }
    this.#left++;
    this.#timer ??= this.#clock.after(PERIOD_MS, () => {
      this.#timer = null;
      this.#sumUp();
    });
  }

  /** Says now what there is to say. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#sumUp();
  }

  #sumUp(): void {
    if (this.#left > 0) this.#log.warn(this.#summary, { count: this.#left });
    this.#left = 0;
  }
}
