/**
 * File descriptors that threads share: one table in shared memory, of which each thread owns a part.
 *
 *    slot = generation · index            per slot: │ descriptor │ closing · uses │ generation │
 *
 *    owner   share(fd) ──▶ slot     use(slot) before it answers with a slice      retire(slot): closing; who uses it may go on
 *    sender                         descriptor(slot) for each sendfile            done(slot) when the slice has left, or never will
 *
 * Only the owner closes a descriptor, and only when nobody uses it. A deleted or swapped file stays readable through its slot
 * until then. The last sender that is done with a closing slot rings the owner. The generation in a slot's number makes a number that
 * was kept too long a failed assertion instead of bytes of another file.
 */
import { assert } from '../base/assert.ts';
import type { SharedBlock } from './shared-block.ts';

const WORDS_PER_SLOT = 4;
const DESCRIPTOR = 0;
/** The number of uses, and CLOSING. */
const STATE = 1;
const GENERATION = 2;
const CLOSING = 1 << 30;
/** In front of the slots: for each thread, how many of its closing slots have lost their last use since it looked. */
const WORDS_PER_THREAD = 16;

/** A slot's number is a positive int32: 18 bits of index, 13 of generation. */
const INDEX_BITS = 18;
const GENERATIONS = 1 << 13;

export function slotBytes(threads: number, slotsPerThread: number): number {
  assert(threads * slotsPerThread <= 1 << INDEX_BITS, `${threads} times ${slotsPerThread} slots are too many`);
  return (threads * WORDS_PER_THREAD + threads * slotsPerThread * WORDS_PER_SLOT) * 4;
}

/** Lives on each thread: owner of its own slots, user of all. */
export class SlotTable {
  /** Called on the owner's thread by `reap` for a retired slot that nobody uses any more; `retire` then says true. */
  onIdle: (slot: number) => void = () => {};
  readonly #words: Int32Array;
  readonly #self: number;
  readonly #slotsPerThread: number;
  readonly #slots: number;
  /** Own slots that hold nothing. */
  readonly #free: number[];
  /** Own slots that were retired while somebody used them. */
  readonly #retired = new Set<number>();
  readonly #ring: (thread: number) => void;

  /** `ring` tells another thread to look (its doorbell), `self` is this thread's number. */
  constructor(
    block: Pick<SharedBlock, 'slots' | 'slotsPerThread' | 'threads'>,
    self: number,
    ring: (thread: number) => void,
  ) {
    this.#words = new Int32Array(block.slots);
    this.#self = self;
    this.#slotsPerThread = block.slotsPerThread;
    this.#slots = block.threads * WORDS_PER_THREAD;
    this.#ring = ring;
    this.#free = Array.from({ length: block.slotsPerThread }, (_, n) => (self + 1) * block.slotsPerThread - 1 - n);
  }

  /** Owner: gives a descriptor a slot. -1 where all are taken. */
  share(descriptor: number): number {
    const index = this.#free.pop();
    if (index === undefined) return -1;
    const at = this.#at(index);
    const generation = Atomics.load(this.#words, at + GENERATION);
    Atomics.store(this.#words, at + DESCRIPTOR, descriptor);
    Atomics.store(this.#words, at + STATE, 0);
    return (generation << INDEX_BITS) | index;
  }

  /** Owner: counts `count` more uses, before the answer that carries them leaves. */
  use(slot: number, count = 1): void {
    const state = Atomics.add(this.#words, this.#own(slot) + STATE, count);
    assert((state & CLOSING) === 0, `slot ${slot} is used after it was retired`);
  }

  /**
   * Owner: nobody will be given this slot any more. True: nobody uses it, the slot is free again and the descriptor is the caller's to
   * close now. False: it is in use; ask again when `onIdle` has named it, or any time later.
   */
  retire(slot: number): boolean {
    const at = this.#own(slot);
    const state = Atomics.or(this.#words, at + STATE, CLOSING);
    if ((state & ~CLOSING) !== 0) {
      this.#retired.add(slot);
      return false;
    }
    this.#retired.delete(slot);
    const generation = slot >>> INDEX_BITS;
    Atomics.store(this.#words, at + DESCRIPTOR, -1);
    Atomics.store(this.#words, at + GENERATION, (generation + 1) % GENERATIONS);
    this.#free.push(slot & ((1 << INDEX_BITS) - 1));
    return true;
  }

  /** Owner: calls `onIdle` for what has become idle. Cheap where nothing has; to be called when the doorbell has rung. */
  reap(): void {
    const idle = this.#self * WORDS_PER_THREAD;
    if (this.#retired.size === 0 || Atomics.load(this.#words, idle) === 0) return;
    Atomics.store(this.#words, idle, 0);
    for (const slot of this.#retired) {
      if ((Atomics.load(this.#words, this.#own(slot) + STATE) & ~CLOSING) === 0) this.onIdle(slot);
    }
  }

  /** User: the descriptor behind a slot that was counted for it. Read it for each call, never keep it. */
  descriptor(slot: number): number {
    const at = this.#checked(slot);
    assert((Atomics.load(this.#words, at + STATE) & ~CLOSING) > 0, `slot ${slot} is read without a use`);
    return Atomics.load(this.#words, at + DESCRIPTOR);
  }

  /** User: gives `count` uses back. */
  done(slot: number, count = 1): void {
    const before = Atomics.sub(this.#words, this.#checked(slot) + STATE, count);
    assert((before & ~CLOSING) >= count, `slot ${slot} has fewer uses than are given back`);
    if (before !== (CLOSING | count)) return;
    const owner = Math.floor((slot & ((1 << INDEX_BITS) - 1)) / this.#slotsPerThread);
    Atomics.add(this.#words, owner * WORDS_PER_THREAD, 1);
    if (owner !== this.#self) this.#ring(owner);
  }

  /** How many uses a slot has; for tests and counters. */
  usesOf(slot: number): number {
    return Atomics.load(this.#words, this.#checked(slot) + STATE) & ~CLOSING;
  }

  /** Uses of all own slots. */
  get uses(): number {
    let uses = 0;
    const first = this.#self * this.#slotsPerThread;
    for (let index = first; index < first + this.#slotsPerThread; index++) {
      uses += Atomics.load(this.#words, this.#at(index) + STATE) & ~CLOSING;
    }
    return uses;
  }

  /** Own slots that can still be given out. */
  get freeSlots(): number {
    return this.#free.length;
  }

  #at(index: number): number {
    return this.#slots + index * WORDS_PER_SLOT;
  }

  #own(slot: number): number {
    const index = slot & ((1 << INDEX_BITS) - 1);
    assert(Math.floor(index / this.#slotsPerThread) === this.#self, `slot ${slot} belongs to another thread`);
    return this.#checked(slot);
  }

  #checked(slot: number): number {
    const at = this.#at(slot & ((1 << INDEX_BITS) - 1));
    assert(Atomics.load(this.#words, at + GENERATION) === slot >>> INDEX_BITS, `slot ${slot} is of the past`);
    return at;
  }
}
