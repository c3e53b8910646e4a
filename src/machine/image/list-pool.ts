/**
 * Lists that many partitions share. Partitions of a cluster have few different sets of replicas, so that a partition's row holds
 * the number of a list and the list stands here once. A list without users gives its number back.
 */
import { assert } from '../../base/assert.ts';

/** The number of the empty list; it needs no counting. */
export const EMPTY_LIST = 0;

const NOTHING: readonly never[] = Object.freeze([]);

/** One an image. `T`: a broker id or a directory id. */
export class ListPool<T extends number | string> {
  readonly #lists: (readonly T[])[] = [NOTHING];
  readonly #keys: string[] = [''];
  readonly #uses: number[] = [1];
  readonly #numbers = new Map<string, number>();
  readonly #free: number[] = [];

  /** Lists that are in use. */
  get size(): number {
    return this.#numbers.size;
  }

  get(number: number): readonly T[] {
    return this.#lists[number] ?? NOTHING;
  }

  /** The number of an equal list, with one use more. */
  take(list: readonly T[]): number {
    if (list.length === 0) return EMPTY_LIST;
    const key = list.join(',');
    const known = this.#numbers.get(key);
    if (known !== undefined) {
      this.#uses[known] = (this.#uses[known] as number) + 1;
      return known;
    }
    const number = this.#free.pop() ?? this.#lists.length;
    this.#lists[number] = Object.freeze([...list]);
    this.#keys[number] = key;
    this.#uses[number] = 1;
    this.#numbers.set(key, number);
    return number;
  }

  /** One use less. */
  give(number: number): void {
    if (number === EMPTY_LIST) return;
    const uses = (this.#uses[number] as number) - 1;
    assert(uses >= 0, 'a list is given back once for each use');
    this.#uses[number] = uses;
    if (uses > 0) return;
    this.#numbers.delete(this.#keys[number] as string);
    this.#lists[number] = NOTHING;
    this.#keys[number] = '';
    this.#free.push(number);
  }
}
