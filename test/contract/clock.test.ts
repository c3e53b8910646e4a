/** Clock and chance: the machine's and the simulator's keep the same promises. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '../../src/base/prng.ts';
import { systemClock } from '../../src/host/clock.ts';
import { systemRandom } from '../../src/host/random.ts';
import type { Clock } from '../../src/port/clock.ts';
import type { Random } from '../../src/port/random.ts';
import { VirtualClock } from '../simulator/virtual-clock.ts';

const virtual = new VirtualClock();
const clocks: readonly [string, Clock, (ms: number) => Promise<void>][] = [
  ['system', systemClock, (ms) => new Promise((resolve) => setTimeout(resolve, ms + 20))],
  [
    'virtual',
    virtual,
    async (ms) => {
      virtual.runSoon();
      virtual.advance(ms);
    },
  ],
];

for (const [name, clock, pass] of clocks) {
  test(`${name} clock: timers fire once, in the order of their time, never in the call`, async () => {
    const fired: string[] = [];
    clock.after(30, () => fired.push('late'));
    clock.after(1, () => fired.push('early'));
    const cancelled = clock.after(5, () => fired.push('cancelled'));
    clock.soon(() => fired.push('soon'));
    assert.equal(fired.length, 0);
    cancelled.cancel();
    cancelled.cancel();
    const before = clock.monotonic();
    await pass(60);
    assert.deepEqual([...fired].sort(), ['early', 'late', 'soon']);
    assert.ok(fired.indexOf('early') < fired.indexOf('late'));
    assert.ok(clock.monotonic() >= before + 59);
    assert.ok(clock.now() > 1_500_000_000_000);
  });
}

test('a very long delay does not fire at once', async () => {
  let fired = false;
  const timer = systemClock.after(1e12, () => {
    fired = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(fired, false);
  timer.cancel();
});

const randoms: readonly [string, Random][] = [
  ['system', systemRandom],
  ['seeded', new SeededRandom(42)],
];
for (const [name, random] of randoms) {
  test(`${name} random: bytes, and whole numbers below a limit`, () => {
    assert.equal(random.bytes(33).length, 33);
    assert.notDeepEqual(random.bytes(16), random.bytes(16));
    const seen = new Set<number>();
    for (let n = 0; n < 1000; n++) seen.add(random.below(7));
    assert.deepEqual(
      [...seen].sort((a, b) => a - b),
      [0, 1, 2, 3, 4, 5, 6],
    );
  });
}

test('the same seed gives the same numbers, another seed others', () => {
  const draw = (seed: number): number[] =>
    Array.from(
      { length: 20 },
      (
        (random) => () =>
          random.next()
      )(new SeededRandom(seed)),
    );
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
});
