/**
 * How many logs of a thread do slow work at the same time. A start or the deletion of a large topic makes thousands of them want to at once, and each
 * holds a descriptor or two meanwhile.
 *
 * Lives on the thread that owns the logs, one a thread. First come, first served; work that is under way must not wait for work that
 * has not begun.
 */
const AT_ONCE = 16;

export class CareLimit {
  readonly #waiting: (() => void)[] = [];
  #free = AT_ONCE;

  /** Does the work when it is its turn: in the call where that is now. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      // Who waits takes the place over.
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
