/** An arena for tests: every chunk its own memory, a budget, and a count of what was not given back. */
import assert from 'node:assert/strict';
import type { Chunk } from '../../../src/port/memory.ts';
import type { RequestArena } from '../../../src/network/shared.ts';

export class MemoryArena implements RequestArena {
  readonly id = 2;
  limitBytes: number;
  chargedBytes = 0;
  chunks = 0;
  #waiters: (() => void)[] = [];
  #next = 0;

  constructor(limitBytes = 1 << 30) {
    this.limitBytes = limitBytes;
  }

  reserve(size: number, charged: number): Chunk | null {
    return this.chargedBytes + charged > this.limitBytes ? null : this.reserveBeyond(size, charged);
  }

  reserveAhead(size: number, charged: number): Chunk | null {
    return this.reserve(size, charged);
  }

  reserveBeyond(size: number, charged = size): Chunk {
    this.chunks++;
    this.chargedBytes += charged;
    const arena = this;
    let holders = 1;
    let mine = charged;
    const offset = this.#next;
    this.#next += size;
    return {
      arena: this.id,
      offset,
      size,
      bytes: Buffer.alloc(size),
      charge(more: number): boolean {
        assert.ok(holders > 0, 'charged after its release');
        if (arena.chargedBytes + more > arena.limitBytes) return false;
        assert.ok(mine + more <= size, 'charged beyond its size');
        mine += more;
        arena.chargedBytes += more;
        return true;
      },
      retain(): void {
        assert.ok(holders > 0, 'retained after its release');
        holders++;
      },
      release(): void {
        assert.ok(holders > 0, 'released twice');
        holders--;
        if (holders > 0) return;
        arena.chunks--;
        arena.chargedBytes -= mine;
        // What was given back belongs to others.
        this.bytes.fill(0xdd);
        const waiters = arena.#waiters;
        arena.#waiters = [];
        for (const waiter of waiters) waiter();
      },
    };
  }

  whenFree(retry: () => void): void {
    this.#waiters.push(retry);
  }
}
