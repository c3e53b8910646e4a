/** Shared descriptors: uses, retirement, generations; on one thread and with real threads that give uses back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { slotBytes, SlotTable } from '../../../src/shard/slots.ts';

function block(
  threads: number,
  slotsPerThread: number,
): { slots: SharedArrayBuffer; slotsPerThread: number; threads: number } {
  return { slots: new SharedArrayBuffer(slotBytes(threads, slotsPerThread)), slotsPerThread, threads };
}

test('a slot is closed by its owner only, when nobody uses it', () => {
  const shared = block(3, 4);
  const rung: number[] = [];
  const owner = new SlotTable(shared, 1, () => {});
  const sender = new SlotTable(shared, 2, (thread) => rung.push(thread));
  const idle: number[] = [];
  owner.onIdle = (slot) => idle.push(slot);
  const slot = owner.share(77);
  owner.use(slot, 2);
  assert.equal(sender.descriptor(slot), 77);
  assert.equal(owner.retire(slot), false);
  assert.equal(sender.descriptor(slot), 77, 'what is in use stays readable');
  sender.done(slot);
  assert.deepEqual(rung, []);
  owner.reap();
  assert.deepEqual(idle, []);
  sender.done(slot);
  assert.deepEqual(rung, [1]);
  owner.reap();
  assert.deepEqual(idle, [slot]);
  assert.equal(owner.retire(slot), true);
  assert.throws(() => sender.descriptor(slot), /of the past/);
  assert.throws(() => owner.use(slot), /of the past/);
});

test('a slot without uses goes at once, and comes back with another number', () => {
  const owner = new SlotTable(block(1, 1), 0, () => {});
  const first = owner.share(5);
  assert.equal(owner.share(6), -1, 'the table is full');
  assert.equal(owner.retire(first), true);
  const second = owner.share(6);
  assert.notEqual(second, first);
  assert.equal(owner.usesOf(second), 0);
  assert.throws(() => owner.descriptor(second), /without a use/);
  for (let n = 0; n < 10_000; n++) {
    const slot = owner.share(n);
    if (slot < 0) assert.equal(owner.retire(second), true);
    else assert.ok(slot >= 0 && slot < 2 ** 31 && owner.retire(slot));
  }
});

test("errors of the program are caught: a use after retirement, a use given back twice, another thread's slot", () => {
  const shared = block(2, 2);
  const owner = new SlotTable(shared, 0, () => {});
  const other = new SlotTable(shared, 1, () => {});
  const slot = owner.share(3);
  owner.use(slot);
  assert.throws(() => other.retire(slot), /belongs to another thread/);
  owner.retire(slot);
  assert.throws(() => owner.use(slot), /after it was retired/);
});

test('two threads give uses back while the owner gives out and retires', { timeout: 20_000 }, async () => {
  const shared = block(3, 64);
  const queue = new SharedArrayBuffer(4 * (2 + 2 * 4096));
  const rounds = 20_000;
  const module = new URL('../../../src/shard/slots.ts', import.meta.url).href;
  // Each worker takes slot numbers from its half of the queue and gives their use back.
  const source = `
    import { parentPort, workerData } from 'node:worker_threads';
    const { shared, queue, self, rounds } = workerData;
    const { SlotTable } = await import(${JSON.stringify(module)});
    const table = new SlotTable(shared, self, () => parentPort.postMessage('idle'));
    const words = new Int32Array(queue);
    const base = 2 + (self - 1) * 4096;
    for (let n = 0; n < rounds; n++) {
      while (Atomics.load(words, base + (n % 4096)) === 0) Atomics.wait(words, base + (n % 4096), 0);
      const slot = Atomics.exchange(words, base + (n % 4096), 0) - 1;
      if (table.descriptor(slot) !== 1000 + slot % 64) throw new Error('wrong descriptor');
      table.done(slot);
      Atomics.store(words, self - 1, n + 1);
    }
    parentPort.postMessage('done');`;
  const owner = new SlotTable(shared, 0, () => {});
  const words = new Int32Array(queue);
  const state: { done: number; failure: unknown } = { done: 0, failure: null };
  const workers = [1, 2].map((self) => {
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {
      workerData: { shared, queue, self, rounds },
    });
    worker.on('message', (message) => {
      if (message === 'done') state.done++;
    });
    worker.on('error', (error) => {
      state.failure = error;
    });
    return worker;
  });
  let current = -1;
  let closed = 0;
  let opened = 0;
  owner.onIdle = (slot) => {
    assert.equal(owner.retire(slot), true);
    closed++;
  };
  const open = (): void => {
    // The descriptor is known from the slot, so that the users can check it.
    const slot = owner.share(-1);
    assert.ok(slot >= 0);
    assert.equal(owner.retire(slot), true);
    const index = slot % 64;
    current = owner.share(1000 + index);
    assert.equal(current % 64, index);
    opened++;
  };
  open();
  for (let n = 0; n < rounds && state.failure === null; n++) {
    for (const half of [0, 1]) {
      const at = 2 + half * 4096 + (n % 4096);
      while (Atomics.load(words, at) !== 0) await new Promise(setImmediate);
      owner.use(current);
      Atomics.store(words, at, current + 1);
      Atomics.notify(words, at);
    }
    owner.reap();
    if (n % 7 === 0 && owner.freeSlots > 2) {
      if (owner.retire(current)) closed++;
      open();
    }
  }
  while (state.done < 2 && state.failure === null) await new Promise((resolve) => setTimeout(resolve, 5));
  await Promise.all(workers.map((worker) => worker.terminate()));
  assert.equal(state.failure, null);
  owner.reap();
  if (owner.retire(current)) closed++;
  assert.equal(closed, opened);
  assert.equal(owner.freeSlots, 64);
});
