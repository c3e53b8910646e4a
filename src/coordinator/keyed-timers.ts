/** The timers of one machine by their keys, on the wheel of the thread. Setting one again costs one look-up. */
import type { WheelTimer } from '../base/timing-wheel.ts';
import type { Timers } from './timers.ts';

interface Entry<Event> {
  readonly timer: WheelTimer;
  event: Event;
}

export class KeyedTimers<Event> {
  readonly #timers: Timers;
  readonly #entries = new Map<string, Entry<Event>>();
  readonly #fired: (key: string, event: Event, take: () => boolean) => void;

  /** `fired` is told an event whose time has come, and `take`: whether it still counts when its turn comes, once. */
  constructor(timers: Timers, fired: (key: string, event: Event, take: () => boolean) => void) {
    this.#timers = timers;
    this.#fired = fired;
  }

  get size(): number {
    return this.#entries.size;
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** Replaces the timer of this key; null cancels it. */
  set(key: string, delayMs: number, event: Event | null): void {
    let entry = this.#entries.get(key);
    if (event === null) {
      if (entry === undefined) return;
      this.#timers.cancel(entry.timer);
      this.#entries.delete(key);
      return;
    }
    // One that has fired and waits for its turn does not count any more.
    if (entry === undefined || !entry.timer.isSet) {
      entry = { timer: this.#timers.create(() => this.#fire(key)), event };
      this.#entries.set(key, entry);
    } else entry.event = event;
    this.#timers.set(entry.timer, delayMs);
  }

  clear(): void {
    for (const { timer } of this.#entries.values()) this.#timers.cancel(timer);
    this.#entries.clear();
  }

  #fire(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#fired(key, entry.event, () => {
      if (this.#entries.get(key) !== entry) return false;
      this.#entries.delete(key);
      return true;
    });
  }
}
