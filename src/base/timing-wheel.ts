/**
 * Many timers that are mostly set again before they fire: setting and cancelling cost the same however many there are (Varghese and
 * Lauck, scheme 7).
 *
 *   level 0   32 slots of 8 ms      ├ what is due within 256 ms, by tick
 *   level 1   32 slots of 256 ms    ├ within 8 s: a slot goes down a level when its time begins
 *   …                               │
 *   level 5   32 slots of 74 hours  └ within 99 days; what is later goes round
 *
 * A timer never fires early, and at most a tick late if `advance` is called in time: `nextTime` says when. No clock: the owner drives it.
 */

const TICK_MS = 8;
const BITS = 5;
const SLOTS = 1 << BITS;
const MASK = SLOTS - 1;
const LEVELS = 6;
/** Ticks that the wheel surely reaches; what is due later is looked at again then. */
const REACH = (SLOTS - 1) * 2 ** (BITS * (LEVELS - 1));
/** The slot of those that are about to fire. */
const FIRING = SLOTS * LEVELS;

/** One timer, made once and set as often as needed. Its fields are the wheel's. */
export class WheelTimer {
  fire: () => void;
  /** In milliseconds of the owner's clock; NaN while it is not set. */
  dueMs = Number.NaN;
  previous: WheelTimer | null = null;
  next: WheelTimer | null = null;
  slot = -1;

  constructor(fire: () => void) {
    this.fire = fire;
  }

  get isSet(): boolean {
    return this.slot >= 0;
  }
}

export class TimingWheel {
  readonly #heads: (WheelTimer | null)[] = new Array<WheelTimer | null>(FIRING + 1).fill(null);
  readonly #tails: (WheelTimer | null)[] = new Array<WheelTimer | null>(FIRING + 1).fill(null);
  /** Of each level, which slots hold something. */
  readonly #occupied = new Int32Array(LEVELS + 1);
  /** Everything due before this tick has fired. */
  #tick: number;
  #size = 0;

  /** `nowMs` of a clock that never goes back. */
  constructor(nowMs: number) {
    this.#tick = Math.floor(nowMs / TICK_MS);
  }

  /** Timers that are set. */
  get size(): number {
    return this.#size;
  }

  /** Fires at `dueMs` or up to a tick later, whatever was set before. */
  set(timer: WheelTimer, dueMs: number): void {
    if (timer.slot >= 0) this.#unlink(timer);
    timer.dueMs = dueMs;
    this.#size++;
    this.#link(timer);
  }

  cancel(timer: WheelTimer): void {
    if (timer.slot < 0) return;
    this.#unlink(timer);
    timer.dueMs = Number.NaN;
  }

  /** Fires what is due, in the order of the ticks, and in that of `set` within one. A timer may set and cancel timers, itself too. */
  advance(nowMs: number): void {
    const target = Math.floor(nowMs / TICK_MS);
    while (this.#tick <= target) {
      if (this.#size === 0) {
        this.#tick = target + 1;
        return;
      }
      const at = this.#nextTick();
      if (at > target) {
        this.#moveTo(target + 1);
        return;
      }
      this.#moveTo(at);
      this.#fireSlot(at & MASK);
      this.#moveTo(at + 1);
    }
  }

  /** When `advance` has something to do, in milliseconds of the same clock; Infinity where nothing is set. */
  nextTime(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#nextTick() * TICK_MS;
  }

  /** The first tick at which a timer fires or a slot goes down a level. */
  #nextTick(): number {
    let least = Number.POSITIVE_INFINITY;
    for (let level = 0; level < LEVELS; level++) {
      const bits = this.#occupied[level] as number;
      if (bits === 0) continue;
      const unit = 2 ** (BITS * level);
      const here = Math.floor(this.#tick / unit);
      const at = here & MASK;
      // The bits in the order of time, from this slot on. On a higher level this slot is empty: it went down when its time began.
      const turned = at === 0 ? bits : (bits >>> at) | (bits << (SLOTS - at));
      least = Math.min(least, Math.max(this.#tick, (here + trailingZeros(turned)) * unit));
    }
    return least;
  }

  /** Time goes on to `tick`, before which nothing is due: slots whose time begins go down a level, the highest first. */
  #moveTo(tick: number): void {
    const before = this.#tick;
    this.#tick = tick;
    for (let level = LEVELS - 1; level > 0; level--) {
      const unit = 2 ** (BITS * level);
      const now = Math.floor(tick / unit);
      if (now === Math.floor(before / unit)) continue;
      this.#goDown(level * SLOTS + (now & MASK));
    }
  }

  #goDown(slot: number): void {
    let timer = this.#heads[slot] ?? null;
    while (timer !== null) {
      const { next } = timer;
      this.#unlink(timer);
      this.#size++;
      this.#link(timer);
      timer = next;
    }
  }

  #fireSlot(slot: number): void {
    const first = this.#heads[slot] ?? null;
    if (first === null) return;
    this.#heads[FIRING] = first;
    this.#tails[FIRING] = this.#tails[slot] as WheelTimer;
    this.#heads[slot] = null;
    this.#tails[slot] = null;
    this.#occupied[0] = (this.#occupied[0] as number) & ~(1 << slot);
    for (let timer: WheelTimer | null = first; timer !== null; timer = timer.next) timer.slot = FIRING;
    // What is set meanwhile is due in the next tick at the earliest.
    this.#tick++;
    for (let timer: WheelTimer | null = first; timer !== null; timer = this.#heads[FIRING] ?? null) {
      this.#unlink(timer);
      timer.dueMs = Number.NaN;
      timer.fire();
    }
    this.#tick--;
  }

  #link(timer: WheelTimer): void {
    const due = Math.min(Math.max(Math.ceil(timer.dueMs / TICK_MS), this.#tick), this.#tick + REACH);
    let level = 0;
    let distance = due - this.#tick;
    while (distance >= SLOTS) {
      level++;
      distance = Math.floor(due / 2 ** (BITS * level)) - Math.floor(this.#tick / 2 ** (BITS * level));
    }
    const slot = level * SLOTS + (Math.floor(due / 2 ** (BITS * level)) & MASK);
    const tail = this.#tails[slot] ?? null;
    timer.slot = slot;
    timer.previous = tail;
    timer.next = null;
    if (tail === null) this.#heads[slot] = timer;
    else tail.next = timer;
    this.#tails[slot] = timer;
    this.#occupied[level] = (this.#occupied[level] as number) | (1 << (slot & MASK));
  }

  #unlink(timer: WheelTimer): void {
    const { slot, previous, next } = timer;
    if (previous === null) this.#heads[slot] = next;
    else previous.next = next;
    if (next === null) this.#tails[slot] = previous;
    else next.previous = previous;
    if (this.#heads[slot] === null) {
      const level = slot >> BITS;
      this.#occupied[level] = (this.#occupied[level] as number) & ~(1 << (slot & MASK));
    }
    timer.previous = null;
    timer.next = null;
    timer.slot = -1;
    this.#size--;
  }
}

function trailingZeros(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
