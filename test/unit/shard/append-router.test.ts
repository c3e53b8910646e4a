/** Appends on their way to owners: order, loans, answers; where credit is short, where the partition is gone, where the disk is slow or fails. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS } from '../../../src/protocol/errors.ts';
import { batchOf } from '../storage/fixture.ts';
import { Shards, TOPIC } from './shards.ts';

const LARGE = 20_000;

for (const side of ['owner', 'other'] as const) {
  test(`appended by ${side}: offsets in the order of arrival, and no loan stays`, async () => {
    const shards = new Shards();
    await shards.open(0);
    const sizes = [10, LARGE, 10, 10, LARGE, LARGE, 10];
    const results = sizes.map((size) => shards.append(shards[side](0), 0, batchOf(2, size / 2)));
    await shards.settle();
    assert.deepEqual(
      results.map(({ answer }) => [answer?.errorCode, answer?.baseOffset, answer?.logAppendTimeMs]),
      sizes.map((_, n) => [ERRORS.NONE, 2 * n, -1n]),
    );
    assert.deepEqual(shards.held, { slots: 0, chunks: 0 });
  });

  test(`appended by ${side} to a slow disk: the bytes are held until they are written, not longer`, async () => {
    const shards = new Shards();
    const partition = await shards.open(0);
    shards.disk.completion = 'in-order';
    const results = [LARGE, 10, LARGE].map((size) => shards.append(shards[side](0), 0, batchOf(1, size)));
    for (let turn = 0; turn < 10; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      shards.clock.runSoon();
    }
    assert.deepEqual(
      results.map(({ answer }) => answer),
      [null, null, null],
    );
    assert.equal(shards.held.chunks, 2, 'what is small was copied');
    await shards.settle();
    assert.deepEqual(
      results.map(({ answer }) => answer?.baseOffset),
      [0, 1, 2],
    );
    assert.equal(partition.log?.endOffset, 3);
    assert.deepEqual(shards.held, { slots: 0, chunks: 0 });
  });

  test(`appended by ${side} while the disk fails or the topic goes: everything is answered, no loan stays`, async () => {
    const gone = [
      (shards: Shards) => {
        shards.disk.inject = (operation) => (operation === 'write' ? 'EIO' : null);
      },
      (shards: Shards) => {
        const [partition] = shards.owner(0).table.removeTopic(TOPIC);
        void partition?.detach(ERRORS.UNKNOWN_TOPIC_OR_PARTITION)?.delete();
      },
    ];
    for (const [kind, happen] of gone.entries()) {
      for (let before = 0; before < 4; before++) {
        const shards = new Shards();
        await shards.open(0);
        shards.disk.completion = 'in-order';
        const append = (size: number) => shards.append(shards[side](0), 0, batchOf(1, size));
        const results = [append(LARGE), append(10), append(LARGE)];
        for (let turn = 0; turn < before; turn++) {
          await new Promise((resolve) => setImmediate(resolve));
          shards.clock.runSoon();
        }
        happen(shards);
        results.push(append(10), append(LARGE));
        await shards.settle();
        for (const { answer } of results) {
          assert.ok(
            answer?.errorCode === ERRORS.KAFKA_STORAGE_ERROR || answer?.errorCode === ERRORS.NOT_LEADER_OR_FOLLOWER,
            `${kind} after ${before}: ${answer?.errorCode}`,
          );
          assert.equal(answer?.baseOffset, -1);
        }
        assert.deepEqual(shards.held, { slots: 0, chunks: 0 }, `${kind} after ${before}`);
      }
    }
  });
}

test('a partition that is nowhere is answered, the loan is given back', async () => {
  const shards = new Shards();
  for (const shard of [shards.owner(0), shards.other(0)]) {
    const result = shards.append(shard, 0, batchOf(1, LARGE));
    await shards.settle();
    assert.equal(result.answer?.errorCode, ERRORS.NOT_LEADER_OR_FOLLOWER);
  }
  assert.deepEqual(shards.held, { slots: 0, chunks: 0 });
});

test('bytes of our own for which the arena has no room are refused, and the client tries again', async () => {
  const shards = new Shards();
  await shards.open(0);
  const bytes = Buffer.alloc(5 << 20);
  let errorCode = -1;
  const entry = { topicId: TOPIC, partition: 0, bytes, isOwn: true, transaction: null };
  const lend = (): never => assert.fail('what is our own is not lent by the request');
  shards.other(0).appending.append(entry, 1, lend, (appended) => ({ errorCode } = appended));
  assert.equal(errorCode, ERRORS.NOT_LEADER_OR_FOLLOWER);
});

test('seeded: more than the rings hold, from every shard to every other; each source finds its order', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const shards = new Shards({ shards: 3, seed, ringBytes: 1 << 15, flushesEachCommit: seed % 3 === 0 });
    for (let index = 0; index < 3; index++) await shards.open(index, { segmentBytes: 50_000 });
    shards.disk.completion = seed % 2 === 0 ? 'in-call' : 'shuffled';
    let state = seed * 104_729;
    const below = (limit: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (state >>> 8) % limit;
    };
    const lines = new Map<string, { answer: { errorCode: number; baseOffset: number } | null }[]>();
    for (let step = 0; step < 900; step++) {
      const [source, partition] = [below(3), below(3)];
      const size = below(20) === 0 ? LARGE : 1 + below(100);
      const result = shards.append(shards.owner(source), partition, batchOf(1, size), [0, 1, -1][below(3)]);
      const line = lines.get(`${source}>${partition}`) ?? [];
      lines.set(`${source}>${partition}`, line);
      line.push(result);
      if (below(300) === 0) await shards.settle();
    }
    await shards.settle();
    let total = 0;
    for (const [line, results] of lines) {
      let last = -1;
      for (const { answer } of results) {
        assert.equal(answer?.errorCode, ERRORS.NONE, `seed ${seed}, ${line}`);
        assert.ok((answer?.baseOffset ?? -1) > last, `seed ${seed}, ${line}: ${answer?.baseOffset} after ${last}`);
        last = answer?.baseOffset ?? -1;
        total++;
      }
    }
    assert.equal(total, 900);
    assert.deepEqual(shards.held, { slots: 0, chunks: 0 }, `seed ${seed}`);
    assert.deepEqual(shards.crashes, []);
  }
});
