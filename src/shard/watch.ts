/**
 * Fetches that wait, on the owner's side: one watch for each waiting Fetch and owner, put on the partitions that the Fetch reads.
 *
 *   Fetch finds too little ──▶ watch(partitions, offsets, bytes missing) ──▶ append applied / HW / LSO / leader change / deletion
 *                                                                                    │ enough, or something to tell
 *   reads again ◀──────────────────────────── wake(once) ◀───────────────────────────┘
 *
 * Nothing polls. A watch fires at most once and is then gone. Lives on the owner's thread; one table a shard.
 */

/** Something a waiting Fetch sits on. */
export class Watch {
  /** Bytes that must become readable before the Fetch is worth answering. */
  missingBytes: number;
  readonly readCommitted: boolean;
  readonly #fire: () => void;
  readonly #places: Set<Watch>[] = [];
  #fired = false;

  constructor(missingBytes: number, readCommitted: boolean, fire: () => void) {
    this.missingBytes = missingBytes;
    this.readCommitted = readCommitted;
    this.#fire = fire;
  }

  get fired(): boolean {
    return this.#fired;
  }

  /** Sits on one more partition. */
  sit(place: Set<Watch>): void {
    if (this.#fired) return;
    place.add(this);
    this.#places.push(place);
  }

  /** So many more bytes can be read from one of the partitions. */
  grow(bytes: number): void {
    this.missingBytes -= bytes;
    if (this.missingBytes <= 0) this.fire();
  }

  fire(): void {
    if (this.#fired) return;
    this.cancel();
    this.#fire();
  }

  /** Leaves its partitions without telling anybody. */
  cancel(): void {
    this.#fired = true;
    for (const place of this.#places) place.delete(this);
    this.#places.length = 0;
  }
}

/** Watches of other threads' fetches, by the thread and the number that it gave. */
export class WatchTable {
  readonly #watches = new Map<string, Watch>();

  add(thread: number, id: number, watch: Watch): void {
    if (!watch.fired) this.#watches.set(`${thread}:${id}`, watch);
  }

  /** Forgets a watch that fired. */
  remove(thread: number, id: number): void {
    this.#watches.delete(`${thread}:${id}`);
  }

  cancel(thread: number, id: number): void {
    const key = `${thread}:${id}`;
    this.#watches.get(key)?.cancel();
    this.#watches.delete(key);
  }

  get size(): number {
    return this.#watches.size;
  }
}
