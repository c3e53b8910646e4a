/** A shard thread's entry: the host's ports, and nothing else. */
import { ShardThread } from './broker/shard-thread.ts';
import { configOf, type ThreadData } from './broker/thread-data.ts';
import { loadNative } from './host/addon.ts';
import { backgroundPool, recoverInPool } from './host/background.ts';
import { systemClock } from './host/clock.ts';
import { openHostDisk } from './host/disk.ts';
import { logDescriptors, openFilesLimit } from './host/limits.ts';
import { createLogger } from './host/log.ts';
import { hostFileReader, hostNet } from './host/net.ts';
import { bellOf } from './host/pipe-bell.ts';
import { systemRandom } from './host/random.ts';
import { thisThread } from './host/threads.ts';
import { AtomicsDoorbell } from './shard/doorbell.ts';
import type { LateResult } from './shard/produce-late.ts';
import { FIRST_SHARD } from './shard/shared-block.ts';
import type { RecordAnswer } from './storage/records.ts';

const thread = thisThread<ThreadData>();
const { data } = thread;
const { native } = loadNative();
const log = createLogger({ fields: { thread: thread.name } });

/** An error that nobody can answer for ends the thread, and that ends the process. */
function crash(error: unknown): void {
  setImmediate(() => {
    throw error instanceof Error ? error : new Error(String(error));
  });
}

const shard = new ShardThread(data, {
  clock: systemClock,
  random: systemRandom,
  log,
  native,
  disk: openHostDisk(native),
  net: hostNet(native),
  files: hostFileReader,
  doorbell: new AtomicsDoorbell(data.block.doorbells, data.self, bellOf(data.bellPipes, data.self)),
  recover: recoverInPool,
  // oxlint-disable-next-line no-unsafe-type-assertion -- background-main answers a LateTask with a LateResult
  validateLate: (task) => backgroundPool().run('validateBatch', task) as Promise<LateResult>,
  // oxlint-disable-next-line no-unsafe-type-assertion -- background-main answers a RecordQuestion with a RecordAnswer
  findLarge: (question) => backgroundPool().run('findRecord', question) as Promise<RecordAnswer>,
  async decompressLarge(codec, bytes, maxOutput) {
    const output = await backgroundPool().run('decompress', { codec, bytes, maxOutput });
    return typeof output === 'number' ? output : Buffer.from(output.buffer, output.byteOffset, output.byteLength);
  },
  crash,
  descriptorLimit: logDescriptors(openFilesLimit(), data.shardCount),
});

pin(configOf(data).shardCpuAffinity);

/** Keeps the thread on its processor (shard.cpu.affinity), round and round where there are more shards than processors. */
function pin(cpus: readonly number[]): void {
  const cpu = cpus[(data.self - FIRST_SHARD) % cpus.length];
  if (cpu === undefined) return;
  const result = native.pinThread(cpu);
  if (result < 0) log.warn('The thread could not be pinned to its processor', { cpu, errno: -result });
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
