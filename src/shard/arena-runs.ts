/**
 * Free runs of numbered places, first fit from the lowest, neighbours joined: the addresses of an arena in granules.
 *
 * Two arrays in the order of the places. A run that is taken is cut at its beginning, so that what is used stays low and dense and
 * the last run, the addresses that were never used, stays one.
 */
import { assert } from '../base/assert.ts';

/** Lives in its arena. */
export class FreeRuns {
  readonly #starts: number[];
  readonly #counts: number[];

  constructor(count: number) {
    this.#starts = [0];
    this.#counts = [count];
  }

  /** The first of `count` places, all of them below `end`; -1 where no run is long enough. */
  take(count: number, end: number): number {
    const counts = this.#counts;
    for (let run = 0; run < counts.length; run++) {
      const free = counts[run] as number;
      if (free < count) continue;
      const start = this.#starts[run] as number;
      if (start + count > end) return -1;
      if (free === count) {
        this.#starts.splice(run, 1);
        counts.splice(run, 1);
      } else {
        this.#starts[run] = start + count;
        counts[run] = free - count;
      }
      return start;
    }
    return -1;
  }

  give(start: number, count: number): void {
    const next = this.#firstAfter(start);
    const before = next - 1;
    const joinsBefore = before >= 0 && (this.#starts[before] as number) + (this.#counts[before] as number) === start;
    const joinsNext = next < this.#starts.length && start + count === this.#starts[next];
    assert(
      (before < 0 || (this.#starts[before] as number) + (this.#counts[before] as number) <= start) &&
        (next === this.#starts.length || start + count <= (this.#starts[next] as number)),
      'places are given back once',
    );
    if (joinsBefore) {
      this.#counts[before] =
        (this.#counts[before] as number) + count + (joinsNext ? (this.#counts[next] as number) : 0);
      if (joinsNext) this.#drop(next);
    } else if (joinsNext) {
      this.#starts[next] = start;
      this.#counts[next] = (this.#counts[next] as number) + count;
    } else {
      this.#starts.splice(next, 0, start);
      this.#counts.splice(next, 0, count);
    }
  }

  each(visit: (start: number, count: number) => void): void {
    for (let run = 0; run < this.#starts.length; run++) visit(this.#starts[run] as number, this.#counts[run] as number);
  }

  get runs(): number {
    return this.#starts.length;
  }

  #drop(run: number): void {
    this.#starts.splice(run, 1);
    this.#counts.splice(run, 1);
  }

  /** The index of the first run that begins behind `place`. */
  #firstAfter(place: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] as number) > place) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
