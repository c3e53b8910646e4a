/**
 * A seeded generator (xoshiro128**) for the simulator and for tests: the same seed gives the same run on every machine.
 * Never for secrets.
 */

/** Implements port/random; lives where the seed is. */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** `seed`: any whole number. */
  constructor(seed: number) {
    // splitmix32 spreads nearby seeds far apart, and leaves no state of zeros.
    let state = seed | 0;
    const spread = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let mixed = state ^ (state >>> 16);
      mixed = Math.imul(mixed, 0x21f0aaad);
      mixed ^= mixed >>> 15;
      mixed = Math.imul(mixed, 0x735a2d97);
      return mixed ^ (mixed >>> 15);
    };
    this.#a = spread();
    this.#b = spread();
    this.#c = spread();
    this.#d = spread() | 1;
  }

  /** The next 32 bits, unsigned. */
  next(): number {
    const scrambled = Math.imul(this.#b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** From 0 up to, not including, 1. */
  fraction(): number {
    return this.next() / 4294967296;
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  bytes(size: number): Buffer {
    const bytes = Buffer.allocUnsafe(size);
    for (let at = 0; at < size; at++) bytes[at] = this.next() >>> 24;
    return bytes;
  }
}
