/**
 * Connections of a shard that wait for memory of its arena, first come first served. One a shard, on its thread.
 *
 *     0 ──────────────── common ───────────────▶ │ ── for one favoured connection ──▶ │ budget
 *                                                │ ─ for whole requests too ─▶ │
 *
 * Requests that are received side by side could use up the budget with none of them whole, and wait for each other. So the last part
 * of the budget is for one connection at a time: the first of those that wait in the middle of a request. When its request is
 * whole, the next is favoured.
 *
 * Memory that is lent comes back by itself; memory that is being filled comes back with its connection only. So while somebody waits, a
 * request that has begun to fill memory and does not go on costs its connection.
 */
import type { Chunk } from '../port/memory.ts';
import type { Connection } from './connection.ts';
import type { RequestArena } from './shared.ts';

export class MemoryQueue<Services> {
  readonly #arena: RequestArena;
  readonly #runLater: (connection: Connection<Services>) => void;
  /** Bytes that everybody may charge. */
  readonly #common: number;
  readonly #waiting: Connection<Services>[] = [];
  #favoured: Connection<Services> | null = null;
  #asked = false;

  constructor(arena: RequestArena, requestMaxBytes: number, runLater: (connection: Connection<Services>) => void) {
    this.#arena = arena;
    this.#runLater = runLater;
    this.#common = arena.limitBytes - Math.min(requestMaxBytes, Math.floor(arena.limitBytes / 2));
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** How many bytes the connection may take now; below zero where others have taken more than their part. */
  room(connection: Connection<Services>): number {
    return (connection.isFavoured ? this.#arena.limitBytes : this.#common) - this.#arena.chargedBytes;
  }

  /** For a request that is whole (Shared.memoryForWhole). */
  forWhole(size: number): Chunk | null {
    const limit = this.#common + Math.floor((this.#arena.limitBytes - this.#common) / 2);
    return this.#arena.chargedBytes + size <= limit ? this.#arena.reserveAhead(size, size) : null;
  }

  add(connection: Connection<Services>): void {
    if (connection.waitsForMemory) return;
    connection.waitsForMemory = true;
    if (connection.isFavoured) this.#waiting.unshift(connection);
    else this.#waiting.push(connection);
    this.#ask();
    this.#favour();
  }

  /** The favoured connection's request is whole, or it is closed. */
  favourEnds(connection: Connection<Services>): void {
    connection.isFavoured = false;
    this.#favoured = null;
    this.#favour();
  }

  /** Closes those that have received nothing since `since`, and have begun a request. */
  closeStalled(connections: Iterable<Connection<Services>>, since: number): void {
    this.#dropClosed();
    if (this.#waiting.length === 0) return;
    let oldest: Connection<Services> | null = null;
    for (const connection of connections) {
      if (!connection.filling || connection.lastReceived > since) continue;
      // One that waits itself stands still without fault: of those, one at a time makes room.
      if (!connection.waitsForMemory)
        connection.close('a request did not go on for 10 s while others waited for memory');
      else if (oldest === null || connection.lastReceived < oldest.lastReceived) oldest = connection;
    }
    oldest?.close('a request got no memory for 10 s');
  }

  #ask(): void {
    if (this.#asked || this.#waiting.length === 0) return;
    this.#asked = true;
    this.#arena.whenFree(this.#serve);
  }

  readonly #serve = (): void => {
    this.#asked = false;
    for (let served = this.#waiting.length; served > 0; served--) {
      const first = this.#waiting[0];
      if (first === undefined) break;
      // It stays first, and listed, while it tries.
      const result = first.retryMemory();
      if (result === 'stuck') break;
      this.#remove(first);
      if (result === 'moved') this.add(first);
    }
    this.#ask();
    this.#favour();
  };

  #favour(): void {
    if (this.#favoured !== null) return;
    this.#dropClosed();
    const next = this.#waiting.find(({ filling }) => filling);
    if (next === undefined) return;
    this.#remove(next);
    next.isFavoured = true;
    this.#favoured = next;
    this.#runLater(next);
  }

  #remove(connection: Connection<Services>): void {
    const at = this.#waiting.indexOf(connection);
    if (at >= 0) this.#waiting.splice(at, 1);
    connection.waitsForMemory = false;
  }

  #dropClosed(): void {
    for (let i = this.#waiting.length - 1; i >= 0; i--) {
      if (this.#waiting[i]?.isClosed === true) this.#waiting.splice(i, 1);
    }
  }
}
