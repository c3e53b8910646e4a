/** The ring on one thread: wrap-around, pads, full and empty, batches, and a model run of random frames. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { frameBytes, RING_HEADER_BYTES, RingMemory, RingReader, RingWriter } from '../../../src/shard/ring.ts';

function ring(size: number, base = 0): { writer: RingWriter; reader: RingReader; memory: RingMemory } {
  const memory = new RingMemory(new SharedArrayBuffer(base + RING_HEADER_BYTES + size));
  return { writer: new RingWriter(memory, base, size), reader: new RingReader(memory, base, size), memory };
}

/** A frame: length word, then `value`. */
function put(writer: RingWriter, size: number, value: number): boolean {
  const at = writer.reserve(size);
  if (at < 0) return false;
  writer.memory.i32[(at >> 2) + 1] = value;
  writer.memory.bytes.fill(value & 0xff, at + 8, at + size);
  writer.commit(size);
  return true;
}

function get(reader: RingReader): { value: number; size: number } | null {
  const at = reader.peek();
  if (at < 0) return null;
  const size = reader.memory.i32[at >> 2] as number;
  const value = reader.memory.i32[(at >> 2) + 1] as number;
  reader.pass();
  return { value, size };
}

test('frames arrive in order and only when they are published', () => {
  const { writer, reader } = ring(256);
  assert.ok(put(writer, 16, 1));
  assert.ok(put(writer, 20, 2));
  assert.equal(get(reader), null);
  assert.equal(writer.publish(), true);
  assert.equal(writer.publish(), false);
  assert.deepEqual(get(reader), { value: 1, size: 16 });
  assert.deepEqual(get(reader), { value: 2, size: 24 });
  assert.equal(get(reader), null);
});

test('a full ring refuses, tells when it was asked to, and takes again', () => {
  const { writer, reader } = ring(256);
  let sent = 0;
  while (put(writer, 32, sent)) sent++;
  assert.equal(sent, 8);
  writer.publish();
  assert.equal(writer.want(), false);
  assert.equal(writer.reserve(8), -1);
  assert.deepEqual(get(reader), { value: 0, size: 32 });
  assert.equal(writer.reserve(8), -1, 'passed is not given back yet');
  assert.equal(reader.release(), true, 'the writer asked to be told');
  assert.equal(reader.release(), false);
  assert.ok(put(writer, 32, 8));
  assert.deepEqual(get(reader), { value: 1, size: 32 });
  assert.equal(reader.release(), false, 'nobody asked again');
});

test('a writer that asks after space was given back is told so at once', () => {
  const { writer, reader } = ring(128);
  for (let n = 0; n < 4; n++) put(writer, 32, n);
  writer.publish();
  assert.equal(writer.reserve(32), -1);
  get(reader);
  reader.release();
  assert.equal(writer.want(), true);
});

test('a frame never wraps: what is too short before the end is skipped', () => {
  const { writer, reader } = ring(128, 64);
  assert.ok(put(writer, 56, 1));
  assert.ok(put(writer, 40, 2));
  writer.publish();
  get(reader);
  get(reader);
  reader.release();
  assert.ok(put(writer, 64, 3), '32 bytes are left before the end; the frame goes to the start');
  writer.publish();
  assert.deepEqual(get(reader), { value: 3, size: 64 });
  reader.release();
  assert.ok(put(writer, 64, 4));
});

test('the largest frame finds its place wherever the ring stands', () => {
  const { writer, reader } = ring(128);
  for (let n = 0; n < 100; n++) {
    assert.ok(put(writer, 8 * (1 + (n % 7)), n));
    writer.publish();
    assert.equal(get(reader)?.value, n);
    reader.release();
    assert.ok(put(writer, writer.largestFrame, n));
    writer.publish();
    assert.equal(get(reader)?.value, n);
    reader.release();
  }
});

test('`passed` says when the reader has gone beyond a frame', () => {
  const { writer, reader } = ring(128);
  put(writer, 16, 1);
  const position = writer.position;
  writer.publish();
  assert.equal(writer.passed(position), false);
  get(reader);
  assert.equal(writer.passed(position), false);
  reader.release();
  assert.equal(writer.passed(position), true);
});

test('random frames: nothing is lost, torn or reordered, whatever the interleaving', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('put' as const), size: fc.integer({ min: 8, max: 128 }) }),
    fc.record({ kind: fc.constantFrom('publish' as const, 'get' as const, 'release' as const), size: fc.constant(0) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const { writer, reader, memory } = ring(256);
      const committed: { value: number; size: number }[] = [];
      let published = 0;
      let got = 0;
      for (const [n, { kind, size }] of steps.entries()) {
        if (kind === 'put' && put(writer, size, n)) committed.push({ value: n, size: frameBytes(size) });
        if (kind === 'publish') {
          writer.publish();
          published = committed.length;
        }
        if (kind === 'get') {
          const at = reader.peek();
          if (got === published) {
            assert.equal(at, -1);
            continue;
          }
          const expected = committed[got++];
          assert.deepEqual(get(reader), expected);
          for (let b = at + 8; b < at + (expected?.size ?? 0) - 8; b++)
            assert.equal(memory.bytes[b], (expected?.value ?? 0) & 0xff);
        }
        if (kind === 'release') reader.release();
      }
    }),
    { numRuns: 300 },
  );
});
