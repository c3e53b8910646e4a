/** Counts by key; a key whose count is 0 is not there. */
export class Tally<K> {
  readonly #counts = new Map<K, number>();

  get size(): number {
    return this.#counts.size;
  }

  get(key: K): number {
    return this.#counts.get(key) ?? 0;
  }

  /** The count as it is now. */
  add(key: K, by: number): number {
    const count = this.get(key) + by;
    if (count === 0) this.#counts.delete(key);
    else this.#counts.set(key, count);
    return count;
  }

  has(key: K): boolean {
    return this.#counts.has(key);
  }

  keys(): MapIterator<K> {
    return this.#counts.keys();
  }

  [Symbol.iterator](): MapIterator<[K, number]> {
    return this.#counts[Symbol.iterator]();
  }

  copy(): Tally<K> {
    const copy = new Tally<K>();
    for (const [key, count] of this.#counts) copy.#counts.set(key, count);
    return copy;
  }
}
