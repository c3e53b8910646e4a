/** A map of the image. With a journal (the controller's image) each change can be undone; without one (a shard's) it is a plain map. */
import type { UndoJournal } from '../../base/undo-map.ts';

export class JournaledMap<K, V> {
  readonly #journal: UndoJournal | null;
  readonly #entries = new Map<K, V>();

  constructor(journal: UndoJournal | null) {
    this.#journal = journal;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  /** Values are replaced, never changed in place. */
  set(key: K, value: V): void {
    const entries = this.#entries;
    if (this.#journal !== null) {
      const before = entries.get(key);
      this.#journal.note(() => {
        if (before === undefined) entries.delete(key);
        else entries.set(key, before);
      });
    }
    entries.set(key, value);
  }

  delete(key: K): boolean {
    const entries = this.#entries;
    const before = entries.get(key);
    if (before === undefined) return false;
    this.#journal?.note(() => entries.set(key, before));
    return entries.delete(key);
  }

  keys(): MapIterator<K> {
    return this.#entries.keys();
  }

  values(): MapIterator<V> {
    return this.#entries.values();
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.#entries[Symbol.iterator]();
  }
}
