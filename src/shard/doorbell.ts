/**
 * The doorbells of real threads: two words of shared memory a thread, and what wakes a sleeper: a rope of the host's, or Atomics.waitAsync.
 *
 *   sender                                   receiver
 *   ──────                                   ────────
 *   store tail                               store asleep = 1
 *   bits |= 1 << sender                      look at bits: any set? then asleep = 0 and go on
 *   load asleep; 1 → 0? then pull, notify    else listen, waitAsync(asleep, 1)
 *
 * Atomics are totally ordered, so either the sender sees `asleep` or the receiver sees the bit; a wake-up is never lost, and a peer
 * that is awake costs its senders no call into the kernel. A pending waitAsync keeps no thread alive: each thread of the
 * broker holds a referenced MessagePort (host/threads).
 */
import type { BellRope, Doorbell } from '../port/doorbell.ts';

/** Each thread's words stand on lines of their own. */
const WORDS_PER_THREAD = 32;
const ASLEEP = 0;
const NEWS = 16;

/** Bytes of shared memory for the doorbells of `threads` threads. */
export function doorbellBytes(threads: number): number {
  return threads * WORDS_PER_THREAD * 4;
}

/** Lives on its thread; one a thread. */
export class AtomicsDoorbell implements Doorbell {
  readonly #words: Int32Array;
  readonly #self: number;
  readonly #own: number;
  readonly #rope: BellRope | null;
  #wake: (() => void) | null = null;
  #waiting = false;
  #closed = false;

  /** `memory`: the block of all doorbells. `self`: this thread's number, below 32. `rope`: all threads have one, or none has. */
  constructor(memory: SharedArrayBuffer, self: number, rope: BellRope | null = null) {
    this.#words = new Int32Array(memory);
    this.#self = self;
    this.#own = self * WORDS_PER_THREAD;
    this.#rope = rope;
    rope?.listen(() => this.#rung());
  }

  ring(to: number): void {
    const base = to * WORDS_PER_THREAD;
    Atomics.or(this.#words, base + NEWS, 1 << this.#self);
    if (Atomics.load(this.#words, base + ASLEEP) === 0) return;
    if (Atomics.compareExchange(this.#words, base + ASLEEP, 1, 0) !== 1) return;
    if (this.#rope === null) Atomics.notify(this.#words, base + ASLEEP);
    else this.#rope.pull(to);
  }

  take(): number {
    Atomics.store(this.#words, this.#own + ASLEEP, 0);
    return Atomics.exchange(this.#words, this.#own + NEWS, 0);
  }

  sleep(wake: () => void): boolean {
    Atomics.store(this.#words, this.#own + ASLEEP, 1);
    if (Atomics.load(this.#words, this.#own + NEWS) !== 0) {
      Atomics.store(this.#words, this.#own + ASLEEP, 0);
      return false;
    }
    this.#wake = wake;
    // A wait that this thread was not woken from (it woke for a reason of its own) still stands and serves again.
    if (this.#waiting || this.#rope !== null) return true;
    const wait = Atomics.waitAsync(this.#words, this.#own + ASLEEP, 1);
    if (!wait.async) {
      // A sender rang between the two lines.
      this.#wake = null;
      return false;
    }
    this.#waiting = true;
    void wait.value.then(() => this.#woken());
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#wake = null;
    this.#rope?.close();
  }

  /** A pull of before this thread fell asleep again says nothing: whoever rings a sleeper has cleared its mark. */
  #rung(): void {
    if (Atomics.load(this.#words, this.#own + ASLEEP) === 0) this.#woken();
  }

  #woken(): void {
    this.#waiting = false;
    const wake = this.#wake;
    this.#wake = null;
    if (wake !== null && !this.#closed) wake();
  }
}
