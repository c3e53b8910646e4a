/** A broker in this process whose threads are not the usual ones, until it ends. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MainThread, type MainPorts } from '../../src/broker/main-thread.ts';
import { parseBrokerConfig } from '../../src/config/broker-config.ts';
import { loadNative } from '../../src/host/addon.ts';
import { systemClock } from '../../src/host/clock.ts';
import { createLogger } from '../../src/host/log.ts';
import { hostNet } from '../../src/host/net.ts';
import { AtomicsDoorbell } from '../../src/shard/doorbell.ts';
import { MAIN } from '../../src/shard/shared-block.ts';

/** Starts a broker of one shard with these threads, and resolves to the reason that the process would end with. */
export async function reasonOfEnd(
  overrides: readonly (readonly [name: string, value: string])[],
  startThread: MainPorts['startThread'],
): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'odradek-dying-'));
  const input = {
    text: null,
    parallelism: 1,
    overrides: [
      ['log.dirs', directory],
      ['listeners', 'PLAINTEXT://127.0.0.1:0'],
      ['shard.count', '1'],
      ...overrides,
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
      startThread,
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
