/**
 * One request in work: what its handler sees as the context, and the place in its connection's order where its response waits for those
 * before it. On its shard's thread; dropped when its response has been given to the sender.
 */
import type { Lent, Peer, RequestContext } from '../api/handler.ts';
import { assert, required } from '../base/assert.ts';
import type { Chunk } from '../port/memory.ts';
import type { ResponsePart } from '../protocol/records.ts';
import type { ApiName } from '../protocol/schema/index.ts';
import type { ApiRow } from './api-rows.ts';
import type { RequestArena } from './shared.ts';

/** What a request needs of the connection that it came by. */
export interface Home<Services> {
  readonly peer: Peer;
  readonly services: Services;
  readonly arena: RequestArena;
  /** The request has its answer. */
  answered(request: Request<Services>, answer: unknown): void;
  /** Its handler failed, and the request is to be answered accordingly. */
  failed(request: Request<Services>, error: unknown): void;
  /** A bug came to light while the request was handled. */
  fault(request: Request<Services>, error: unknown): void;
}

export class Request<Services> implements RequestContext<Services> {
  readonly row: ApiRow<Services>;
  readonly version: number;
  readonly correlationId: number;
  readonly clientId: string | null;
  /** Bytes of the frame, for the connection's limit. */
  readonly size: number;
  readonly home: Home<Services>;
  /** Where the request's bytes are. Null when they are gone. */
  bytes: Buffer | null;
  readonly from: number;
  /** The chunk that the bytes lie in, one holder of which is this request. Null: landing, or memory that stays. */
  chunk: Chunk | null;
  /** The decoded request. */
  message: object | null = null;
  /** Within the synchronous turn of the handler. */
  firstTurn = true;
  /** Called back once, by answer or fail. */
  settled = false;

  /** The next request of the connection, in order of arrival. */
  next: Request<Services> | null = null;
  /** Its connection is gone: the answer is dropped. */
  orphan = false;
  /** Whether `parts` stands and waits for those before. */
  done = false;
  parts: Buffer | readonly ResponsePart[] | null = null;
  throttleMs = 0;
  closes = false;
  #onOrphan: (() => void) | null = null;

  /** The copy of a landing frame from its first lent view on. */
  #copy: Chunk | null = null;
  #copyFrom = 0;

  constructor(
    home: Home<Services>,
    row: ApiRow<Services>,
    version: number,
    correlationId: number,
    clientId: string | null,
    bytes: Buffer,
    from: number,
    size: number,
    chunk: Chunk | null,
  ) {
    this.home = home;
    this.row = row;
    this.version = version;
    this.correlationId = correlationId;
    this.clientId = clientId;
    this.bytes = bytes;
    this.from = from;
    this.size = size;
    this.chunk = chunk;
  }

  get peer(): Peer {
    return this.home.peer;
  }

  get api(): ApiName {
    return this.row.name;
  }

  get services(): Services {
    return this.home.services;
  }

  whenOrphan(run: () => void): void {
    this.#onOrphan = run;
  }

  /** Its connection has closed. */
  orphaned(): void {
    this.orphan = true;
    if (!this.settled) this.#onOrphan?.();
  }

  answer(answer: unknown): void {
    assert(!this.settled, 'a request is answered once');
    this.settled = true;
    this.home.answered(this, answer);
  }

  fail(error: unknown): void {
    assert(!this.settled, 'a request is answered once');
    this.settled = true;
    this.home.failed(this, error);
  }

  lend(view: Buffer): Lent {
    assert(this.firstTurn, 'lend belongs to the first turn of a handler');
    const bytes = required(this.bytes, 'a request in its first turn has its bytes');
    const chunk = this.chunk;
    const at = view.byteOffset - bytes.byteOffset;
    assert(view.buffer === bytes.buffer && at >= this.from, 'what is lent is a view of the request');
    if (chunk !== null) {
      chunk.retain();
      return new LentPiece(chunk, at, view.length);
    }
    const copy = this.#copied(bytes, at);
    copy.retain();
    return new LentPiece(copy, at - this.#copyFrom, view.length);
  }

  /** The handler has returned: views that were not lent may go. */
  endFirstTurn(): void {
    this.firstTurn = false;
    this.#copy?.release();
    this.#copy = null;
    // Produce lends what it needs for longer; other requests keep their bytes until the answer.
    if (this.row.lends) this.releaseBytes();
  }

  releaseBytes(): void {
    this.bytes = null;
    this.chunk?.release();
    this.chunk = null;
  }

  /**
   * The frame in the arena, from the first lent view to its end: the views of one request lie one after the other, so one copy mostly
   * serves all of them.
   */
  #copied(bytes: Buffer, at: number): Chunk {
    if (this.#copy !== null && at >= this.#copyFrom) return this.#copy;
    const end = this.from + this.size;
    const { arena } = this.home;
    const chunk = arena.reserve(end - at, end - at) ?? arena.reserveBeyond(end - at);
    bytes.copy(chunk.bytes, 0, at, end);
    this.#copy?.release();
    this.#copy = chunk;
    this.#copyFrom = at;
    return chunk;
  }
}

class LentPiece implements Lent {
  readonly bytes: Buffer;
  readonly arena: number;
  readonly offset: number;
  #chunk: Chunk | null;

  constructor(chunk: Chunk, at: number, size: number) {
    this.#chunk = chunk;
    this.bytes = chunk.bytes.subarray(at, at + size);
    this.arena = chunk.arena;
    this.offset = chunk.offset + at;
  }

  release(): void {
    const chunk = required(this.#chunk, 'what was lent is released once');
    this.#chunk = null;
    chunk.release();
  }
}
