/** Watches: once, of all their partitions, and gone then; on this thread and from others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Watch, WatchTable } from '../../../src/shard/watch.ts';
import { batchOf } from '../storage/fixture.ts';
import { Shards, TOPIC } from './shards.ts';

test('a watch fires once, when enough has come to its partitions together, and leaves them', () => {
  const places = [new Set<Watch>(), new Set<Watch>()];
  let fired = 0;
  const watch = new Watch(100, false, () => fired++);
  for (const place of places) watch.sit(place);
  for (const [bytes, expected] of [
    [40, 0],
    [59, 0],
    [1, 1],
    [500, 1],
  ] as const) {
    watch.grow(bytes);
    assert.equal(fired, expected);
  }
  watch.fire();
  assert.equal(fired, 1);
  assert.deepEqual(
    places.map(({ size }) => size),
    [0, 0],
  );
  watch.sit(places[0] as Set<Watch>);
  assert.equal(places[0]?.size, 0, 'what has fired sits nowhere');
});

test('a watch that was taken off tells nobody; a table forgets what fired', () => {
  const place = new Set<Watch>();
  const table = new WatchTable();
  const watch = new Watch(1, true, () => assert.fail('it was taken off'));
  watch.sit(place);
  table.add(3, 7, watch);
  table.cancel(2, 7);
  assert.equal(table.size, 1, 'numbers are the thread’s own');
  table.cancel(3, 7);
  table.cancel(3, 7);
  watch.fire();
  assert.deepEqual([table.size, place.size], [0, 0]);
  const fired = new Watch(1, true, () => {});
  fired.fire();
  table.add(3, 8, fired);
  assert.equal(table.size, 0);
});

test('what has moved since it was read fires at once; a partition that is gone too', async () => {
  const shards = new Shards();
  const partition = await shards.open(0);
  shards.append(shards.owner(0), 0, batchOf(1));
  await shards.settle();
  const seen = (highWatermark: number, index = 0) => ({
    isolationLevel: 0,
    missingBytes: 1000,
    items: [{ topicId: TOPIC, partition: index, highWatermark, lastStableOffset: highWatermark }],
  });
  for (const shard of [shards.owner(0), shards.other(0)]) {
    for (const [call, expected] of [
      [seen(0), 1],
      [seen(1), 0],
      [seen(0, 2), 1],
    ] as const) {
      let woken = 0;
      const off = shard.watchers.watch(shards.owner(0).self, call, () => woken++);
      await shards.settle();
      assert.equal(woken, expected);
      assert.equal(partition.watches.size, 1 - expected);
      off();
      off();
      await shards.settle();
      assert.equal(partition.watches.size, 0);
    }
  }
});

test('watches beyond what the ring holds wait their turn, and are taken off before and after it has come', async () => {
  const shards = new Shards({ ringBytes: 1 << 14 });
  const partition = await shards.open(0);
  const call = {
    isolationLevel: 0,
    missingBytes: 1,
    items: Array.from({ length: 20 }, () => ({ topicId: TOPIC, partition: 0, highWatermark: 0, lastStableOffset: 0 })),
  };
  const shard = shards.other(0);
  const woken = new Set<number>();
  const offs = Array.from({ length: 500 }, (_, n) =>
    shard.watchers.watch(shards.owner(0).self, call, () => {
      assert.ok(!woken.has(n), 'once');
      woken.add(n);
    }),
  );
  for (let n = 0; n < 500; n += 3) offs[n]?.();
  await shards.settle();
  for (let n = 1; n < 500; n += 3) offs[n]?.();
  await shards.settle();
  assert.equal(partition.watches.size, 166);
  shards.append(shards.owner(0), 0, batchOf(1));
  await shards.settle();
  assert.deepEqual([partition.watches.size, woken.size], [0, 166]);
  for (const n of woken) assert.equal(n % 3, 2);
  assert.deepEqual(shards.held, { slots: 0, chunks: 0 });
});
