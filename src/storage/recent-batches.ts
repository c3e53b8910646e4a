/**
 * Where the newest batches of the active segment stand, so that a consumer at the tail costs no look into a file. A ring, allocated
 * with the first batch.
 *
 *   fromOffset ─▶ │b0│b1│b2│…│ ─▶ end of the segment        every batch with an offset at or after fromOffset is in it
 */
const CAPACITY = 64;
const MASK = CAPACITY - 1;

export class RecentBatches {
  /** [last offset + 1, position] of each batch. */
  #ring: Float64Array | null = null;
  #first = 0;
  #count = 0;
  #fromOffset: number;
  #endPosition: number;

  /** Nothing is known below `fromOffset`, and the next batch stands at `position`. */
  constructor(fromOffset: number, position: number) {
    this.#fromOffset = fromOffset;
    this.#endPosition = position;
  }

  /** Another segment, or another end. */
  reset(fromOffset: number, position: number): void {
    this.#count = 0;
    this.#fromOffset = fromOffset;
    this.#endPosition = position;
  }

  push(nextOffset: number, sizeInBytes: number): void {
    const ring = (this.#ring ??= new Float64Array(CAPACITY * 2));
    if (this.#count === CAPACITY) {
      this.#fromOffset = ring[this.#first * 2] as number;
      this.#first = (this.#first + 1) & MASK;
      this.#count--;
    }
    const slot = ((this.#first + this.#count) & MASK) * 2;
    ring[slot] = nextOffset;
    ring[slot + 1] = this.#endPosition;
    this.#count++;
    this.#endPosition += sizeInBytes;
  }

  covers(offset: number): boolean {
    return offset >= this.#fromOffset;
  }

  /** Index of the first batch that ends after `offset`, for the two functions below; the number of batches where none does. */
  find(offset: number): number {
    const ring = this.#ring;
    if (ring === null) return this.#count;
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ring[((this.#first + middle) & MASK) * 2] as number) > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Where batch `index` begins; with the number of batches, where the segment ends. */
  position(index: number): number {
    return index < this.#count
      ? ((this.#ring as Float64Array)[((this.#first + index) & MASK) * 2 + 1] as number)
      : this.#endPosition;
  }
}
