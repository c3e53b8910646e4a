/**
 * Which segments that are not active have their indexes in memory, within a budget for the thread. An index is loaded when it is
 * asked and goes when the budget is used up and others were asked since.
 */
import type { Segment } from './segment.ts';

const BUDGET_BYTES = 32 * 1024 * 1024;

export class IndexCache {
  /** In the order of their last use. */
  readonly #loaded = new Map<Segment, number>();
  #bytes = 0;

  get sizeInBytes(): number {
    return this.#bytes;
  }

  /** The segment's indexes are in memory, and were asked just now. */
  used(segment: Segment): void {
    const size = (segment.offsetIndex?.sizeInBytes ?? 0) + (segment.timeIndex?.sizeInBytes ?? 0);
    this.forget(segment);
    this.#loaded.set(segment, size);
    this.#bytes += size;
    for (const [oldest] of this.#loaded) {
      if (this.#bytes <= BUDGET_BYTES || oldest === segment) break;
      this.forget(oldest);
      oldest.unloadIndexes();
    }
  }

  /** The segment is gone, or active: its indexes are no business of this cache. */
  forget(segment: Segment): void {
    const size = this.#loaded.get(segment);
    if (size === undefined) return;
    this.#loaded.delete(segment);
    this.#bytes -= size;
  }
}
