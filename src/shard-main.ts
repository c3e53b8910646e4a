/** A shard thread's entry: the host's ports, and nothing else. */
import { ShardThread } from './broker/shard-thread.ts';
import type { ThreadData } from './broker/thread-data.ts';
import { loadNative } from './host/addon.ts';
import { recoveryPool } from './host/background.ts';
import { systemClock } from './host/clock.ts';
import { openHostDisk } from './host/disk.ts';
import { createLogger } from './host/log.ts';
import { hostFileReader, hostNet } from './host/net.ts';
import { systemRandom } from './host/random.ts';
import { thisThread } from './host/threads.ts';
import { AtomicsDoorbell } from './shard/doorbell.ts';

const thread = thisThread<ThreadData>();
const { data } = thread;
const { native } = loadNative();

/** An error that nobody can answer for ends the thread, and that ends the process. */
function crash(error: unknown): void {
  setImmediate(() => {
    throw error instanceof Error ? error : new Error(String(error));
  });
}

const shard = new ShardThread(data, {
  clock: systemClock,
  random: systemRandom,
  log: createLogger({ fields: { thread: thread.name } }),
  native,
  disk: openHostDisk(native),
  net: hostNet(native),
  files: hostFileReader,
  doorbell: new AtomicsDoorbell(data.block.doorbells, data.self),
  recover: (input) => recoveryPool().run('recoverPartition', input),
  crash,
  descriptorLimit: descriptorLimit(data.shardCount),
});

/** An equal share of what the process may have open, half of it left to sockets. */
function descriptorLimit(shardCount: number): number {
  const { soft } = process.report.getReport() as unknown as { soft?: number };
  return Math.max(64, Math.floor((soft ?? 4096) / 2 / shardCount));
}

interface HandedSocket {
  readonly connection: number;
  readonly listener: number;
  readonly socket: object;
}

thread.onMessage((message) => {
  // oxlint-disable-next-line no-unsafe-type-assertion -- main sends nothing else beside the rings
  const { connection, listener, socket } = message as HandedSocket;
  shard.adopt({ kind: 'socket', socket }, connection, listener);
});
thread.ready();
