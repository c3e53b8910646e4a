/** Real threads, small rings: order, no loss, wrap-around, full rings, sleeping peers, exhausted credit, metadata that moves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startThread } from '../../../src/host/threads.ts';
import type { Thread, ThreadEnd } from '../../../src/port/threads.ts';
import { CONTROL, createSharedBlock } from '../../../src/shard/shared-block.ts';
import type { StressData, StressReport } from './stress-table.ts';

const MESSAGES = 6000;
const THREADS = 4;

test('threads talk to each other at random and everything adds up', { timeout: 120_000 }, async () => {
  const block = createSharedBlock({
    threads: 1 + THREADS,
    ringBytes: 16 * 1024,
    arenaBytes: 64 * 1024,
    slotsPerThread: 4,
    arenaAddresses: 64 * 1024 * 1024,
  });
  const seed = Math.floor(Math.random() * 2 ** 31);
  const reports: StressReport[] = [];
  const ends: ThreadEnd[] = [];
  const threads: Thread[] = [];
  const failed = Promise.withResolvers<never>();
  const finished = new Promise<void>((resolve) => {
    for (let self = CONTROL; self < CONTROL + THREADS; self++) {
      const data: StressData = { block, self, seed, messages: MESSAGES };
      const start = {
        entry: 'shard' as const,
        name: `stress-${self}`,
        data,
        received: (report: unknown) => reports.push(report as StressReport),
        ended: (end: ThreadEnd) => {
          if (end.kind !== 'stopped') failed.reject(new Error(`seed ${seed}: ${JSON.stringify(end)}`));
          if (ends.push(end) === THREADS) resolve();
        },
      };
      threads.push(startThread(start, new URL('./stress-worker.ts', import.meta.url)));
    }
  });
  try {
    await Promise.race([Promise.all(threads.map(({ ready }) => ready)), failed.promise]);
    for (const thread of threads) thread.send('finish');
    await Promise.race([finished, failed.promise]);
  } finally {
    await Promise.all(threads.map((thread) => thread.stop()));
  }
  assert.equal(reports.length, THREADS);
  for (const report of reports) {
    assert.deepEqual(
      { ...report, refused: 0, held: 0, wakeUps: 0 },
      {
        self: report.self,
        chargedBytes: 0,
        callsInFlight: 0,
        waiting: 0,
        refused: 0,
        held: 0,
        wakeUps: 0,
        received: MESSAGES * (THREADS - 1),
        metadataOffset: 300,
      },
      `seed ${seed}`,
    );
    assert.ok(report.refused > 0, 'rings or credit were exhausted');
    assert.ok(report.wakeUps > 0, 'threads slept');
  }
  assert.ok(
    reports.some(({ held }) => held > 0),
    'messages waited for metadata',
  );
});
