/**
 * One thread's memory that every other thread can read: chunks of a SharedArrayBuffer of gigabytes of addresses.
 *
 *    granules of 64 KiB
 *    ┌───────────┬───────────┬───────────────────────────────────┬───────────┬─────────────────────────
 *    │ slab 1 KiB│ slab 16 K │ chunk of 3 granules               │ free      │ never touched …
 *    │▓▓░▓▓▓░░▓░░│▓▓▓▓░░░░   │▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓░░░░░░░░░░░░░░░░░│▓▓▓▓▓░░░░░░│
 *    └───────────┴───────────┴───────────────────────────────────┴───────────┴─────────────────────────
 *      ▓ touched: counts against the budget until it is given back to the system
 *
 * Addresses cost nothing, so a large chunk takes whole granules, first fit from the lowest address; what lies beyond what has
 * arrived is never touched. Small chunks (up to 32 KiB) come from slabs of one granule and one size. A chunk is charged by the bytes that
 * arrive; the budget limits what is charged. Freed pages stay as they are for the next chunk at their place, and go back to the
 * system in batches: when they are an eighth of the budget, or when the budget is short.
 *
 * Who finds no memory waits in line: while anybody waits, nobody else is given any.
 */
import { assert, required } from '../base/assert.ts';
import type { Arena, Chunk } from '../port/memory.ts';
import { FreeRuns } from './arena-runs.ts';

const PAGE = 4096;
const GRANULE = 64 * 1024;
const PAGES_PER_GRANULE = GRANULE / PAGE;
/** The sizes of small chunks; above the last one a chunk takes whole granules. */
const SMALL_SIZES = [512, 1024, 2048, 4096, 8192, 16384, 32768] as const;
const LARGEST_SMALL = 32768;
/** Of the addresses: the rest is left to what must never wait, however much clients announce. */
const RESERVABLE = 0.75;

export interface ArenaOptions {
  /** The thread's number. */
  readonly id: number;
  /** All addresses. */
  readonly memory: ArrayBufferLike;
  /** The budget of charged bytes. */
  readonly limitBytes: number;
  /** Runs later, when this turn is done (clock.soon). */
  readonly soon: (run: () => void) => void;
  /** Gives pages back to the system, after which they read as zero. False where that cannot be done here. */
  readonly giveBack: (memory: Uint8Array, from: number, to: number) => boolean;
}

/** Small chunks of one size in one granule. */
interface Slab {
  readonly granule: number;
  readonly size: number;
  /** Places that are free, as offsets in the arena. */
  readonly free: number[];
  used: number;
}

/** Lives on its thread, which alone reserves and releases; others only read and write what was lent to them. */
export class ThreadArena implements Arena {
  readonly id: number;
  readonly limitBytes: number;
  /** Called before somebody is sent to wait: memory that has become free unnoticed may come back (mailbox). */
  onShort: () => void = () => {};
  readonly #options: ArenaOptions;
  readonly #bytes: Buffer;
  readonly #runs: FreeRuns;
  readonly #granules: number;
  /** Behind the last granule that requests may reserve. */
  readonly #reservable: number;
  /** How many pages of each granule, counted from its start, have been touched and not given back. */
  readonly #touchedPages: Uint8Array;
  readonly #slabs = new Map<number, Slab>();
  /** For each small size the slabs with a free place; the last one is used. */
  readonly #open: Slab[][] = SMALL_SIZES.map(() => []);
  readonly #waiters: (() => void)[] = [];
  #charged = 0;
  #touched = 0;
  /** Touched pages of free granules, in bytes. */
  #idle = 0;
  #chunks = 0;
  /** Behind the highest granule that was ever touched. */
  #reach = 0;
  #givesBack = true;
  #serving = false;
  #serveAsked = false;
  #waitsAgain: (() => void) | null = null;

  constructor(options: ArenaOptions) {
    this.id = options.id;
    this.limitBytes = options.limitBytes;
    this.#options = options;
    this.#bytes = Buffer.from(options.memory);
    const granules = Math.floor(options.memory.byteLength / GRANULE);
    assert(granules > 0, 'an arena has at least one granule');
    this.#granules = granules;
    this.#reservable = Math.ceil(granules * RESERVABLE);
    this.#runs = new FreeRuns(granules);
    this.#touchedPages = new Uint8Array(granules);
  }

  get chargedBytes(): number {
    return this.#charged;
  }

  /** What the arena takes of the machine's memory at most. */
  get touchedBytes(): number {
    return this.#touched;
  }

  get chunkCount(): number {
    return this.#chunks;
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  reserve(size: number, charged: number): Chunk | null {
    if (this.#waiters.length > 0 && !this.#serving) return null;
    if (this.#charged + charged > this.limitBytes) return null;
    return this.#take(size, charged, this.#reservable);
  }

  /** As `reserve`, before those who wait in line. */
  reserveAhead(size: number, charged: number): Chunk | null {
    return this.#charged + charged > this.limitBytes ? null : this.#take(size, charged, this.#reservable);
  }

  /**
   * For an answer, which must never wait: the budget does not hold it back. What answers take over the budget is bounded by the credit of
   * the calls that they answer.
   */
  reserveBeyond(size: number): Chunk {
    return required(
      this.#take(size, size, this.#granules),
      `arena ${this.id} has no ${size} contiguous addresses left`,
    );
  }

  whenFree(retry: () => void): void {
    // Whoever is served and must wait on keeps its place.
    if (this.#serving && this.#waitsAgain === null) {
      this.#waitsAgain = retry;
      return;
    }
    this.#waiters.push(retry);
    this.onShort();
    // An empty arena cannot become freer: whatever refused will do better next time.
    if (this.#chunks === 0) this.#askToServe();
  }

  #take(size: number, charged: number, end: number): ArenaChunk | null {
    assert(size > 0 && charged >= 0 && charged <= size, `a chunk of ${size} bytes, ${charged} charged`);
    const offset = size <= LARGEST_SMALL ? this.#takeSmall(size, end) : this.#takeLarge(size, end);
    if (offset < 0) return null;
    const chunk = new ArenaChunk(this, this.#bytes, this.id, offset, size);
    this.#chunks++;
    if (charged > 0) this.charge(chunk, charged, true);
    return chunk;
  }

  /** @internal Counts `more` bytes of a chunk as arrived. `forced`: whatever the budget says. */
  charge(chunk: ArenaChunk, more: number, forced: boolean): boolean {
    if (!forced && this.#charged + more > this.limitBytes) return false;
    assert(chunk.charged + more <= chunk.size, 'a chunk is charged for no more than its size');
    this.#charged += more;
    const from = chunk.offset + chunk.charged;
    chunk.charged += more;
    if (chunk.size > LARGEST_SMALL) this.#touch(from, from + more);
    if (this.#touched > this.limitBytes && this.#idle > 0) this.giveBackIdle();
    return true;
  }

  /** @internal The last holder has released the chunk. */
  free(chunk: ArenaChunk): void {
    this.#charged -= chunk.charged;
    this.#chunks--;
    if (chunk.size <= LARGEST_SMALL) this.#freeSmall(chunk.offset);
    else this.#freeGranules(chunk.offset / GRANULE, Math.ceil(chunk.size / GRANULE));
    if (this.#idle > this.limitBytes / 8) this.giveBackIdle();
    if (this.#waiters.length > 0) this.#askToServe();
  }

  /** Gives all touched pages that nobody uses back to the system. */
  giveBackIdle(): void {
    if (!this.#givesBack) return;
    this.#runs.each((start, count) => {
      const end = Math.min(start + count, this.#reach);
      for (let granule = start; granule < end; granule++) {
        if (this.#touchedPages[granule] === 0) continue;
        const first = granule;
        while (granule < end && (this.#touchedPages[granule] as number) > 0) granule++;
        this.#givesBack &&= this.#options.giveBack(this.#bytes, first * GRANULE, granule * GRANULE);
        if (!this.#givesBack) return;
        for (let given = first; given < granule; given++) {
          const bytes = (this.#touchedPages[given] as number) * PAGE;
          this.#touchedPages[given] = 0;
          this.#touched -= bytes;
          this.#idle -= bytes;
        }
      }
    });
  }

  #takeLarge(size: number, end: number): number {
    const count = Math.ceil(size / GRANULE);
    const granule = this.#runs.take(count, end);
    if (granule < 0) return -1;
    for (let taken = granule; taken < granule + count; taken++)
      this.#idle -= (this.#touchedPages[taken] as number) * PAGE;
    return granule * GRANULE;
  }

  #takeSmall(size: number, end: number): number {
    const which = SMALL_SIZES.findIndex((small) => size <= small);
    const open = required(this.#open[which], 'a small size has its slabs');
    let slab = open.at(-1);
    if (slab === undefined) {
      const offset = this.#takeLarge(GRANULE, end);
      if (offset < 0) return -1;
      this.#touch(offset, offset + GRANULE);
      const small = required(SMALL_SIZES[which], 'a small size');
      slab = { granule: offset / GRANULE, size: small, free: [], used: 0 };
      for (let place = offset + GRANULE - small; place >= offset; place -= small) slab.free.push(place);
      this.#slabs.set(slab.granule, slab);
      open.push(slab);
    }
    slab.used++;
    const place = required(slab.free.pop(), 'an open slab has a free place');
    if (slab.free.length === 0) open.pop();
    return place;
  }

  #freeSmall(offset: number): void {
    const slab = required(this.#slabs.get(Math.floor(offset / GRANULE)), 'a small chunk lies in a slab');
    const open = required(this.#open[SMALL_SIZES.indexOf(slab.size as 512)], 'a small size has its slabs');
    if (slab.free.length === 0) open.push(slab);
    slab.free.push(offset);
    slab.used--;
    // One empty slab of each size is kept for the next chunk.
    if (slab.used > 0 || open.length === 1) return;
    open.splice(open.indexOf(slab), 1);
    this.#slabs.delete(slab.granule);
    this.#freeGranules(slab.granule, 1);
  }

  #freeGranules(granule: number, count: number): void {
    this.#runs.give(granule, count);
    for (let freed = granule; freed < granule + count; freed++)
      this.#idle += (this.#touchedPages[freed] as number) * PAGE;
  }

  /** The bytes between were or will be written: the pages of each granule up to there count. */
  #touch(from: number, to: number): void {
    for (let granule = Math.floor(from / GRANULE); granule * GRANULE < to; granule++) {
      const pages = Math.min(PAGES_PER_GRANULE, Math.ceil((to - granule * GRANULE) / PAGE));
      const before = this.#touchedPages[granule] as number;
      if (pages <= before) continue;
      if (granule >= this.#reach) this.#reach = granule + 1;
      this.#touchedPages[granule] = pages;
      this.#touched += (pages - before) * PAGE;
    }
  }

  #askToServe(): void {
    if (this.#serveAsked) return;
    this.#serveAsked = true;
    this.#options.soon(() => {
      this.#serveAsked = false;
      this.#serve();
    });
  }

  /** Lets those that wait try again, first come first served, until one of them must wait on. */
  #serve(): void {
    this.#serving = true;
    try {
      for (;;) {
        const retry = this.#waiters.shift();
        if (retry === undefined) return;
        retry();
        if (this.#waitsAgain === null) continue;
        this.#waiters.unshift(this.#waitsAgain);
        this.#waitsAgain = null;
        return;
      }
    } finally {
      this.#serving = false;
    }
  }
}

/** Lives on the arena's thread. */
class ArenaChunk implements Chunk {
  readonly arena: number;
  readonly offset: number;
  readonly size: number;
  charged = 0;
  readonly #owner: ThreadArena;
  readonly #all: Buffer;
  #view: Buffer | null = null;
  #holders = 1;

  constructor(owner: ThreadArena, all: Buffer, arena: number, offset: number, size: number) {
    this.#owner = owner;
    this.#all = all;
    this.arena = arena;
    this.offset = offset;
    this.size = size;
  }

  get bytes(): Buffer {
    return (this.#view ??= this.#all.subarray(this.offset, this.offset + this.size));
  }

  charge(size: number): boolean {
    assert(this.#holders > 0, 'a chunk that was given back is charged');
    return this.#owner.charge(this, size, false);
  }

  retain(): void {
    assert(this.#holders > 0, 'a chunk that was given back is retained');
    this.#holders++;
  }

  release(): void {
    assert(this.#holders > 0, 'a chunk is released once by each holder');
    if (--this.#holders === 0) this.#owner.free(this);
  }
}
