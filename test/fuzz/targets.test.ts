/** Every target of the fuzzer for a moment, with seeds that are new each time; a failure names its seed. */
import { test } from 'node:test';
import { SeededRandom } from '../../src/base/prng.ts';
import { TARGETS } from './targets.ts';

const TRIES = 300;
const start = Date.now() % 1_000_000_000;

for (const [name, target] of Object.entries(TARGETS)) {
  test(name, async () => {
    for (let seed = start; seed < start + TRIES; seed++) {
      try {
        await target(new SeededRandom(seed));
      } catch (error) {
        throw new Error(`again: make fuzz TARGET=${name} SECONDS=0 SEED=${seed}`, { cause: error });
      }
    }
  });
}
