/**
 * The requests of one connection that were started and not yet answered, in order of arrival, and the rule which request may start
 * beside them. One a connection, on its shard's thread.
 *
 * Kafka handles one request of a connection at a time. Here Produce requests overlap each other and a Fetch that waits; every other
 * request runs alone.
 */
import type { Request } from './request.ts';

/** Requests of one connection in work. */
export const WORK_LIMIT = 64;
/** Bytes of requests of one connection in work; one request alone may have more. */
export const WORK_BYTES_LIMIT = 16 * 1024 * 1024;

/** How a request stands to others of its connection. */
export type Overlap = 'produce' | 'fetch' | 'alone';

export class Work<Services> {
  #head: Request<Services> | null = null;
  #tail: Request<Services> | null = null;
  #alone = false;
  count = 0;
  bytes = 0;

  /** Whether a request of `size` bytes may start now. */
  admits(overlap: Overlap, size: number): boolean {
    if (this.count === 0) return true;
    return overlap === 'produce' && !this.#alone && this.hasRoom(size);
  }

  /** Whether the limits leave room for `size` bytes more. */
  hasRoom(size: number): boolean {
    return this.count === 0 || (this.count < WORK_LIMIT && this.bytes + size <= WORK_BYTES_LIMIT);
  }

  add(request: Request<Services>): void {
    if (this.#tail === null) this.#head = request;
    else this.#tail.next = request;
    this.#tail = request;
    this.#alone = request.row.overlap === 'alone';
    this.count++;
    this.bytes += request.size;
  }

  /** Takes out the oldest request if it has its answer. */
  takeAnswered(): Request<Services> | null {
    const request = this.#head;
    if (request === null || !request.done) return null;
    this.#head = request.next;
    if (this.#head === null) this.#tail = null;
    request.next = null;
    this.count--;
    this.bytes -= request.size;
    return request;
  }

  /** Forgets all of them and returns the oldest; the others follow by `next`. */
  clear(): Request<Services> | null {
    const first = this.#head;
    this.#head = null;
    this.#tail = null;
    this.count = 0;
    this.bytes = 0;
    return first;
  }
}
