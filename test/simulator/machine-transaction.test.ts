/**
 * Transactions over models of what is around their machine: a coordinator whose log commits late, refuses and is read again, markers and questions
 * that take any way and time, partitions that begin anew, and producers of both protocols that lose connections, die and fight for one id. The
 * whole broker does the same, a thousand times slower, in broker.test.ts.
 *
 *   ODRADEK_SIM_SEED=7 node --test test/simulator/machine-transaction.test.ts
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TransactionWorld } from './transactions/world.ts';

const given = process.env['ODRADEK_SIM_SEED'];
const FRESH_MS = 3000;

function run(seed: number): TransactionWorld['counts'] {
  const world = new TransactionWorld(seed);
  try {
    world.run();
  } catch (error) {
    if (given !== undefined) console.log(world.network.trace.join('\n'));
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  return world.counts;
}

test('transactions are committed or aborted as a whole, once, and all of them end', (t) => {
  const until = Date.now() + FRESH_MS;
  const first = given === undefined ? Date.now() % 1_000_000_000 : Number(given);
  let seed = first;
  const sums = { transactions: 0, committed: 0, aborted: 0, crashes: 0 };
  do {
    const counts = run(seed++);
    for (const key of Object.keys(sums) as (keyof typeof sums)[]) sums[key] += counts[key];
  } while (given === undefined && Date.now() < until);
  t.diagnostic(`seeds ${first} to ${seed - 1}: ${JSON.stringify(sums)}`);
  if (given !== undefined) return;
  const runs = seed - first;
  assert.ok(sums.committed > 2 * runs && sums.aborted > runs && sums.crashes > runs / 2, JSON.stringify(sums));
});
