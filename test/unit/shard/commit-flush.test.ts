/** Group commit: acknowledged after a sync that began after the append, one in flight and one gathering a directory; a failed one refuses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS } from '../../../src/protocol/errors.ts';
import { batchOf } from '../storage/fixture.ts';
import { Shards } from './shards.ts';

const syncs = (shards: Shards): number => shards.disk.counts.get('fsync') ?? 0;

test('what is acknowledged survives a power failure', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const shards = new Shards({ seed, flushesEachCommit: true });
    await shards.open(0);
    shards.disk.completion = seed % 2 === 0 ? 'in-call' : 'shuffled';
    const results = [];
    for (let n = 0; n < 30; n++) {
      results.push(
        shards.append(n % 3 === 0 ? shards.other(0) : shards.owner(0), 0, batchOf(1, 1 + ((n * seed) % 200))),
      );
      for (let turn = 0; turn < (n * seed) % 4; turn++) {
        await new Promise((resolve) => setImmediate(resolve));
        shards.clock.runSoon();
        shards.disk.runOne();
      }
    }
    const acknowledged = results.filter(({ answer }) => answer !== null);
    for (const { answer } of acknowledged) assert.equal(answer?.errorCode, ERRORS.NONE);
    const after = shards.disk.crash(seed);
    after.completion = 'in-call';
    const last = Math.max(-1, ...acknowledged.map(({ answer }) => answer?.baseOffset ?? -1));
    const bytes = last < 0 ? Buffer.alloc(0) : await after.readFile('/data/topic-0/00000000000000000000.log');
    let end = 0;
    for (let at = 0; at + 61 <= bytes.length && Number(bytes.readBigInt64BE(at)) === end; end++) {
      at += 12 + bytes.readInt32BE(at + 8);
      if (at > bytes.length) break;
    }
    assert.ok(end > last, `seed ${seed}: offset ${last} was acknowledged, ${end} is the end`);
  }
});

test('appends that come together share a flush; acks=0 waits for none', async () => {
  const shards = new Shards({ flushesEachCommit: true });
  await shards.open(0);
  shards.append(shards.owner(0), 0, batchOf(1));
  await shards.settle();
  const before = syncs(shards);
  const results = Array.from({ length: 50 }, () => shards.append(shards.owner(0), 0, batchOf(1)));
  await shards.settle();
  assert.ok(results.every(({ answer }) => answer?.errorCode === ERRORS.NONE));
  assert.ok(syncs(shards) - before <= 2, `${syncs(shards) - before} syncs`);
  shards.disk.completion = 'in-order';
  shards.disk.isSlow = () => false;
  const free = shards.append(shards.owner(0), 0, batchOf(1), 0);
  await shards.settle();
  assert.equal(free.answer?.errorCode, ERRORS.NONE);
});

test('a sync that fails refuses what waited for it, and what comes after', async () => {
  const shards = new Shards({ flushesEachCommit: true });
  await shards.open(0);
  shards.disk.inject = (operation) => (operation === 'fsync' ? 'EIO' : null);
  const first = shards.append(shards.owner(0), 0, batchOf(1));
  await shards.settle();
  const second = shards.append(shards.owner(0), 0, batchOf(1));
  await shards.settle();
  assert.equal(first.answer?.errorCode, ERRORS.KAFKA_STORAGE_ERROR);
  assert.equal(second.answer?.errorCode, ERRORS.KAFKA_STORAGE_ERROR);
  assert.equal(shards.owner(0).faults.length, 1);
});

test('flush.messages asks for a flush before the acknowledgement, and it moves the recovery point', async () => {
  const shards = new Shards();
  const partition = await shards.open(0, { flushMessages: 3 });
  for (const [records, recoveryPoint] of [
    [2, 0],
    [1, 3],
    [2, 3],
    [5, 10],
  ] as const) {
    const result = shards.append(shards.owner(0), 0, batchOf(records));
    await shards.settle();
    assert.equal(result.answer?.errorCode, ERRORS.NONE);
    assert.equal(partition.log?.recoveryPoint, recoveryPoint);
  }
});
