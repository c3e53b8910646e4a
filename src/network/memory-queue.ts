/**
 * Connections of a shard that wait for memory of its arena, first come first served. One a shard, on its thread.
 *
 * Memory that is lent comes back by itself; memory that is being filled comes back with its connection only. So while somebody waits, a
 * request that has begun to fill memory and does not go on costs its connection.
 */
import type { Arena } from '../port/memory.ts';
import type { Connection } from './connection.ts';

export class MemoryQueue<Services> {
  readonly #arena: Arena;
  readonly #waiting: Connection<Services>[] = [];
  #asked = false;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  add(connection: Connection<Services>): void {
    if (connection.waitsForMemory) return;
    connection.waitsForMemory = true;
    this.#waiting.push(connection);
    this.#ask();
  }

  /** Closes those that have received nothing since `since`, and have begun a request. */
  closeStalled(connections: Iterable<Connection<Services>>, since: number): void {
    this.#dropClosed();
    if (this.#waiting.length === 0) return;
    let oldest: Connection<Services> | null = null;
    for (const connection of [...connections]) {
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
      this.#waiting.shift();
      first.waitsForMemory = false;
      if (result === 'moved') this.add(first);
    }
    this.#ask();
  };

  #dropClosed(): void {
    for (let i = this.#waiting.length - 1; i >= 0; i--) {
      if (this.#waiting[i]?.isClosed === true) this.#waiting.splice(i, 1);
    }
  }
}
