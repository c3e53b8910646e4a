/**
 * A ring of frames from one thread to another: one writer, one reader, shared memory, no locks, nothing allocated.
 *
 *   base                                                                              base + HEADER + size
 *    │ head │ tail │ wanted │                          data, `size` bytes (a power of two)           │
 *    ├──────┼──────┼────────┼──────────────┬─────────┬─────────┬─────────┬──────────────────┬────────┤
 *    │ read │write │ rings  │   (free)     │ frame   │ frame   │ frame   │     (free)       │  pad   │
 *    └──────┴──────┴────────┴──────────────┴─────────┴─────────┴─────────┴──────────────────┴────────┘
 *      64 B   64 B   64 B                  ▲ head                        ▲ tail
 *
 * head and tail count bytes since the beginning and wrap at 2^32; only their difference and their lowest bits mean
 * something. A frame starts with its length (int32, with these four bytes, a multiple of eight) and never wraps: what is
 * left before the end and too short is a pad, a frame whose length is negative. At most one pad is in the ring at a time.
 *
 * The writer reserves, writes in place, commits, and publishes all that it has committed by one store of the tail. The reader
 * looks at frames where they lie and gives back all that it has passed by one store of the head. Each keeps the other's
 * counter in a plain field and reads the shared one only when that does not suffice. `wanted` is how a writer that found no
 * space asks to be told: it is set before a last look at the head, and read after the head is stored, so one of the two sees
 * the other. (Atomics are sequentially consistent.)
 */
import { assert } from '../base/assert.ts';

/** Bytes before the data: head, tail and `wanted`, each on a line of its own so that the two threads do not share one. */
export const RING_HEADER_BYTES = 192;
const HEAD = 0;
const TAIL = 16;
const WANTED = 32;

/** Frames begin at multiples of this. */
const FRAME_ALIGNMENT = 8;

/** Shared memory as the codecs of messages see it. All views begin at byte 0 of the same buffer. */
export class RingMemory {
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  readonly i64: BigInt64Array;
  readonly bytes: Buffer;

  /** `buffer`: shared between threads, or ordinary memory where the threads are simulated. */
  constructor(buffer: ArrayBufferLike) {
    this.i32 = new Int32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.i64 = new BigInt64Array(buffer);
    this.bytes = Buffer.from(buffer);
  }
}

/** Bytes that a frame of `size` bytes takes. */
export function frameBytes(size: number): number {
  return (size + FRAME_ALIGNMENT - 1) & -FRAME_ALIGNMENT;
}

function check(base: number, size: number): void {
  assert(size >= 64 && size <= 1 << 30 && (size & (size - 1)) === 0, `a ring's size is a power of two: ${size}`);
  assert(base % FRAME_ALIGNMENT === 0, `a ring begins at a multiple of ${FRAME_ALIGNMENT}: ${base}`);
}

/** The writing end. Lives on the thread that sends; one a ring. */
export class RingWriter {
  readonly memory: RingMemory;
  readonly size: number;
  readonly #i32: Int32Array;
  readonly #header: number;
  readonly #data: number;
  /** The head as it was seen last. */
  #head = 0;
  /** Behind the last committed frame. */
  #tail = 0;
  #published = 0;

  constructor(memory: RingMemory, base: number, size: number) {
    check(base, size);
    this.memory = memory;
    this.size = size;
    this.#i32 = memory.i32;
    this.#header = base >> 2;
    this.#data = base + RING_HEADER_BYTES;
  }

  /** The largest frame that always finds its place in an empty ring, wherever that stands. */
  get largestFrame(): number {
    return this.size >> 1;
  }

  /** Counts bytes; where the next frame (or its pad) will begin. Behind a frame just committed: its end. */
  get position(): number {
    return this.#tail;
  }

  /** Place for a frame of up to `bytes` bytes: where it begins in the memory, -1 where there is none now. */
  reserve(bytes: number): number {
    assert(bytes <= this.largestFrame, `a frame of ${bytes} bytes in a ring of ${this.size}`);
    const index = this.#tail & (this.size - 1);
    const pad = index + bytes > this.size ? this.size - index : 0;
    if (this.size - ((this.#tail - this.#head) | 0) < pad + bytes) {
      this.#head = Atomics.load(this.#i32, this.#header + HEAD);
      if (this.size - ((this.#tail - this.#head) | 0) < pad + bytes) return -1;
    }
    if (pad === 0) return this.#data + index;
    this.#i32[(this.#data + index) >> 2] = -pad;
    this.#tail = (this.#tail + pad) | 0;
    return this.#data;
  }

  /** The frame at the place reserved last has `size` bytes, its length word included. It is not visible yet. */
  commit(size: number): void {
    const bytes = frameBytes(size);
    this.#i32[(this.#data + (this.#tail & (this.size - 1))) >> 2] = bytes;
    this.#tail = (this.#tail + bytes) | 0;
  }

  /** Shows the reader everything committed. False where it had been shown before. */
  publish(): boolean {
    if (this.#published === this.#tail) return false;
    this.#published = this.#tail;
    Atomics.store(this.#i32, this.#header + TAIL, this.#tail);
    return true;
  }

  /** Whether the reader has given back everything up to `position`. */
  passed(position: number): boolean {
    if (((this.#head - position) | 0) >= 0) return true;
    this.#head = Atomics.load(this.#i32, this.#header + HEAD);
    return ((this.#head - position) | 0) >= 0;
  }

  /** Asks the reader to tell when it gives space back. True where it has given some back since the last look: nobody need tell. */
  want(): boolean {
    Atomics.store(this.#i32, this.#header + WANTED, 1);
    const seen = this.#head;
    this.#head = Atomics.load(this.#i32, this.#header + HEAD);
    return seen !== this.#head;
  }
}

/** The reading end. Lives on the thread that receives; one a ring. */
export class RingReader {
  readonly memory: RingMemory;
  readonly size: number;
  readonly #i32: Int32Array;
  readonly #header: number;
  readonly #data: number;
  /** Behind the last frame passed. */
  #head = 0;
  #released = 0;
  /** The tail as it was seen last. */
  #tail = 0;

  constructor(memory: RingMemory, base: number, size: number) {
    check(base, size);
    this.memory = memory;
    this.size = size;
    this.#i32 = memory.i32;
    this.#header = base >> 2;
    this.#data = base + RING_HEADER_BYTES;
  }

  /** Where the first frame that was not passed begins in the memory, -1 where the ring is empty. */
  peek(): number {
    for (;;) {
      if (this.#head === this.#tail) {
        this.#tail = Atomics.load(this.#i32, this.#header + TAIL);
        if (this.#head === this.#tail) return -1;
      }
      const at = this.#data + (this.#head & (this.size - 1));
      const length = this.#i32[at >> 2] as number;
      if (length > 0) return at;
      assert(length < 0, 'a frame of a ring has a length');
      this.#head = (this.#head - length) | 0;
    }
  }

  /** Passes the frame that `peek` gave. Its bytes stay as they are until `release`. */
  pass(): void {
    const length = this.#i32[(this.#data + (this.#head & (this.size - 1))) >> 2] as number;
    assert(
      length > 0 && length <= ((this.#tail - this.#head) | 0),
      `a frame of ${length} bytes lies beyond the tail of its ring`,
    );
    this.#head = (this.#head + length) | 0;
  }

  /** Gives everything passed back to the writer. True where the writer has asked to be told. */
  release(): boolean {
    if (this.#released === this.#head) return false;
    this.#released = this.#head;
    Atomics.store(this.#i32, this.#header + HEAD, this.#head);
    if (Atomics.load(this.#i32, this.#header + WANTED) === 0) return false;
    Atomics.store(this.#i32, this.#header + WANTED, 0);
    return true;
  }
}
