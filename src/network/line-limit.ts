/**
 * Keeps what clients do wrong from flooding the log: so many lines of a kind a second, and then how many there would have been. On the
 * thread of what logs; one a kind of line.
 */
import type { LogFields, Logger } from '../port/log.ts';

/** Lines of a kind a second. */
const LIMIT = 100;

export class LineLimit {
  readonly #log: Logger;
  /** What happened `count` times more, in the plural. */
  readonly #summary: string;
  #written = 0;
  #left = 0;

  constructor(log: Logger, summary: string) {
    this.#log = log;
    this.#summary = summary;
  }

  warn(message: string, fields: LogFields): void {
    if (this.#written >= LIMIT) {
      this.#left++;
      return;
    }
    this.#written++;
    this.#log.warn(message, fields);
  }

  /** A second is over. */
  tick(): void {
    if (this.#left > 0) this.#log.warn(this.#summary, { count: this.#left });
    this.#written = 0;
    this.#left = 0;
  }
}
