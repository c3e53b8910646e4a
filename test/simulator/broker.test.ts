/**
 * The simulated broker: the seeds that once failed, one fresh seed after the other for a few seconds, and that a run replays identically. A
 * failure says its seed; `make sim SEED=…` tells everything that happened in it, as long as the sources are the same.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from './world/simulation.ts';

/**
 * Seeds that failed once, and what they found. They take another course when the sources change; what stays is that as many different
 * courses were the worst that was known.
 */
const KEPT: readonly (readonly [seed: number, found: string])[] = [
  [422105104, 'retention took the last file that told where the log ends'],
  [422336770, 'recovery kept a segment behind a gap'],
  [422847020, 'a failed write was written again'],
  [422847082, 'an emptied log forgot its producers'],
  [422847267, 'a flush under way counted for appends behind it'],
  [423141484, 'false alarm: a fetch beyond the end was judged by records that came after it was sent'],
  [423141552, 'false alarm: the world kept the end of a write to itself when its reader had reset'],
  [422847989, 'control stopped with a request open'],
  [424001310, 'a fetch told start and watermark of different moments'],
  [424001442, 'a log that had failed was taken for synced'],
  [425223154, 'what recovery had cut off came back after a clean stop'],
  [424883614, 'a directory went offline under a flush, which was taken for done'],
  [433233336, 'a start that could not read the metadata log named no file'],
  [433233404, 'false alarm: a batch whose flush failed is refused, and stands before one that is acknowledged'],
  [433233736, 'false alarm: new partitions are seen before whoever asked for them is told'],
  [433233830, 'false alarm: a second directory that failed had mended the first'],
  [60, 'offsets of a transaction were refused with a code that their producers do not know'],
  [1014, 'the marker of one transaction undid the question about the next'],
  [5055, 'a marker was answered twice when its append lost the log'],
  [900198, 'false alarm: a last stable offset that the start of the log held up went back with it after a kill'],
  [54595611, 'false alarm: a stable fetch of all offsets leaves out a partition that has a pending one only'],
  [54687308, 'false alarm: a producer goes on in a transaction that its coordinator has lost'],
  [54816799, 'indexes that recovery wrote again below the recovery point were not on the medium'],
  [55072967, 'a slice whose segment retention had deleted came without its aborted transactions'],
  [55072876, 'a coordinator acted on what it had loaded and no disk had yet'],
];

const FRESH_MS = 6000;

for (const [seed, found] of KEPT) {
  test(`seed ${seed}: ${found}`, async () => {
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
