/** `make sim`: one seed with all that happens, or fresh seeds for a time. SEED=7 · LIMIT=20 · STEPS=5000 */
import { simulate } from './world/simulation.ts';

const { SEED, LIMIT = '20', STEPS } = process.env;
const steps = STEPS === undefined ? {} : { steps: Number(STEPS) };

if (SEED !== undefined) {
  const outcome = await simulate({ seed: Number(SEED), ...steps, tell: (line) => console.log(line) });
  console.log(outcome);
} else {
  const began = Date.now();
  let seed = began % 1_000_000_000;
  let runs = 0;
  let failed = 0;
  while (Date.now() - began < Number(LIMIT) * 1000) {
    try {
      await simulate({ seed, ...steps });
    } catch (error) {
      failed++;
      console.log(error instanceof Error ? error.message : error);
    }
    runs++;
    seed++;
  }
  console.log(`${runs} seeds from ${seed - runs}, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
