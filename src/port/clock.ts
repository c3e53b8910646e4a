/** Time as the code asks for it. Real in host/, virtual in the simulator. */

/** A timer that was set. Cancelling one that fired or was cancelled does nothing. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the Unix epoch, as Kafka's timestamps. May jump. */
  now(): number;
  /** Milliseconds of a clock that never goes back; only differences mean something. */
  monotonic(): number;
  /** Calls `fire` once, `delayMs` from now or later, on this thread. Does not keep the thread alive. */
  after(delayMs: number, fire: () => void): Timer;
  /** Calls `run` when the events that this turn of the loop already holds are done (setImmediate). */
  soon(run: () => void): void;
}
