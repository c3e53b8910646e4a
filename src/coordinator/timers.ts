/** One timing wheel for the timers of all coordinators of a thread, driven by one timer of the clock. Lives on that thread. */
import { TimingWheel, WheelTimer } from '../base/timing-wheel.ts';
import type { Clock, Timer } from '../port/clock.ts';

export class Timers {
  readonly #clock: Clock;
  readonly #wheel: TimingWheel;
  #armed: Timer | null = null;
  #armedAt = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wheel = new TimingWheel(clock.monotonic());
  }

  /** Timers that are set. */
  get size(): number {
    return this.#wheel.size;
  }

  /** A timer that is not set yet. */
  create(fire: () => void): WheelTimer {
    return new WheelTimer(fire);
  }

  /** Fires `delayMs` from now, a few milliseconds late at most, whatever was set before. */
  set(timer: WheelTimer, delayMs: number): void {
    const due = this.#clock.monotonic() + Math.max(0, delayMs);
    this.#wheel.set(timer, due);
    if (due < this.#armedAt) this.#arm();
  }

  cancel(timer: WheelTimer): void {
    this.#wheel.cancel(timer);
    if (this.#wheel.size === 0) this.#arm();
  }

  #arm(): void {
    const at = this.#wheel.nextTime();
    if (at === this.#armedAt) return;
    this.#armed?.cancel();
    this.#armed = null;
    this.#armedAt = at;
    if (at === Number.POSITIVE_INFINITY) return;
    this.#armed = this.#clock.after(Math.max(0, at - this.#clock.monotonic()), () => {
      this.#armed = null;
      this.#armedAt = Number.POSITIVE_INFINITY;
      this.#wheel.advance(this.#clock.monotonic());
      this.#arm();
    });
  }
}
