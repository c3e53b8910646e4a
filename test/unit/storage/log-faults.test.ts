/**
 * Every file operation fails once, at every place where it happens: the log is told offline or the caller is told no, nothing hangs, and what
 * was acknowledged before is found again.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batchesOf } from '../../../src/protocol/batch.ts';
import type { Log } from '../../../src/storage/log.ts';
import { recoverPartition } from '../../../src/storage/recovery.ts';
import { DIRECTORY, T0, TestAppend, batchOf, native, newWorld, openTestLog, silent, worldOn } from './fixture.ts';
import type { World } from './fixture.ts';

const CONFIG = { segmentBytes: 2000, indexIntervalBytes: 100, retentionBytes: 5000, fileDeleteDelayMs: 10 };

/** Appends, rolls, reads, flushes, deletes, closes, opens again. Resolves to the end offset that was acknowledged. */
async function scenario(world: World, onAcknowledged: (endOffset: number) => void): Promise<void> {
  let log: Log = await openTestLog(world, CONFIG);
  for (let round = 0; round < 2; round++) {
    for (let index = 0; index < 12; index++) {
      const large = index % 6 === 5;
      log.append(
        new TestAppend(batchOf(3, large ? 500 : 30, {}, T0 + BigInt(index)), {
          leaderEpoch: round,
          onComplete: (done) => {
            if (done.error === null) onAcknowledged(done.lastOffset + 1);
          },
        }),
      );
      if (index % 3 === 0) log.flushStaged();
    }
    await log.written();
    await log.sync();
    const read = await log.read(log.startOffset, 3000, log.endOffset);
    if (read.error === 'kafka-storage-error') throw log.failed ?? new Error('a failed log says why');
    await log.offsetForTimestamp(T0 + 5n);
    log.setHighWatermark(log.endOffset);
    await log.flush();
    await log.applyRetention(Number(T0));
    await log.flush();
    world.clock.advance(20);
    await log.close();
    log = await openTestLog(world, CONFIG, { recoveryPoint: log.endOffset, highWatermark: log.endOffset });
  }
  await log.close();
}

/** The outcome with operation number `fail` failing; null where there are fewer operations. */
async function run(fail: number): Promise<{ operation: string; path: string } | null> {
  const world = await newWorld(fail + 1);
  let count = 0;
  let failed: { operation: string; path: string } | null = null;
  world.memory.inject = (operation, path) => {
    if (operation === 'writeBack' || count++ !== fail) return null;
    failed = { operation, path };
    return 'EIO';
  };
  let acknowledged = 0;
  let fault: unknown = null;
  try {
    await scenario(world, (endOffset) => {
      acknowledged = Math.max(acknowledged, endOffset);
    });
  } catch (error) {
    fault = error;
  }
  if (failed === null) {
    assert.equal(fault, null);
    return null;
  }
  const { operation, path } = failed as { operation: string; path: string };
  if (fault !== null) assert.equal((fault as { code?: string }).code, 'EIO');
  else assert.ok(operation === 'unlink' || operation === 'close', `${operation} of ${path} failed and nobody was told`);
  await new Promise<void>((resolve) => setImmediate(resolve));

  const memory = world.memory.kill();
  const recovered = await recoverPartition(
    { disk: memory, native, logger: silent },
    {
      directory: DIRECTORY,
      recoveryPoint: 0,
      logStartOffset: 0,
      config: CONFIG,
      producerIdExpirationMs: Infinity,
      now: 0,
    },
  );
  assert.ok(recovered.endOffset >= acknowledged, `${operation} ${path}: ${recovered.endOffset} of ${acknowledged}`);
  const log = await openTestLog(worldOn(memory), CONFIG);
  let next = log.startOffset;
  while (next < log.endOffset) {
    const read = await log.read(next, 1000, log.endOffset);
    assert.equal(read.error, null);
    if (read.error !== null) break;
    for (const header of batchesOf(read.bytes)) {
      assert.ok(header.baseOffset <= next && header.lastOffset >= next);
      next = header.lastOffset + 1;
    }
  }
  return { operation, path };
}

test('each file operation may fail', async () => {
  const operations = new Set<string>();
  let failing = 0;
  for (; failing < 2000; failing++) {
    const outcome = await run(failing);
    if (outcome === null) break;
    operations.add(outcome.operation);
  }
  assert.ok(failing > 100 && failing < 2000, `${failing} operations`);
  const expected = ['fsync', 'list', 'open', 'read', 'rename', 'replace', 'stat', 'unlink', 'write'];
  assert.deepEqual([...operations].filter((name) => name !== 'close' && name !== 'truncate').toSorted(), expected);
});
