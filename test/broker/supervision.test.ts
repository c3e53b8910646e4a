/** A thread that dies or stands still takes the process down with its reason; it is never left half alive. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MainThread } from '../../src/broker/main-thread.ts';
import { parseBrokerConfig } from '../../src/config/broker-config.ts';
import { loadNative } from '../../src/host/addon.ts';
import { systemClock } from '../../src/host/clock.ts';
import { createLogger } from '../../src/host/log.ts';
import { hostNet } from '../../src/host/net.ts';
import { startThread } from '../../src/host/threads.ts';
import { AtomicsDoorbell } from '../../src/shard/doorbell.ts';
import { MAIN } from '../../src/shard/shared-block.ts';

/** Starts a broker one thread of which ends as `how` says, and resolves to the reason that the process would end with. */
async function reasonOf(how: string, entry: 'shard' | 'control' = 'shard'): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'odradek-supervision-'));
  const input = {
    text: null,
    parallelism: 1,
    overrides: [
      ['log.dirs', directory],
      ['listeners', 'PLAINTEXT://127.0.0.1:0'],
      ['shard.count', '1'],
      ['shard.stall.timeout.ms', '1500'],
      ['test.ends.by', how],
    ] as [string, string][],
  };
  const parsed = parseBrokerConfig(input);
  assert.ok(parsed.ok);
  const { native } = loadNative();
  const { promise, resolve } = Promise.withResolvers<string>();
  const main = new MainThread(
    parsed.config,
    { config: input, formatIfMissing: true, version: 'test' },
    {
      clock: systemClock,
      log: createLogger({ level: 'error' }),
      native,
      net: hostNet(native),
      doorbell: (block) => new AtomicsDoorbell(block.doorbells, MAIN),
      startThread: (start) =>
        startThread(start, start.entry === entry ? new URL('dying-shard.ts', import.meta.url) : undefined),
      die: resolve,
    },
  );
  // It never gets ready: the thread answers nothing.
  void main.start();
  const reason = await promise;
  await main.abandon();
  rmSync(directory, { recursive: true, force: true });
  return reason;
}

test('a shard that throws: its name, the exception and where', async () => {
  const reason = await reasonOf('throwing');
  assert.match(reason, /^thread shard-0 is dead: (Error: )?the thread of the spool has torn/);
  assert.match(reason, /dying-shard\.ts/);
});

test('a shard that leaves', async () => {
  assert.match(await reasonOf('leaving'), /^thread shard-0 is dead: exit code 3/);
});

test('a shard that stands still', async () => {
  assert.match(await reasonOf('standing still'), /^thread shard-0 has stood still for \d+ ms/);
});

test('control that throws, leaves, or stands still', async () => {
  assert.match(
    await reasonOf('throwing', 'control'),
    /^thread control is dead: (Error: )?the thread of the spool has torn/,
  );
  assert.match(await reasonOf('leaving', 'control'), /^thread control is dead: exit code 3/);
  assert.match(await reasonOf('standing still', 'control'), /^thread control has stood still for \d+ ms/);
});
