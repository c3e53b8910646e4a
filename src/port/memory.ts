/**
 * Memory that bytes from sockets arrive in.
 *
 * Between requests all connections of a shard receive into one landing buffer. In the middle of a long request a connection
 * receives into a chunk of the shard's arena: one SharedArrayBuffer a thread that every other thread can read.
 */

/** A contiguous piece of an arena. Filling until the request is whole, then lent until nobody needs its bytes. */
export interface Chunk {
  /** Which arena: the number of the thread that owns it. */
  readonly arena: number;
  /** Where it starts in the arena. */
  readonly offset: number;
  /** Bytes reserved. */
  readonly size: number;
  /** A view of all of it. */
  readonly bytes: Buffer;
  /** Counts `size` more bytes as touched. False where the arena's budget is used up: nothing was counted. */
  charge(size: number): boolean;
  /** One more holder. A new chunk has one. */
  retain(): void;
  /** One holder fewer; the last one gives the chunk back. */
  release(): void;
}

export interface Arena {
  readonly id: number;
  /**
   * Reserves `size` bytes of addresses and charges `charged` of them. Null where the addresses or the budget do not suffice now:
   * ask `whenFree` and try again.
   */
  reserve(size: number, charged: number): Chunk | null;
  /** Calls back once, first come first served, when memory was given back. */
  whenFree(retry: () => void): void;
  readonly chargedBytes: number;
  readonly limitBytes: number;
}
