/**
 * The simulated broker: the seeds that once failed, one fresh seed after the other for a few seconds, and that a run replays identically. A
 * failure says its seed; `make sim SEED=…` tells everything that happened in it, as long as the sources are the same.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from './world/simulation.ts';

/** What they found when they were new: see the log of this file's changes. */
const KEPT = [422105104, 422105076, 422336770];

const FRESH_MS = 6000;

for (const seed of KEPT) {
  test(`seed ${seed}`, async () => {
    await simulate({ seed });
  });
}

test('a run replays identically', async () => {
  for (const seed of [1, 2, 3]) {
    const first = await simulate({ seed, steps: 1500 });
    const again = await simulate({ seed, steps: 1500 });
    assert.equal(again.digest, first.digest);
    assert.deepEqual([...again.counts], [...first.counts]);
  }
});

test('fresh seeds', async (t) => {
  const until = Date.now() + FRESH_MS;
  const first = Date.now() % 1_000_000_000;
  let seed = first;
  do await simulate({ seed: seed++ });
  while (Date.now() < until);
  t.diagnostic(`seeds ${first} to ${seed - 1}`);
});
