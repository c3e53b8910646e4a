/** A Fetch over several shards: what it waits for, what wakes it, what it is cut to, and that it leaves nothing behind. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS } from '../../../src/protocol/errors.ts';
import { batchOf, markerOf } from '../storage/fixture.ts';
import { itemOf, Shards, TestFetch, type TestShard, TOPIC } from './shards.ts';

const SIZE = batchOf(1, 100).length;

/** The number of the partition on the shard that owns 0, and one on the next. */
async function twoPartitions(shards: Shards): Promise<void> {
  await shards.open(0);
  await shards.open(1);
}

/** Nobody waits and nothing is held. */
async function assertQuiet(shards: Shards, ...partitions: number[]): Promise<void> {
  await shards.settle();
  assert.deepEqual(shards.held, { slots: 0, chunks: 0 });
  assert.equal(shards.clock.pending, 0);
  for (const index of partitions) assert.equal(shards.owner(index).table.get(TOPIC, index)?.watches.size ?? 0, 0);
  assert.deepEqual(shards.crashes, []);
}

for (const side of ['owner', 'other'] as const) {
  test(`min.bytes counts every batch that is written in one turn (asked from ${side})`, async () => {
    const shards = new Shards();
    await shards.open(0);
    const fetch = new TestFetch(shards[side](0), [itemOf(0, 0)], { minBytes: 3 * SIZE });
    await shards.settle();
    assert.equal(fetch.take(), null);
    for (let n = 0; n < 3; n++) shards.append(shards.owner(0), 0, batchOf(1, 100));
    await shards.settle();
    assert.deepEqual(fetch.take(), [3 * SIZE]);
    await assertQuiet(shards, 0);
  });

  test(`a connection that closes takes its waiting fetch off (asked from ${side})`, async () => {
    const shards = new Shards();
    const partition = await shards.open(0);
    const fetch = new TestFetch(shards[side](0), [itemOf(0, 0)], { maxWaitMs: 0x7fffffff });
    await shards.settle();
    assert.equal(partition.watches.size, 1);
    fetch.cancel();
    assert.deepEqual(fetch.take(), [0]);
    await assertQuiet(shards, 0);
    fetch.cancel();
  });

  test(`a fetch that is cancelled while it reads leaves nothing behind (asked from ${side})`, async () => {
    const shards = new Shards();
    await shards.open(0);
    const fetch = new TestFetch(shards[side](0), [itemOf(0, 0)], { minBytes: 1000 });
    await shards.settle();
    shards.append(shards.owner(0), 0, batchOf(1, 1000));
    shards.owner(0).table.get(TOPIC, 0)?.log?.flushStaged();
    fetch.cancel();
    await shards.settle();
    assert.notEqual(fetch.take(), null);
    await assertQuiet(shards, 0);
  });

  test(`waiting ends with the time, the deletion of the topic, and the stop (asked from ${side})`, async () => {
    const shards = new Shards();
    const partition = await shards.open(0);
    const shard = shards[side](0);
    const late = new TestFetch(shard, [itemOf(0, 0)], { maxWaitMs: 500 });
    await shards.settle();
    shards.clock.advance(499);
    await shards.settle();
    assert.equal(late.take(), null);
    shards.clock.advance(1);
    await shards.settle();
    assert.deepEqual(late.take(), [0]);

    const stopped = new TestFetch(shard, [itemOf(0, 0)], { maxWaitMs: 500 });
    await shards.settle();
    shard.fetching.stop();
    assert.deepEqual(stopped.take(), [0]);
    const after = new TestFetch(shard, [itemOf(0, 0)], { maxWaitMs: 500 });
    await shards.settle();
    assert.deepEqual(after.take(), [0], 'nothing waits once it has stopped');
    await assertQuiet(shards, 0);
    assert.equal(partition.watches.size, 0);
  });
}

test('a deleted topic wakes who waits for it', async () => {
  const shards = new Shards();
  const partition = await shards.open(0);
  const fetches = [shards.owner(0), shards.other(0)].map((shard) => new TestFetch(shard, [itemOf(0, 0)]));
  await shards.settle();
  partition.detach(ERRORS.UNKNOWN_TOPIC_OR_PARTITION);
  await shards.settle();
  for (const { parts } of fetches) assert.equal(parts?.[0]?.result.errorCode, ERRORS.NOT_LEADER_OR_FOLLOWER);
  await assertQuiet(shards, 0);
});

test('bytes of several owners count together', async () => {
  const shards = new Shards();
  await twoPartitions(shards);
  const fetch = new TestFetch(shards.owner(0), [itemOf(0, 0), itemOf(1, 0)], { minBytes: 2 * SIZE });
  await shards.settle();
  shards.append(shards.owner(0), 0, batchOf(1, 100));
  await shards.settle();
  assert.equal(fetch.take(), null);
  shards.append(shards.owner(0), 1, batchOf(1, 100));
  await shards.settle();
  assert.deepEqual(fetch.take(), [SIZE, SIZE]);
  await assertQuiet(shards, 0, 1);
});

test('behind the end of a segment there is more: no waiting for min.bytes', async () => {
  const shards = new Shards();
  const partition = await shards.open(0);
  const first = batchOf(1, 100);
  shards.append(shards.owner(0), 0, first);
  await shards.settle();
  partition.log?.roll();
  for (let n = 0; n < 5; n++) shards.append(shards.owner(0), 0, batchOf(1, 100));
  await shards.settle();
  const fetch = new TestFetch(shards.other(0), [itemOf(0, 0)], { minBytes: 3 * SIZE });
  await shards.settle();
  assert.deepEqual(fetch.take(), [SIZE]);
  await assertQuiet(shards, 0);
});

test('the end of a transaction shows all that it held back', async () => {
  const shards = new Shards();
  const partition = await shards.open(0);
  const fields = { producerId: 7, producerEpoch: 0, isTransactional: true };
  const fetch = new TestFetch(shards.owner(0), [itemOf(0, 0)], { minBytes: 3 * SIZE }, 1);
  for (let n = 0; n < 4; n++) shards.append(shards.owner(0), 0, batchOf(1, 100, { ...fields, baseSequence: n }));
  await shards.settle();
  assert.equal(fetch.take(), null);
  partition.appendOwn(markerOf(7, 0, false), 1, null, () => {});
  await shards.settle();
  assert.equal(fetch.take()?.[0], 4 * SIZE + markerOf(7, 0, false).length);
  await assertQuiet(shards, 0);
});

test('KIP-74: the first slice may be larger than every limit, later ones are cut or left out', async () => {
  const shards = new Shards();
  await twoPartitions(shards);
  for (const partition of [0, 1]) {
    for (let n = 0; n < 4; n++) shards.append(shards.owner(0), partition, batchOf(1, 100));
  }
  await shards.settle();
  const read = async (maxBytes: number, ...offsets: number[]): Promise<number[] | null> => {
    const items = offsets.map((offset, partition) => itemOf(partition, offset, { maxBytes }));
    const fetch = new TestFetch(shards.owner(0), items, { maxBytes });
    await shards.settle();
    return fetch.take();
  };
  assert.deepEqual(await read(1, 0, 0), [SIZE, 0]);
  assert.deepEqual(await read(SIZE + 10, 0, 0), [SIZE + 10, 0]);
  assert.deepEqual(await read(5 * SIZE, 0, 0), [4 * SIZE, SIZE]);
  // A part of a batch alone is of no use.
  assert.deepEqual(await read(5 * SIZE - 1, 0, 0), [4 * SIZE, 0]);
  assert.deepEqual(await read(6 * SIZE - 1, 0, 0), [4 * SIZE, 2 * SIZE - 1]);
  assert.deepEqual(await read(1, 4, 0), [0, SIZE]);
  await assertQuiet(shards, 0, 1);
});

test('where all slots are taken, idle files make room; where none is idle, a read is empty until one is', async () => {
  const shards = new Shards({ shards: 1, slotsPerThread: 2 });
  const shard = shards.owner(0);
  for (let index = 0; index < 4; index++) {
    await shards.open(index);
    shards.append(shard, index, batchOf(1, 100));
  }
  await shards.settle();
  const read = async (index: number): Promise<TestFetch> => {
    const fetch = new TestFetch(shard, [itemOf(index, 0)], { maxWaitMs: 0 });
    await shards.settle();
    return fetch;
  };
  for (let index = 0; index < 4; index++) assert.deepEqual((await read(index)).take(), [SIZE]);
  const held = [await read(0), await read(1)];
  assert.deepEqual((await read(2)).take(), [0]);
  for (const fetch of held) assert.deepEqual(fetch.take(), [SIZE]);
  shards.clock.advance(1000);
  assert.deepEqual((await read(2)).take(), [SIZE]);
  await shards.settle();
  shards.clock.advance(1000);
  await assertQuiet(shards, 0, 1, 2, 3);
});

test('seeded: many fetches and appends, from both sides; each fetch is answered, and nothing is held at the end', async () => {
  for (let seed = 1; seed <= 15; seed++) {
    const shards = new Shards({ shards: 3, seed, ringBytes: 1 << 16 });
    for (let index = 0; index < 4; index++) await shards.open(index, { segmentBytes: 4000 });
    shards.disk.completion = seed % 2 === 0 ? 'in-call' : 'shuffled';
    let state = seed * 7919;
    const below = (limit: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (state >>> 8) % limit;
    };
    const waiting: TestFetch[] = [];
    const answers: { answer: { errorCode: number } | null }[] = [];
    const anyShard = (): TestShard => shards.owner(below(3));
    for (let step = 0; step < 150; step++) {
      const what = below(10);
      if (what < 4) answers.push(shards.append(anyShard(), below(4), batchOf(1 + below(3), below(300)), -below(2)));
      else if (what < 7) {
        const items = Array.from({ length: 1 + below(4) }, (_, n) => itemOf(n, 0, { maxBytes: 1 + below(2000) }));
        const limits = { maxWaitMs: below(100), minBytes: below(4000), maxBytes: 2000 };
        waiting.push(new TestFetch(anyShard(), items, limits, below(2)));
      } else if (what === 7) waiting[below(waiting.length || 1)]?.cancel();
      else if (what === 8) shards.clock.advance(below(50));
      else if (below(3) === 0) await shards.settle();
    }
    await shards.settle();
    shards.clock.advance(200);
    await shards.settle();
    shards.clock.advance(200);
    await shards.settle();
    for (const fetch of waiting) assert.notEqual(fetch.take(), null, `seed ${seed}: a fetch is never answered`);
    for (const { answer } of answers) assert.equal(answer?.errorCode, ERRORS.NONE, `seed ${seed}`);
    assert.deepEqual(shards.held, { slots: 0, chunks: 0 }, `seed ${seed}`);
    for (let index = 0; index < 4; index++) {
      assert.equal(shards.owner(index).table.get(TOPIC, index)?.watches.size, 0, `seed ${seed}`);
    }
    assert.deepEqual(shards.crashes, []);
  }
});

for (const side of ['owner', 'other'] as const) {
  test(`what the response cannot carry is not read, and a few files are opened at once (asked from ${side})`, async () => {
    const shards = new Shards({ shards: 2, slotsPerThread: 128 });
    const mine: number[] = [];
    for (let index = 0; mine.length < 60; index++) if (shards.owner(index) === shards.owner(0)) mine.push(index);
    for (const index of mine) {
      const partition = await shards.open(index);
      shards.append(shards.owner(0), index, batchOf(1, 100));
      await shards.settle();
      // Behind the ring of newest batches, in a closed file.
      partition.log?.roll();
      await shards.run(partition.log?.flush() ?? Promise.resolve());
    }
    const { descriptors } = shards.owner(0).environment;
    for (const [maxBytes, carried, opened] of [
      [5 * SIZE, 5, 5 + 16],
      [0, 1, 1 + 16],
      [1 << 20, 60, 60],
    ] as const) {
      const before = shards.owner(0).slots.uses;
      const items = mine.map((index) => itemOf(index, 0, { maxBytes: Math.min(maxBytes, SIZE) }));
      const fetch = new TestFetch(shards[side](0), items, { maxBytes, maxWaitMs: 0 });
      await shards.settle();
      const sizes = fetch.take() ?? [];
      assert.deepEqual(sizes, [...Array(carried).fill(SIZE), ...Array(60 - carried).fill(0)]);
      assert.ok(fetch.parts?.every(({ result }) => result.errorCode === ERRORS.NONE && result.highWatermark === 1));
      const offered = fetch.parts?.filter(({ result }) => result.length > 0).length ?? 0;
      assert.ok(offered <= opened, `${offered} slices for ${carried}`);
      assert.equal(shards.owner(0).slots.uses, before);
    }
    assert.ok(descriptors.openCount <= 130);
    assert.equal(shards.held.slots, 0);
    assert.deepEqual(shards.crashes, []);
  });
}
