/** The frame reader, fed with pieces of every size, against what a reader of whole streams says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FrameSink, type Hold, Intake } from '../../../src/network/intake.ts';
import type { Chunk } from '../../../src/port/memory.ts';
import { MemoryArena } from './memory-arena.ts';

class Sink implements FrameSink {
  readonly frames: string[] = [];
  refusedFor: string | null = null;
  open = true;
  /** What the next frames are answered with before they are taken. */
  holds: Hold[] = [];
  limit = 1000;
  chunks = 0;

  frame(buffer: Buffer, from: number, to: number, chunk: Chunk | null): Hold {
    const hold = this.holds.shift() ?? 'none';
    if (hold !== 'none') return hold;
    this.frames.push(buffer.toString('latin1', from, to));
    if (chunk !== null) this.chunks++;
    chunk?.release();
    return 'none';
  }

  refusal(size: number): string | null {
    return size < 0 || size > this.limit ? `size ${size}` : null;
  }

  refused(reason: string): void {
    this.refusedFor = reason;
    this.open = false;
  }

  mayFill(): boolean {
    return true;
  }

  readonly isFavoured = false;

  memoryRoom(): number {
    return Number.POSITIVE_INFINITY;
  }

  filled(): void {}
}

const LANDING = 64;

function frame(body: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}

/** Sends the stream in pieces; a piece never exceeds what the intake asks for. Calls `between` after each. */
function feed(intake: Intake, stream: Buffer, pieces: readonly number[], between: () => void = () => {}): void {
  let at = 0;
  let piece = 0;
  while (at < stream.length) {
    const target = intake.target();
    const size = Math.min(target.length, stream.length - at, pieces[piece++ % pieces.length] ?? 1);
    stream.copy(target, 0, at, at + size);
    at += size;
    intake.received(size);
    between();
    for (let tries = 0; intake.hold !== 'none' && tries < 1000; tries++) intake.advance();
  }
}

const bodies = fc.array(fc.uint8Array({ minLength: 0, maxLength: 300 }), { maxLength: 20 });
const pieces = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 });
const holds = fc.array(fc.constantFrom<Hold>('none', 'order', 'memory'), { maxLength: 20 });

test('frames come out whole and in order, however the stream is cut and whatever holds them up', () => {
  fc.assert(
    fc.property(bodies, pieces, holds, (given, sizes, held) => {
      const arena = new MemoryArena();
      const sink = new Sink();
      sink.holds = [...held];
      const landing = Buffer.alloc(LANDING);
      const intake = new Intake(arena, landing, sink);
      const stream = Buffer.concat(given.map((body) => frame(Buffer.from(body))));
      // The landing buffer is everybody's: what is kept must not lie there.
      feed(intake, stream, sizes, () => landing.fill(0xee));
      assert.deepEqual(
        sink.frames,
        given.map((body) => Buffer.from(body).toString('latin1')),
      );
      assert.equal(arena.chunks, 0);
      assert.equal(arena.chargedBytes, 0);
    }),
    { numRuns: 500 },
  );
});

test('any bytes: frames or a refusal, never an exception, and the memory comes back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), pieces, (bytes, sizes) => {
      const arena = new MemoryArena();
      const sink = new Sink();
      const intake = new Intake(arena, Buffer.alloc(LANDING), sink);
      feed(intake, Buffer.from(bytes), sizes);
      intake.release();
      assert.equal(arena.chunks, 0);
    }),
    { numRuns: 500 },
  );
});

test('a budget smaller than the frames in flight: bytes wait, none are lost', () => {
  fc.assert(
    fc.property(bodies, pieces, (given, sizes) => {
      const arena = new MemoryArena(400);
      const sink = new Sink();
      const intake = new Intake(arena, Buffer.alloc(LANDING), sink);
      const stream = Buffer.concat(given.map((body) => frame(Buffer.from(body))));
      // Somebody else takes and gives memory between reads.
      let other: Chunk | null = null;
      feed(intake, stream, sizes, () => {
        other ??= arena.reserve(350, 350);
        intake.advance();
        other?.release();
        other = null;
      });
      assert.equal(sink.frames.length, given.length);
      assert.equal(arena.chargedBytes, 0);
    }),
    { numRuns: 300 },
  );
});

for (const [name, size] of [
  ['negative', -1],
  ['most negative', -2147483648],
  ['over the limit', 1001],
  ['HTTP', 0x47455420],
] as const) {
  test(`a size that is refused: ${name}`, () => {
    const sink = new Sink();
    const intake = new Intake(new MemoryArena(), Buffer.alloc(LANDING), sink);
    const bytes = Buffer.alloc(20);
    bytes.writeInt32BE(size);
    feed(intake, bytes, [3]);
    assert.equal(sink.refusedFor, `size ${size}`);
    assert.deepEqual(sink.frames, []);
  });
}

test('an idle connection and one that has sent four bytes own no memory of the arena', () => {
  const arena = new MemoryArena();
  const sink = new Sink();
  const intake = new Intake(arena, Buffer.alloc(LANDING), sink);
  feed(intake, Buffer.from([0, 0, 0, 200]), [1]);
  assert.equal(arena.chunks, 0);
  assert.equal(intake.filling, false);
  feed(intake, Buffer.alloc(10), [10]);
  assert.equal(arena.chargedBytes, 10);
  assert.equal(intake.filling, true);
  intake.release();
  assert.equal(arena.chunks, 0);
});

test('a long frame is received where it stays: only what lay in the landing buffer is copied', () => {
  const arena = new MemoryArena();
  const sink = new Sink();
  const landing = Buffer.alloc(LANDING);
  const intake = new Intake(arena, landing, sink);
  const stream = frame(Buffer.alloc(500, 7));
  stream.copy(intake.target(), 0, 0, LANDING);
  intake.received(LANDING);
  const target = intake.target();
  assert.notEqual(target.buffer, landing.buffer);
  assert.equal(target.length, 500 - (LANDING - 4));
  stream.copy(target, 0, LANDING);
  intake.received(target.length);
  assert.equal(sink.frames.length, 1);
  assert.equal(sink.chunks, 1);
  assert.equal(intake.target(), landing);
});
