/** Long runs: `make fuzz TARGET=batches SECONDS=60 SEED=7`. Without a target all take turns. A failure says how it is repeated. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SeededRandom } from '../../src/base/prng.ts';
import { TARGETS, type Target } from './targets.ts';

const { TARGET = '', SECONDS = '60', SEED = '' } = process.env;
const chosen = TARGET === '' ? Object.keys(TARGETS) : TARGET.split(',');
const start = SEED === '' ? Date.now() % 1_000_000_000 : Number(SEED);
const endless = Number(SECONDS) * 1000;

async function fuzz(name: string, target: Target, forMs: number): Promise<boolean> {
  const end = performance.now() + forMs;
  let seed = start;
  for (; performance.now() < end || seed === start; seed++) {
    // What the addon gave is taken back between two turns of the loop only.
    if (seed % 64 === 0) await nextTurn();
    try {
      await target(new SeededRandom(seed));
    } catch (error) {
      process.stdout.write(`${name}: seed ${seed} fails\n`);
      console.error(error);
      process.stdout.write(`again: make fuzz TARGET=${name} SECONDS=0 SEED=${seed}\n`);
      return false;
    }
  }
  const resident = Math.round(process.memoryUsage.rss() / 1024 / 1024);
  process.stdout.write(`${name}: ${seed - start} tries, seeds ${start} to ${seed - 1}, ${resident} MiB resident\n`);
  return true;
}

let isGood = true;
for (const name of chosen) {
  const target = TARGETS[name];
  if (target === undefined) {
    process.stdout.write(`there is no target ${name}; there are ${Object.keys(TARGETS).join(', ')}\n`);
    process.exit(2);
  }
  isGood = (await fuzz(name, target, endless / chosen.length)) && isGood;
}
process.exit(isGood ? 0 : 1);
