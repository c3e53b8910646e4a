/**
 * The receiving half of a connection: bytes to frames. One a connection, on its shard's thread.
 *
 *     announced     nothing      size known        size known, the frame is longer than what was read
 *                   ┌──────┐ 4 B ┌──────────┐ not whole ┌─────────────────┐
 *     read into     │ land │────▶│ landing  │──────────▶│ chunk of arena  │──▶ whole: to the sink
 *                   └──────┘     └────┬─────┘           └─────────────────┘
 *                       ▲             │ whole: to the sink where it lies
 *                       └─────────────┘
 *
 * A long request gets its chunk by and by: what a client announces costs no more addresses than eight times what it has sent. A chunk that
 * is full is exchanged for a larger one.
 *
 * What cannot go on now (the sink takes no further request yet, or the arena has no memory) is *held*: the rest of what was read, at
 * most one landing buffer a connection, is copied aside; the connection stops reading, and `advance` goes on from there.
 */
import type { Chunk } from '../port/memory.ts';
import type { RequestArena } from './shared.ts';

/** Why bytes are held: the order of requests and the limits of the connection, or the arena's memory. */
export type Hold = 'none' | 'order' | 'memory';

/** Who the frames are for. */
export interface FrameSink {
  /**
   * A whole request stands in `buffer` from `from` to `to`. In a chunk: the chunk passes to the sink with it. Without one: the bytes are
   * the caller's and hold until this call returns, or, where `stays`, for good. 'none': taken. Else what it waits for; nothing was done.
   */
  frame(buffer: Buffer, from: number, to: number, chunk: Chunk | null, stays: boolean): Hold;
  /** Why a frame of so many bytes is refused, or null. */
  refusal(size: number): string | null;
  /** The bytes cannot be framed: what comes next has no meaning. */
  refused(reason: string): void;
  /** Whether another frame of so many bytes may begin to fill a chunk. */
  mayFill(size: number): boolean;
  /** How many bytes of the arena this connection may take now; below zero where others have taken too much. */
  memoryRoom(): number;
  /** May use the last of the memory (MemoryQueue). */
  readonly isFavoured: boolean;
  /** The request that was being filled is whole. */
  filled(): void;
  /** False where everything that still comes is dropped. */
  readonly open: boolean;
}

/** The most that one read puts into a chunk, and the most while memory is short: how far the arena's account can run behind. */
const READ_LIMIT = 1024 * 1024;
const SHORT_READ_LIMIT = 16 * 1024;

const NO_BYTES: Buffer = Buffer.alloc(0);

/** The first chunk of a request that is longer. */
const SMALL = 64 * 1024;
/**
 * Requests up to this size, which is what clients send by default at most and what stands around it, do not wait in line for memory as
 * long as there is some, and larger ones leave an eighth of the budget to them: however many announce a lot and stall, the others go on.
 */
const MODEST = 1024 * 1024 + 64 * 1024;
const LEFT_TO_MODEST = 1 / 8;
/** Addresses for each byte that has come. */
const AHEAD = 8;
const MEBIBYTE = 1024 * 1024;

/**
 * The size of a chunk for a request of `announced` bytes of which `here` have come. The last exchange is made with a quarter of the request
 * at most (or little), so that there is always room for both chunks in the part of the budget that a favoured connection has.
 */
function chunkSize(announced: number, here: number): number {
  const size = Math.max(SMALL, AHEAD * here);
  return size * (size < MEBIBYTE ? 2 : 4) >= announced ? announced : size;
}

export class Intake {
  readonly #arena: RequestArena;
  readonly #landing: Buffer;
  readonly #sink: FrameSink;
  /** Size of the frame that is being received; -1 before it is known. */
  #announced = -1;
  /** The bytes of the size that came so far, where it was torn. */
  #prefix = 0;
  #prefixBytes = 0;
  #chunk: Chunk | null = null;
  #filled = 0;
  /** Bytes in the chunk that the arena has not counted yet. */
  #owed = 0;
  #held: Buffer = NO_BYTES;
  #heldFrom = 0;
  #hold: Hold = 'none';
  /** Whether the last answer of `target` was the chunk. */
  #intoChunk = false;

  constructor(arena: RequestArena, landing: Buffer, sink: FrameSink) {
    this.#arena = arena;
    this.#landing = landing;
    this.#sink = sink;
  }

  get hold(): Hold {
    return this.#hold;
  }

  /** In the middle of a request that holds memory of the arena. */
  get filling(): boolean {
    return this.#chunk !== null && (this.#filled < this.#announced || this.#owed > 0);
  }

  /** Where the next read goes. */
  target(): Buffer {
    const chunk = this.#chunk;
    if (chunk === null || this.#filled >= this.#announced || this.#hold !== 'none') {
      this.#intoChunk = false;
      return this.#landing;
    }
    this.#intoChunk = true;
    const limit = Math.max(SHORT_READ_LIMIT, Math.min(READ_LIMIT, this.#room()));
    return chunk.bytes.subarray(this.#filled, Math.min(chunk.size, this.#filled + limit));
  }

  /** `size` bytes came to where `target` said. */
  received(size: number): void {
    if (this.#intoChunk) {
      this.#filled += size;
      this.#owed += size;
      this.#hold = 'none';
      this.#fillFrom(NO_BYTES, 0, 0);
    } else if (this.#hold !== 'none') {
      // A read that was under way when the connection stopped reading.
      this.#held = Buffer.concat([this.#held.subarray(this.#heldFrom), this.#landing.subarray(0, size)]);
      this.#heldFrom = 0;
    } else {
      const used = this.#consume(this.#landing, 0, size, false);
      if (used < size) {
        this.#held = Buffer.from(this.#landing.subarray(used, size));
        this.#heldFrom = 0;
      }
    }
  }

  /** Goes on with what is held. False where nothing could. */
  advance(): boolean {
    if (this.#hold === 'none') return false;
    const chunk = this.#chunk;
    const filled = this.#filled;
    const from = this.#heldFrom;
    this.#hold = 'none';
    this.#heldFrom = this.#consume(this.#held, this.#heldFrom, this.#held.length, true);
    const moved = this.#heldFrom > from || this.#chunk !== chunk || this.#filled > filled;
    if (this.#heldFrom === this.#held.length) {
      this.#held = NO_BYTES;
      this.#heldFrom = 0;
    }
    return moved || this.#hold === 'none';
  }

  /** Gives all memory back; nothing may be received afterwards. */
  release(): void {
    this.#chunk?.release();
    this.#chunk = null;
    this.#held = NO_BYTES;
    this.#heldFrom = 0;
    this.#hold = 'none';
    this.#announced = -1;
    this.#intoChunk = false;
  }

  /** Uses the bytes as far as possible now and returns the position after the last used one. */
  #consume(buffer: Buffer, from: number, to: number, stays: boolean): number {
    let at = from;
    while (this.#sink.open) {
      if (this.#chunk !== null) {
        at = this.#fillFrom(buffer, at, to);
        if (this.#chunk !== null) return at;
        continue;
      }
      if (this.#announced < 0) {
        at = this.#readSize(buffer, at, to);
        if (this.#announced < 0) return at;
      }
      const end = at + this.#announced;
      if (end > to) {
        // The size alone holds no memory: its first bytes may be long in coming.
        if (at === to) return at;
        if (!this.#beginFilling(to - at)) return at;
        continue;
      }
      const hold = this.#sink.frame(buffer, at, end, null, stays);
      if (hold !== 'none') {
        this.#hold = hold;
        return at;
      }
      at = end;
      this.#announced = -1;
    }
    return to;
  }

  /** Reads the four bytes in front of a frame, which may come one by one. */
  #readSize(buffer: Buffer, from: number, to: number): number {
    let at = from;
    let size: number;
    if (this.#prefixBytes === 0 && to - at >= 4) {
      size = buffer.readInt32BE(at);
      at += 4;
    } else {
      while (at < to && this.#prefixBytes < 4) {
        this.#prefix = (this.#prefix << 8) | (buffer[at] ?? 0);
        this.#prefixBytes++;
        at++;
      }
      if (this.#prefixBytes < 4) return at;
      size = this.#prefix;
      this.#prefix = 0;
      this.#prefixBytes = 0;
    }
    const refusal = this.#sink.refusal(size);
    if (refusal === null) this.#announced = size;
    else this.#sink.refused(refusal);
    return refusal === null ? at : to;
  }

  /** How many bytes of the arena the request may take now. */
  #room(): number {
    const room = this.#sink.memoryRoom();
    if (this.#announced <= MODEST || this.#sink.isFavoured) return room;
    return room - Math.floor(this.#arena.limitBytes * LEFT_TO_MODEST);
  }

  /** A chunk for the request, of which `here` bytes have come. Null where there is no memory. */
  #reserve(here: number): Chunk | null {
    if (here > this.#room()) return null;
    const size = chunkSize(this.#announced, here);
    return this.#announced <= MODEST ? this.#arena.reserveAhead(size, here) : this.#arena.reserve(size, here);
  }

  #beginFilling(available: number): boolean {
    if (!this.#sink.mayFill(this.#announced)) {
      this.#hold = 'order';
      return false;
    }
    const chunk = this.#reserve(available);
    if (chunk === null) {
      this.#hold = 'memory';
      return false;
    }
    this.#chunk = chunk;
    this.#filled = 0;
    // Charged in advance for what is copied next.
    this.#owed = -available;
    return true;
  }

  /** Exchanges a full chunk for a larger one. */
  #grow(chunk: Chunk): Chunk | null {
    const here = this.#filled;
    const larger = this.#reserve(here);
    if (larger === null) return null;
    chunk.bytes.copy(larger.bytes, 0, 0, here);
    chunk.release();
    this.#chunk = larger;
    return larger;
  }

  /**
   * Copies into the chunk what belongs there and hands a whole frame over. The chunk is null afterwards where that was done; else the
   * intake waits for more bytes or holds.
   */
  #fillFrom(buffer: Buffer, from: number, to: number): number {
    let chunk = this.#chunk;
    if (chunk === null) return from;
    let at = from;
    for (;;) {
      const count = Math.min(to - at, chunk.size - this.#filled);
      const charge = this.#owed + count;
      if (charge > 0 && (charge > this.#room() || !chunk.charge(charge))) {
        this.#hold = 'memory';
        return at;
      }
      this.#owed = 0;
      if (count > 0) buffer.copy(chunk.bytes, this.#filled, at, at + count);
      this.#filled += count;
      at += count;
      if (this.#filled === this.#announced) break;
      if (this.#filled < chunk.size) return at;
      const larger = this.#grow(chunk);
      if (larger === null) {
        this.#hold = 'memory';
        return at;
      }
      chunk = larger;
    }
    this.#sink.filled();
    // The chunk goes with the frame, whatever the sink does with it.
    this.#chunk = null;
    const hold = this.#sink.frame(chunk.bytes, 0, this.#announced, chunk, false);
    if (hold === 'none') {
      this.#announced = -1;
    } else {
      this.#chunk = chunk;
      this.#hold = hold;
    }
    return at;
  }
}
