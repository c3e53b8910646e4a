/** Questions to several owners: answers in the order of the question, whoever is asked and however late; what each kind answers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS } from '../../../src/protocol/errors.ts';
import type { QuestionName, Questions } from '../../../src/shard/scatter.ts';
import { batchOf, T0 } from '../storage/fixture.ts';
import { itemOf, Shards, TestFetch, TOPIC } from './shards.ts';

async function ask<N extends QuestionName>(
  shards: Shards,
  name: N,
  call: Questions[N]['call'],
): Promise<Questions[N]['result'][]> {
  const all: Questions[N]['result'][][] = [];
  for (const shard of [shards.owner(0), shards.other(0)]) {
    let count = 0;
    shard.scatter.ask(name, call, (results) => {
      assert.equal(count++, 0, 'answered once');
      all.push([...results]);
    });
    await shards.settle();
  }
  assert.equal(all.length, 2);
  assert.deepEqual(all[1], all[0], 'it does not matter who asks');
  return all[0] ?? [];
}

const key = (partition: number) => ({ topicId: TOPIC, partition });

test('answers stand in the order of the question, also where owners and disks take their time', async () => {
  const shards = new Shards({ shards: 3 });
  for (let index = 0; index < 6; index++) {
    await shards.open(index);
    for (let n = 0; n < index; n++) shards.append(shards.owner(index), index, batchOf(1));
  }
  await shards.settle();
  shards.disk.completion = 'shuffled';
  const order = [5, 0, 3, 3, 1, 4, 2, 9];
  const epochs = order.map((index) => ({ ...key(index), currentLeaderEpoch: -1, leaderEpoch: 0 }));
  assert.deepEqual(
    (await ask(shards, 'epochEnd', { items: epochs })).map(({ endOffset }) => endOffset),
    [5, 0, 3, 3, 1, 4, 2, -1],
  );
  for (const [timestamp, offsets] of [
    [-1n, [5, 0, 3, 3, 1, 4, 2, -1]],
    [-2n, [0, 0, 0, 0, 0, 0, 0, -1]],
    [T0, [0, -1, 0, 0, 0, 0, 0, -1]],
    [T0 + 1n, [-1, -1, -1, -1, -1, -1, -1, -1]],
  ] as const) {
    const items = order.map((index) => ({ ...key(index), currentLeaderEpoch: -1, timestamp }));
    const results = await ask(shards, 'listOffsets', { replicaId: -1, isolationLevel: 0, items });
    assert.deepEqual(
      results.map(({ offset }) => offset),
      offsets,
      `${timestamp}`,
    );
    assert.equal(results[7]?.errorCode, ERRORS.NOT_LEADER_OR_FOLLOWER);
  }
  assert.deepEqual(await ask(shards, 'epochEnd', { items: [] }), []);
});

test('DeleteRecords moves the start: below it nothing is read, at it reading goes on', async () => {
  const shards = new Shards();
  const partition = await shards.open(0, { segmentBytes: 500, retentionMs: -1 });
  for (let n = 0; n < 10; n++) shards.append(shards.owner(0), 0, batchOf(1, 100));
  await shards.settle();
  const waiting = new TestFetch(shards.other(0), [itemOf(0, 10)]);
  const remove = (offset: number) => ask(shards, 'deleteRecords', { items: [{ ...key(0), offset }] });
  assert.deepEqual(await remove(4), [{ errorCode: ERRORS.NONE, lowWatermark: 4 }]);
  assert.deepEqual(await remove(2), [{ errorCode: ERRORS.NONE, lowWatermark: 4 }]);
  assert.deepEqual(await remove(11), [{ errorCode: ERRORS.OFFSET_OUT_OF_RANGE, lowWatermark: -1 }]);
  assert.equal(waiting.take(), null, 'who waits at the end goes on waiting');
  await shards.run(partition.log?.applyRetention(shards.clock.now()) ?? Promise.resolve(0));
  const below = new TestFetch(shards.other(0), [itemOf(0, 3)]);
  const at = new TestFetch(shards.other(0), [itemOf(0, 4)]);
  await shards.settle();
  assert.equal(below.parts?.[0]?.result.errorCode, ERRORS.OFFSET_OUT_OF_RANGE);
  assert.equal(at.parts?.[0]?.result.logStartOffset, 4);
  assert.ok((at.take()?.[0] ?? 0) > 0);
  assert.deepEqual(await remove(-1), [{ errorCode: ERRORS.NONE, lowWatermark: 10 }]);
  shards.append(shards.owner(0), 0, batchOf(1, 100));
  await shards.settle();
  assert.ok((waiting.take()?.[0] ?? 0) > 0);
  assert.deepEqual(shards.held, { slots: 0, chunks: 0 });
});
