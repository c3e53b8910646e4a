/**
 * Whether every thread still turns: each counts its turns in shared memory, main looks.
 *
 * A thread whose counter stands still is inside one long call (or dead). Main says so after a second and hands it to `stalled` after
 * `shard.stall.timeout.ms`, which ends the process. Control reads the same counters before it tells the cluster that this broker
 * lives.
 */
import type { Clock, Timer } from '../port/clock.ts';

/** How often a thread counts, milliseconds. */
const TURN_MS = 100;
/** Main warns of a thread that has not turned for so long, milliseconds. */
const WARN_MS = 1000;
/** Each counter stands on a line of its own. */
const WORDS_PER_THREAD = 16;

export function turnBytes(threads: number): number {
  return threads * WORDS_PER_THREAD * 4;
}

/** Counts the turns of thread `self` from now on. */
export function countTurns(memory: SharedArrayBuffer, self: number, clock: Clock): { stop(): void } {
  const words = new Int32Array(memory);
  let timer: Timer;
  const turn = (): void => {
    Atomics.add(words, self * WORDS_PER_THREAD, 1);
    timer = clock.after(TURN_MS, turn);
  };
  turn();
  return { stop: () => timer.cancel() };
}

/** The number of turns that a thread has counted; changes several times a second while it lives. */
export function turnsOf(memory: SharedArrayBuffer, thread: number): number {
  return Atomics.load(new Int32Array(memory), thread * WORDS_PER_THREAD);
}

export interface TurnWatch {
  /** The threads to watch, by number. One that has not counted yet is watched from its first turn on. */
  readonly threads: readonly number[];
  /** shard.stall.timeout.ms */
  readonly stallTimeoutMs: number;
  /** Once each time that a thread has stood still for a second. */
  warn(thread: number, ms: number): void;
  /** The thread turns again after a warning. */
  recovered(thread: number, ms: number): void;
  /** Once: no turn for `stallTimeoutMs`. */
  stalled(thread: number, ms: number): void;
}

interface Watched {
  readonly thread: number;
  turns: number;
  movedAt: number;
  warned: boolean;
  stalled: boolean;
}

/** Watches the threads' turns. Lives on main; one a process. */
export function superviseTurns(memory: SharedArrayBuffer, clock: Clock, watch: TurnWatch): { stop(): void } {
  const watched = watch.threads.map(
    (thread): Watched => ({ thread, turns: 0, movedAt: clock.monotonic(), warned: false, stalled: false }),
  );
  let timer: Timer;
  let lookedAt = clock.monotonic();
  const look = (): void => {
    const now = clock.monotonic();
    // Where main itself stood still (or the whole machine did), nothing is known about the others for that time.
    const lost = Math.max(0, now - lookedAt - 2 * TURN_MS);
    lookedAt = now;
    for (const one of watched) {
      one.movedAt += lost;
      lookAt(one, now);
    }
    timer = clock.after(TURN_MS, look);
  };
  const lookAt = (one: Watched, now: number): void => {
    const turns = turnsOf(memory, one.thread);
    const still = now - one.movedAt;
    if (turns !== one.turns || turns === 0) {
      if (one.warned) watch.recovered(one.thread, still);
      one.turns = turns;
      one.movedAt = now;
      one.warned = false;
      return;
    }
    if (still >= WARN_MS && !one.warned) {
      one.warned = true;
      watch.warn(one.thread, still);
    }
    if (still >= watch.stallTimeoutMs && !one.stalled) {
      one.stalled = true;
      watch.stalled(one.thread, still);
    }
  };
  look();
  return { stop: () => timer.cancel() };
}
