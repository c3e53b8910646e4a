/** What the connections of one shard share. Implemented by ShardServer. */
import type { Peer } from '../api/handler.ts';
import type { Clock } from '../port/clock.ts';
import type { Arena, Chunk } from '../port/memory.ts';
import type { ApiRows } from './api-rows.ts';
import type { Connection } from './connection.ts';
import type { Request } from './request.ts';
import type { SendingMeans } from './sender.ts';

/** The arena of the shard. */
export interface RequestArena extends Arena {
  /**
   * Whatever the budget says. For a landing frame that was started and is lent: the check before its start has left room for it, but
   * others may have come first in the same turn.
   */
  reserveBeyond(size: number): Chunk;
  /** As `reserve`, before those who wait in line. */
  reserveAhead(size: number, charged: number): Chunk | null;
}

export interface Shared<Services> {
  readonly clock: Clock;
  /** Monotonic milliseconds, as of the last look: exact to a second, free to read. */
  readonly now: number;
  readonly arena: RequestArena;
  /** Where every connection reads between requests. */
  readonly landing: Buffer;
  readonly means: SendingMeans;
  readonly services: Services;
  readonly rows: ApiRows<Services>;
  readonly requestMaxBytes: number;
  mustAuthenticate(peer: Peer): boolean;
  /** Whether the arena may not have room for a copy of a frame of so many bytes. */
  isMemoryShort(size: number): boolean;
  /** Runs the connection at the end of what this thread is doing now. */
  list(connection: Connection<Services>): void;
  /** Runs it in a later turn of the loop. */
  runLater(connection: Connection<Services>): void;
  /** How many bytes of the arena the connection may take now. */
  memoryRoom(connection: Connection<Services>): number;
  /**
   * Memory for a copy of a request that is whole. It is given back when the request's bytes are written, whatever clients do; so it does
   * not wait behind requests that are not whole, and may use some of the memory that they leave.
   */
  memoryForWhole(size: number): Chunk | null;
  /** A favoured connection has what it needed. */
  favourEnds(connection: Connection<Services>): void;
  /** Calls its `retryMemory` when the arena may have memory, first come first served. */
  waitForMemory(connection: Connection<Services>): void;
  /** It is closed. */
  closed(connection: Connection<Services>, reason: string): void;
  /** It sent what no client may send. */
  invalid(connection: Connection<Services>, reason: string): void;
  /** A handler or an encoder failed by a bug. */
  fault(request: Request<Services>, error: unknown): void;
}
