/** How descriptors are divided, and when the operator is told that there are few. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fewFilesWarning, logDescriptors } from '../../../src/host/limits.ts';

test('with few descriptors sockets get as many as logs', () => {
  for (const [limit, shards] of [
    [256, 1],
    [256, 2],
    [1024, 4],
    [1_000_000, 16],
  ] as const) {
    const logs = logDescriptors(limit, shards) * shards;
    const own = 24 + 8 * (shards + 2);
    const sockets = limit * 0.75 - own - logs;
    assert.ok(Math.abs(sockets - logs) <= 2 * shards, `${limit}, ${shards}: ${logs} for logs, ${sockets} for sockets`);
  }
  assert.equal(logDescriptors(64, 8), 16);
});

test('the operator is told of a low limit', () => {
  assert.match(fewFilesWarning(1024) ?? '', /only 1024 files and sockets open: raise the limit/);
  assert.equal(fewFilesWarning(4096), null);
});
