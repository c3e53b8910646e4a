/** Doorbells that ring when the simulation says so: the twin of shard/doorbell, for rings over ordinary memory. */
import type { Doorbell } from '../../src/port/doorbell.ts';

/** The doorbells of one simulated broker. `later` decides when a sleeper wakes: on a clock's next turn, out of order, never. */
export class VirtualDoorbells {
  readonly #bells: VirtualDoorbell[];

  constructor(threads: number, later: (wake: () => void) => void) {
    this.#bells = Array.from({ length: threads }, (_, self) => new VirtualDoorbell(self, this.#bellOf, later));
  }

  readonly #bellOf = (thread: number): VirtualDoorbell => {
    const bell = this.#bells[thread];
    if (bell === undefined) throw new Error(`there is no thread ${thread}`);
    return bell;
  };

  of(thread: number): Doorbell {
    return this.#bellOf(thread);
  }
}

class VirtualDoorbell implements Doorbell {
  readonly #self: number;
  readonly #bellOf: (thread: number) => VirtualDoorbell;
  readonly #later: (wake: () => void) => void;
  #news = 0;
  #wake: (() => void) | null = null;
  #closed = false;

  constructor(self: number, bellOf: (thread: number) => VirtualDoorbell, later: (wake: () => void) => void) {
    this.#self = self;
    this.#bellOf = bellOf;
    this.#later = later;
  }

  ring(to: number): void {
    this.#bellOf(to).#rung(this.#self);
  }

  #rung(from: number): void {
    this.#news |= 1 << from;
    const wake = this.#wake;
    if (wake === null) return;
    this.#wake = null;
    this.#later(() => {
      if (!this.#closed) wake();
    });
  }

  take(): number {
    const news = this.#news;
    this.#news = 0;
    return news;
  }

  sleep(wake: () => void): boolean {
    if (this.#news !== 0) return false;
    this.#wake = wake;
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#wake = null;
  }
}
