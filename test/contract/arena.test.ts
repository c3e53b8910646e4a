/** Arena: chunks never overlap, budget, line of waiters, pages given back; and a random run against a model. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadNative } from '../../src/host/addon.ts';
import type { Chunk } from '../../src/port/memory.ts';
import { ThreadArena } from '../../src/shard/arena.ts';

const KiB = 1024;
const MiB = 1024 * KiB;

interface Setup {
  arena: ThreadArena;
  soon: () => void;
  given: [number, number][];
}

function setup(limitBytes: number, addresses: number): Setup {
  const later: (() => void)[] = [];
  const given: [number, number][] = [];
  const arena = new ThreadArena({
    id: 3,
    memory: new SharedArrayBuffer(addresses),
    limitBytes,
    soon: (run) => later.push(run),
    giveBack: (memory, from, to) => {
      given.push([from, to]);
      memory.fill(0, from, to);
      return true;
    },
  });
  return { arena, given, soon: () => later.splice(0).forEach((run) => run()) };
}

function take(arena: ThreadArena, size: number, charged = size): Chunk {
  const chunk = arena.reserve(size, charged);
  assert.ok(chunk, `a chunk of ${size}`);
  return chunk;
}

test('addresses cost nothing: a chunk is charged by what has arrived', () => {
  const { arena } = setup(MiB, 64 * MiB);
  const chunk = take(arena, 16 * MiB, 100);
  assert.equal(arena.chargedBytes, 100);
  assert.equal(arena.touchedBytes, 4096);
  assert.equal(chunk.charge(500 * KiB), true);
  assert.equal(chunk.charge(600 * KiB), false);
  assert.equal(arena.chargedBytes, 500 * KiB + 100);
  chunk.release();
  assert.equal(arena.chargedBytes, 0);
});

test('a chunk has holders and is given back by the last', () => {
  const { arena } = setup(MiB, MiB);
  const chunk = take(arena, 5000);
  chunk.retain();
  chunk.release();
  assert.equal(arena.chunkCount, 1);
  chunk.release();
  assert.equal(arena.chunkCount, 0);
  assert.throws(() => chunk.release(), /released once/);
});

test('the budget refuses; those that wait are served in order, and nobody overtakes them', () => {
  const { arena, soon } = setup(MiB, 64 * MiB);
  const first = take(arena, MiB);
  const order: string[] = [];
  const held: Chunk[] = [];
  const waitFor = (name: string, size: number): void => {
    const attempt = (): void => {
      const chunk = arena.reserve(size, size);
      if (chunk === null) return arena.whenFree(attempt);
      order.push(name);
      held.push(chunk);
    };
    attempt();
  };
  waitFor('a', 700 * KiB);
  waitFor('b', 100 * KiB);
  waitFor('c', 700 * KiB);
  assert.equal(arena.waiting, 3);
  first.release();
  assert.equal(arena.reserve(10, 10), null, 'who comes later waits behind them');
  soon();
  assert.deepEqual(order, ['a', 'b']);
  assert.equal(arena.waiting, 1);
  held.shift()?.release();
  soon();
  assert.deepEqual(order, ['a', 'b', 'c']);
});

test('answers go beyond the budget', () => {
  const { arena } = setup(MiB, 64 * MiB);
  take(arena, MiB);
  assert.equal(arena.reserve(1000, 1000), null);
  assert.equal(arena.reserveBeyond(1000).size, 1000);
});

test('freed pages go back in batches, and at once where the budget is short', () => {
  const { arena, given } = setup(8 * MiB, 64 * MiB);
  const chunk = take(arena, 512 * KiB);
  chunk.release();
  assert.deepEqual(given, []);
  assert.equal(arena.touchedBytes, 512 * KiB);
  take(arena, 2 * MiB).release();
  assert.deepEqual(given, [[0, 2 * MiB]]);
  assert.equal(arena.touchedBytes, 0);
  const low = take(arena, 64 * KiB);
  const hole = take(arena, MiB - 64 * KiB);
  const high = take(arena, 7 * MiB - 64 * KiB);
  hole.release();
  assert.equal(given.length, 1);
  const more = take(arena, 1000 * KiB);
  assert.deepEqual(given.at(-1), [64 * KiB, MiB], 'the hole does not fit and the budget is short');
  assert.ok(arena.touchedBytes <= 8 * MiB + 256 * KiB);
  for (const one of [low, high, more]) one.release();
});

test('without madvise pages stay for the next chunk at their place', () => {
  const arena = new ThreadArena({
    id: 0,
    memory: new ArrayBuffer(8 * MiB),
    limitBytes: MiB,
    soon: () => {},
    giveBack: () => false,
  });
  for (let n = 0; n < 100; n++) take(arena, 900 * KiB).release();
  assert.equal(arena.touchedBytes, 900 * KiB);
});

test('sixteen gibibytes of addresses', () => {
  const { arena } = setup(64 * MiB, 16 * 1024 * MiB);
  const low = take(arena, 11.9 * 1024 * MiB, 0);
  assert.equal(arena.reserve(200 * MiB, 0), null, 'a quarter is left to what must never wait');
  const high = take(arena, 50 * MiB, 5);
  high.bytes.write('hello');
  assert.ok(high.offset > 2 ** 33);
  assert.equal(high.bytes.toString('latin1', 0, 5), 'hello');
  low.release();
  high.release();
});

test('random reserve, charge and release: no overlap, exact accounts, everything given back', () => {
  const sizes = fc.oneof(
    fc.integer({ min: 1, max: 2000 }),
    fc.integer({ min: 1, max: 70_000 }),
    fc.integer({ min: 1, max: 3 * MiB }),
  );
  const step = fc.record({
    take: fc.boolean(),
    size: sizes,
    part: fc.double({ min: 0, max: 1, noNaN: true }),
    which: fc.nat(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { arena } = setup(4 * MiB, 16 * MiB);
      const held: { chunk: Chunk; charged: number; mark: number }[] = [];
      let charged = 0;
      const check = (index: number): void => {
        const [one] = held.splice(index, 1);
        if (!one) return;
        // Nobody else wrote between this chunk's first and last byte.
        assert.equal(one.chunk.bytes[0], one.mark);
        assert.equal(one.chunk.bytes.at(-1), one.mark);
        charged -= one.charged;
        one.chunk.release();
      };
      for (const [n, { take: taking, size, part, which }] of steps.entries()) {
        if (!taking) {
          if (held.length > 0) check(which % held.length);
        } else {
          const now = Math.floor(size * part);
          const chunk = arena.reserve(size, now);
          if (chunk === null) continue;
          assert.ok(chunk.offset >= 0 && chunk.offset + size <= 16 * MiB);
          for (const other of held) {
            assert.ok(
              other.chunk.offset + other.chunk.size <= chunk.offset || chunk.offset + chunk.size <= other.chunk.offset,
            );
          }
          const rest = chunk.charge(size - now) ? size : now;
          charged += rest;
          const mark = n % 251;
          chunk.bytes[0] = mark;
          chunk.bytes[size - 1] = mark;
          held.push({ chunk, charged: rest, mark });
        }
        assert.equal(arena.chargedBytes, charged);
        assert.ok(charged <= 4 * MiB);
      }
      while (held.length > 0) check(0);
      assert.equal(arena.chargedBytes, 0);
      assert.equal(arena.chunkCount, 0);
      arena.giveBackIdle();
      assert.ok(arena.touchedBytes <= 8 * 64 * KiB, 'what stays is one slab of each small size');
    }),
    { numRuns: 100 },
  );
});

test('the system takes pages back and gives them as zeros', async (context) => {
  const { native } = loadNative();
  const memory = new SharedArrayBuffer(64 * MiB);
  if (native.releasePages(Buffer.from(memory), 0, 4096) < 0) return context.skip('the addon is not built');
  const giveBack = (bytes: Uint8Array, from: number, to: number): boolean => native.releasePages(bytes, from, to) >= 0;
  const arena = new ThreadArena({ id: 0, memory, limitBytes: 32 * MiB, soon: () => {}, giveBack });
  const chunk = take(arena, 32 * MiB);
  chunk.bytes.fill(1);
  const full = process.memoryUsage.rss();
  chunk.release();
  assert.equal(arena.touchedBytes, 0);
  assert.equal(chunk.bytes[5_000_000], 0);
  assert.ok(full - process.memoryUsage.rss() > 16 * MiB);
});
