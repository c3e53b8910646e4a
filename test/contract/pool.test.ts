/** The background pool: names, errors, limits, order, end. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createPool } from '../../src/host/pool.ts';

type Tasks = {
  readonly echo: { readonly input: unknown; readonly output: { name: string; input: unknown; elsewhere: boolean } };
  readonly fail: { readonly input: string; readonly output: never };
  readonly exit: { readonly input: null; readonly output: never };
  readonly wait: { readonly input: { words: SharedArrayBuffer; at: number }; readonly output: number };
};

const url = new URL('./pool-tasks.ts', import.meta.url);
const few = { atOnce: 2, queue: 3 };
const limits = { echo: few, fail: few, exit: few, wait: few };
const pool = createPool<Tasks>({ limits, url });
after(() => pool.close());

test('a task runs on a thread of its own and its value comes back', async () => {
  assert.deepEqual(await pool.run('echo', { a: [1, Infinity] }), {
    name: 'echo',
    input: { a: [1, Infinity] },
    elsewhere: true,
  });
});

test("the error of a task is its caller's", async () => {
  await assert.rejects(pool.run('fail', 'cheese'), { name: 'RangeError', message: 'no cheese' });
  assert.equal(pool.pending, 0);
});

test('tasks of one kind run a few at once and wait in order, beyond the queue they are refused; another kind goes on', async () => {
  const words = new SharedArrayBuffer(64);
  const cells = new Int32Array(words);
  const runs = [1, 2, 3, 4, 5].map((at) => pool.run('wait', { words, at }));
  await assert.rejects(pool.run('wait', { words, at: 6 }), /the pool is full/);
  while (Atomics.load(cells, 0) < 2) await new Promise((resolve) => setTimeout(resolve, 2));
  assert.equal(Atomics.load(cells, 0), 2);
  assert.equal((await pool.run('echo', 1)).input, 1);
  assert.equal(pool.pending, 5);
  for (const at of [1, 2, 3, 4, 5]) Atomics.store(cells, at, 1);
  assert.deepEqual(await Promise.all(runs), [1, 2, 3, 4, 5]);
});

test('a task that ends its thread rejects, and the pool goes on', async () => {
  await assert.rejects(pool.run('exit', null));
  assert.equal((await pool.run('echo', 1)).input, 1);
});

test('a closed pool ends what is under way and takes nothing more; one that never ran closes at once', async () => {
  const other = createPool<Tasks>({ limits, url });
  const running = other.run('echo', 5);
  await other.close();
  assert.equal((await running).input, 5);
  await assert.rejects(other.run('echo', 6), /the pool is closed/);
  await createPool<Tasks>({ limits, url }).close();
});
