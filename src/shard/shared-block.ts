/**
 * The memory that all threads of one broker share, laid out once by main and given to every thread before the first connection.
 *
 *   rings      for every ordered pair of threads: a ring of requests and notes, a ring of answers
 *   doorbells  two words a thread
 *   turns      one word a thread
 *   slots      the descriptors that each thread shares
 *   arenas     one a thread: gigabytes of addresses, of which only what is touched costs memory
 */
import { assert } from '../base/assert.ts';
import { doorbellBytes } from './doorbell.ts';
import { RING_HEADER_BYTES } from './ring.ts';
import { slotBytes } from './slots.ts';
import { turnBytes } from './turns.ts';

/** The threads' numbers: main, control, then the shards. */
export const MAIN = 0;
export const CONTROL = 1;
export const FIRST_SHARD = 2;
/** Doorbells have a bit for each thread. */
export const MAX_THREADS = 32;

/** The addresses of an arena: four times its budget, so that contiguous pieces are found, within these bounds. */
const MIN_ADDRESSES = 1024 ** 3;
const MAX_ADDRESSES = 16 * 1024 ** 3;

/** A plain value: it travels as a thread's data. */
export interface SharedBlock {
  readonly threads: number;
  /** Bytes of each ring's data. */
  readonly ringSize: number;
  readonly slotsPerThread: number;
  readonly rings: ArrayBufferLike;
  readonly doorbells: SharedArrayBuffer;
  readonly turns: SharedArrayBuffer;
  readonly slots: SharedArrayBuffer;
  readonly arenas: readonly ArrayBufferLike[];
}

export interface SharedBlockOptions {
  /** main, control and the shards. */
  readonly threads: number;
  /** shard.ring.bytes: of each ordered pair, half for requests and half for answers; a power of two. */
  readonly ringBytes: number;
  /** shard.arena.bytes: what may be touched. */
  readonly arenaBytes: number;
  /** How many descriptors a thread can share at once. */
  readonly slotsPerThread: number;
  /** Addresses of an arena, where the tests want few. */
  readonly arenaAddresses?: number;
}

export function createSharedBlock(options: SharedBlockOptions): SharedBlock {
  const { threads, ringBytes, arenaBytes, slotsPerThread } = options;
  assert(threads > 0 && threads <= MAX_THREADS, `${threads} threads, more than ${MAX_THREADS}`);
  const ringSize = ringBytes / 2;
  const rings = threads * threads * 2 * ringStride(ringSize);
  assert(rings < 2 ** 31, `rings of ${ringBytes} bytes between ${threads} threads are too large`);
  const addresses = options.arenaAddresses ?? Math.min(MAX_ADDRESSES, Math.max(MIN_ADDRESSES, 4 * arenaBytes));
  return {
    threads,
    ringSize,
    slotsPerThread,
    rings: new SharedArrayBuffer(rings),
    doorbells: new SharedArrayBuffer(doorbellBytes(threads)),
    turns: new SharedArrayBuffer(turnBytes(threads)),
    slots: new SharedArrayBuffer(slotBytes(threads, slotsPerThread)),
    arenas: Array.from({ length: threads }, () => new SharedArrayBuffer(addresses)),
  };
}

function ringStride(ringSize: number): number {
  return ringSize + RING_HEADER_BYTES;
}

/** Where a ring begins in `rings`. */
export function ringBase(block: SharedBlock, from: number, to: number, ring: 'requests' | 'answers'): number {
  const pair = from * block.threads + to;
  return (pair * 2 + (ring === 'requests' ? 0 : 1)) * ringStride(block.ringSize);
}

/** The arenas of all threads, for reading what others lent. Lives on each thread; a view costs no copy. */
export class SharedArenas {
  readonly #arenas: readonly ArrayBufferLike[];

  constructor(block: SharedBlock) {
    this.#arenas = block.arenas;
  }

  view(arena: number, offset: number, size: number): Buffer {
    const memory = this.#arenas[arena];
    assert(memory !== undefined, `there is no arena ${arena}`);
    return Buffer.from(memory, offset, size);
  }
}
