/**
 * What is on its way between the parts of a simulation without threads, files or promises: everything that may happen next is in one list, and
 * what happens is drawn from it.
 */
import type { SeededRandom } from '../../../src/base/prng.ts';
import { VirtualClock } from '../virtual-clock.ts';

export class Network {
  readonly random: SeededRandom;
  readonly clock = new VirtualClock();
  readonly #events: (() => void)[] = [];
  readonly trace: string[] = [];

  constructor(random: SeededRandom) {
    this.random = random;
  }

  note(line: string): void {
    if (this.trace.length > 3000) this.trace.splice(0, 1000);
    this.trace.push(`${this.clock.monotonic()} ${line}`);
  }

  get isIdle(): boolean {
    return this.#events.length === 0 && this.clock.pendingSoon === 0;
  }

  /** It happens at some time, before or after anything else. */
  later(run: () => void): void {
    this.#events.push(run);
  }

  step(): void {
    const at = this.random.below(this.#events.length);
    const run = this.#events[at];
    if (run !== undefined) {
      this.#events[at] = this.#events[this.#events.length - 1] as () => void;
      this.#events.pop();
      run();
    }
    this.clock.runSoon();
  }
}

/** One connection: what is sent over it comes in order, or not at all once it is cut. Answers come in any order. */
export class Link {
  readonly #network: Network;
  #queue: (() => void)[] = [];
  readonly #open = new Set<() => void>();

  constructor(network: Network) {
    this.#network = network;
  }

  /** `done` is called once, with null where the connection went first. */
  ask<Answer>(handle: (answer: (answer: Answer) => void) => void, done: (answer: Answer | null) => void): void {
    const lose = (): void => finish(null);
    const finish = (answer: Answer | null): void => {
      if (this.#open.delete(lose)) done(answer);
    };
    this.#open.add(lose);
    this.#queue.push(() => handle((answer) => this.#network.later(() => finish(answer))));
    this.#network.later(() => this.#queue.shift()?.());
  }

  /** The client hears nothing more. A beginning of what it has sent may still come, whenever. */
  cut(): void {
    this.#queue = this.#queue.slice(0, this.#network.random.below(this.#queue.length + 1));
    for (const lose of this.#open) lose();
  }
}
