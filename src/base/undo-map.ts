/**
 * State that can be taken back: what a machine has decided stands at once, and is either committed later or undone.
 *
 * One journal belongs to one machine. Each change notes, under the offset of the record that caused it, how to undo itself. When the
 * offsets up to some point are committed, their notes are dropped; when an append fails, the newest notes run backwards.
 *
 *     committed │ note note note │ note note │ note …          commit(10) drops the first three,
 *               │   offset 9     │ offset 10 │ offset 12       revert(10) runs the last one
 */
import { assert } from './assert.ts';

type Undo = () => void;

/** How many dropped notes may lie at the front of the list before it is cut. */
const SLACK = 1024;

/** Owned by one machine, used on its thread only. */
export class UndoJournal {
  /** The offset that changes are noted under: that of the record being replayed. */
  #offset = -1;
  readonly #offsets: number[] = [];
  readonly #undos: Undo[] = [];
  #first = 0;

  get offset(): number {
    return this.#offset;
  }

  /** Notes that are not committed yet. */
  get pending(): number {
    return this.#undos.length - this.#first;
  }

  /** What follows belongs to the record at `offset`. Offsets never go back but by `revert`. */
  at(offset: number): void {
    assert(offset >= this.#offset, `replay at ${offset} after ${this.#offset}`);
    this.#offset = offset;
  }

  note(undo: Undo): void {
    this.#offsets.push(this.#offset);
    this.#undos.push(undo);
  }

  /** Records below `endOffset` are committed: they cannot be undone any more. */
  commit(endOffset: number): void {
    while (this.#first < this.#undos.length && (this.#offsets[this.#first] as number) < endOffset) this.#first++;
    if (this.#first < SLACK && this.#first < this.#undos.length) return;
    this.#offsets.splice(0, this.#first);
    this.#undos.splice(0, this.#first);
    this.#first = 0;
  }

  /** Takes back every change of records at `endOffset` and later, the newest first. */
  revert(endOffset: number): void {
    while (this.#undos.length > this.#first && (this.#offsets[this.#offsets.length - 1] as number) >= endOffset) {
      this.#offsets.pop();
      (this.#undos.pop() as Undo)();
    }
    if (this.#offset >= endOffset) this.#offset = endOffset - 1;
  }
}

interface Older<V> {
  readonly offset: number;
  readonly value: V | undefined;
}

/**
 * A map whose changes can be undone, and which still answers what it held before the changes that are not committed. Values are
 * replaced, never changed in place.
 */
export class UndoMap<K, V> {
  readonly #journal: UndoJournal;
  readonly #newest = new Map<K, V>();
  /** Of keys with changes that are not committed: what stood before each, the oldest first. */
  readonly #older = new Map<K, Older<V>[]>();

  constructor(journal: UndoJournal) {
    this.#journal = journal;
  }

  get size(): number {
    return this.#newest.size;
  }

  get(key: K): V | undefined {
    return this.#newest.get(key);
  }

  has(key: K): boolean {
    return this.#newest.has(key);
  }

  /** The value as of the records below `endOffset`. */
  getAt(key: K, endOffset: number): V | undefined {
    const changed = this.#older.get(key)?.find(({ offset }) => offset >= endOffset);
    return changed === undefined ? this.#newest.get(key) : changed.value;
  }

  set(key: K, value: V): void {
    this.#remember(key);
    this.#newest.set(key, value);
  }

  delete(key: K): boolean {
    if (!this.#newest.has(key)) return false;
    this.#remember(key);
    return this.#newest.delete(key);
  }

  keys(): MapIterator<K> {
    return this.#newest.keys();
  }

  values(): MapIterator<V> {
    return this.#newest.values();
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.#newest[Symbol.iterator]();
  }

  /** The entries as of the records below `endOffset`, in no particular order. */
  *entriesAt(endOffset: number): Generator<[K, V]> {
    for (const key of this.#newest.keys()) {
      if (this.#older.has(key)) continue;
      yield [key, this.#newest.get(key) as V];
    }
    for (const key of this.#older.keys()) {
      const value = this.getAt(key, endOffset);
      if (value !== undefined) yield [key, value];
    }
  }

  /** Records below `endOffset` are committed: forget what stood before them. Called with the journal's commit. */
  commit(endOffset: number): void {
    for (const [key, older] of this.#older) {
      const kept = older.filter(({ offset }) => offset >= endOffset);
      if (kept.length === 0) this.#older.delete(key);
      else if (kept.length < older.length) this.#older.set(key, kept);
    }
  }

  #remember(key: K): void {
    const value = this.#newest.get(key);
    const offset = this.#journal.offset;
    const older = this.#older.get(key);
    if (older === undefined) this.#older.set(key, [{ offset, value }]);
    else if (older[older.length - 1]?.offset !== offset) older.push({ offset, value });
    else return;
    this.#journal.note(() => this.#restore(key, offset, value));
  }

  #restore(key: K, offset: number, value: V | undefined): void {
    if (value === undefined) this.#newest.delete(key);
    else this.#newest.set(key, value);
    const older = this.#older.get(key);
    if (older?.[older.length - 1]?.offset === offset) older.pop();
    if (older?.length === 0) this.#older.delete(key);
  }
}
