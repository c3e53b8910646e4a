/**
 * How a thread learns that others have put something into its rings, and how it sleeps until then.
 *
 * Real in shard/doorbell.ts (shared memory and Atomics); the simulator's rings when the simulator says so.
 */

/** One thread's doorbell: it rings others with it and is woken by it. Lives on that thread. */
export interface Doorbell {
  /** Tells thread `to` that this thread has news for it: frames in a ring, or space in one that was full. */
  ring(to: number): void;
  /** Which threads have rung since the last call, a bit each (bit n: thread n). From now on this thread counts as awake. */
  take(): number;
  /**
   * Marks this thread asleep: the next ring calls `wake` once, on a later turn. False where somebody has rung since the last `take`: the
   * thread is not asleep then and must look again.
   */
  sleep(wake: () => void): boolean;
  /** No `wake` comes after this. */
  close(): void;
}

/** What wakes a thread out of its event loop, where the machine has something better than Atomics.waitAsync. Lives on its thread. */
export interface BellRope {
  /** Makes what thread `thread` listens with be called, on a later turn. */
  pull(thread: number): void;
  /** Called once. `rung` may be called more often than the rope was pulled, never less than once after the last pull. */
  listen(rung: () => void): void;
  close(): void;
}
