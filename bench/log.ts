/** The log on the host's disk: appends of several sizes, one write a turn and one write each; look-ups in the indexes of a full segment. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bench } from 'tinybench';
import { DEFAULT_LOG_CONFIG } from '../src/config/log-config.ts';
import { systemClock } from '../src/host/clock.ts';
import { openHostDisk } from '../src/host/disk.ts';
import { systemRandom } from '../src/host/random.ts';
import type { Logger } from '../src/port/log.ts';
import { SEAL_TIMESTAMP } from '../src/port/native.ts';
import type { Append, AppendError } from '../src/storage/append.ts';
import { createDescriptors } from '../src/storage/descriptors.ts';
import { createLogEnvironment } from '../src/storage/environment.ts';
import { type Log, openLog } from '../src/storage/log.ts';
import { OffsetIndex } from '../src/storage/offset-index.ts';
import { UNVERIFIED } from '../src/storage/producer-state.ts';
import { TimeIndex } from '../src/storage/time-index.ts';
import { batchesOf, native } from './broker/batches.ts';

const KIB = 1024;
/** Entries of a segment of 1 GiB with one for each 4 KiB. */
const ENTRIES = 262_144;
const TURN = 16;

const nothing = (): void => undefined;
const logger: Logger = { debug: nothing, info: nothing, warn: nothing, error: console.error, child: () => logger };
const folder = mkdtempSync(join(tmpdir(), 'bench-log-'));
const disk = openHostDisk(native);
const environment = createLogEnvironment({
  disk,
  clock: systemClock,
  random: systemRandom,
  logger,
  native,
  descriptors: createDescriptors({ disk, clock: systemClock, limit: 100, slots: null }),
  onFailed: (_log, fault) => {
    throw fault;
  },
});

class OneAppend implements Append {
  readonly leaderEpoch = 0;
  readonly origin = 'client';
  readonly sealTimestamp = SEAL_TIMESTAMP.keep;
  readonly maxTimestamp = -1n;
  readonly verification = UNVERIFIED;
  readonly bytes: Buffer;
  baseOffset = -1;
  lastOffset = -1;
  duplicate = false;
  duplicateTimestamp = -1n;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  complete(error: AppendError | null): void {
    if (error !== null) throw new Error(error);
  }
}

async function emptyLog(partition: number): Promise<Log> {
  const directory = join(folder, `bench-${partition}`);
  mkdirSync(directory);
  return await openLog(environment, {
    directory,
    topic: 'bench',
    partition,
    // Small segments, and no more than a few of them: the disk is not what is measured.
    config: { ...DEFAULT_LOG_CONFIG, segmentBytes: 256 * KIB * KIB },
    recoveryPoint: 0,
    logStartOffset: 0,
    highWatermark: 0,
    producerIdExpirationMs: 86_400_000,
  });
}

const bench = new Bench({ time: 500 });
const sizes = [
  { name: '100-byte record', valueSize: 100, batchSize: 0 },
  { name: '16 KiB batch', valueSize: 1000, batchSize: 16 * KIB },
  { name: '64 KiB batch', valueSize: 1000, batchSize: 64 * KIB },
];
for (const [partition, { name, valueSize, batchSize }] of sizes.entries()) {
  const [batch] = batchesOf({ valueSize, batchSize, codec: 'none' });
  if (batch === undefined) throw new Error('no batch');
  // The batch must say base offset 0 each time, as a client's does.
  const bytes = (): Buffer => {
    batch.bytes.fill(0, 0, 8);
    return batch.bytes;
  };
  const log = await emptyLog(partition);
  bench.add(`append, ${name}, one write each`, () => {
    log.append(new OneAppend(bytes()));
    log.flushStaged();
  });
  if (batchSize > 0) continue;
  bench.add(`append, ${name}, ${TURN} a write`, () => {
    for (let i = 0; i < TURN; i++) log.append(new OneAppend(bytes()));
    log.flushStaged();
  });
}

const offsets = new OffsetIndex(0);
const times = new TimeIndex(0);
for (let entry = 1; entry <= ENTRIES; entry++) {
  offsets.append(entry * 4, entry * 4096);
  times.maybeAppend(1_700_000_000_000n + BigInt(entry), entry * 4);
}
let seed = 1;
const random = (): number => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) % ENTRIES;
bench.add('offset index, look-up', () => void offsets.floorPosition(random() * 4));
bench.add('time index, look-up', () => void times.floorOffset(1_700_000_000_000n + BigInt(random())));

await bench.run();
console.table(bench.table());
rmSync(folder, { recursive: true });
process.exit(0);
