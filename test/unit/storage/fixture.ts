/** What the tests of the log share: an environment over a memory disk with virtual time, batches, appends, reads. */
import { loadNative } from '../../../src/host/addon.ts';
import { MemoryDisk } from '../../../src/host/memory-disk.ts';
import { DEFAULT_LOG_CONFIG } from '../../../src/config/log-config.ts';
import type { LogConfig } from '../../../src/config/log-config.ts';
import type { Disk, DiskFault } from '../../../src/port/disk.ts';
import type { Logger } from '../../../src/port/log.ts';
import type { Native } from '../../../src/port/native.ts';
import { SEAL_TIMESTAMP } from '../../../src/port/native.ts';
import { BatchBuilder } from '../../../src/protocol/batch-builder.ts';
import type { BatchFields } from '../../../src/protocol/batch-builder.ts';
import type { Append, AppendError, SealTimestamp } from '../../../src/storage/append.ts';
import { createDescriptors } from '../../../src/storage/descriptors.ts';
import type { SlotHooks } from '../../../src/storage/descriptors.ts';
import { createLogEnvironment } from '../../../src/storage/environment.ts';
import type { LogEnvironment } from '../../../src/storage/environment.ts';
import { openLog } from '../../../src/storage/log.ts';
import type { Log } from '../../../src/storage/log.ts';
import type { OpenOptions } from '../../../src/storage/load.ts';
import { UNVERIFIED } from '../../../src/storage/producer-state.ts';
import type { AppendOrigin, Verification } from '../../../src/storage/producer-state.ts';
import type { Located, ReadRequest } from '../../../src/storage/reader.ts';
import { VirtualClock } from '../../simulator/virtual-clock.ts';

export const native: Native = loadNative().native;

export const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent,
};

export const DIRECTORY = '/data/topic-0';
export const T0 = 1_700_000_000_000n;

export interface World {
  readonly disk: Disk;
  readonly memory: MemoryDisk;
  readonly clock: VirtualClock;
  readonly env: LogEnvironment;
  readonly faults: DiskFault[];
}

export function worldOn(
  memory: MemoryDisk,
  options: { clock?: VirtualClock; limit?: number; slots?: SlotHooks; disk?: Disk } = {},
): World {
  const clock = options.clock ?? new VirtualClock();
  const disk = options.disk ?? memory;
  const faults: DiskFault[] = [];
  const descriptors = createDescriptors({ disk, clock, limit: options.limit ?? 100, slots: options.slots ?? null });
  let drawn = 0;
  const env = createLogEnvironment({
    disk,
    clock,
    random: { bytes: (size) => Buffer.alloc(size, ++drawn), below: (limit) => ++drawn % limit },
    logger: silent,
    native,
    descriptors,
    onFailed: (_log, fault) => faults.push(fault),
  });
  return { disk, memory, clock, env, faults };
}

export async function newWorld(seed = 1): Promise<World> {
  const memory = new MemoryDisk({ seed });
  await memory.makeDirectory(DIRECTORY);
  await memory.syncDirectory('/data');
  return worldOn(memory);
}

export function openTestLog(
  world: World,
  config: Partial<LogConfig> = {},
  options: Partial<OpenOptions> = {},
): Promise<Log> {
  return openLog(world.env, {
    directory: DIRECTORY,
    topic: 'topic',
    partition: 0,
    config: { ...DEFAULT_LOG_CONFIG, ...config },
    recoveryPoint: 0,
    logStartOffset: 0,
    highWatermark: 0,
    producerIdExpirationMs: 86_400_000,
    ...options,
  });
}

export function crc32c(bytes: Buffer): number {
  return native.crc32c(bytes, 0, bytes.length, 0);
}

/** A batch of `count` records with values of `size` bytes, the first at `timestamp` and one millisecond apart. */
export function batchOf(count: number, size = 10, fields: Partial<BatchFields> = {}, timestamp = T0): Buffer {
  const builder = new BatchBuilder({ baseOffset: 0, ...fields });
  for (let index = 0; index < count; index++) {
    const value = Buffer.alloc(size, index & 0xff);
    builder.append({ timestamp: timestamp + BigInt(index), key: null, value });
  }
  return Buffer.from(builder.build(crc32c));
}

/** A transaction marker. */
export function markerOf(producerId: number, producerEpoch: number, abort: boolean, coordinatorEpoch = 0): Buffer {
  const builder = new BatchBuilder({
    baseOffset: 0,
    producerId,
    producerEpoch,
    isControl: true,
    isTransactional: true,
  });
  const key = Buffer.from([0, 0, 0, abort ? 0 : 1]);
  const value = Buffer.alloc(6);
  value.writeInt32BE(coordinatorEpoch, 2);
  builder.append({ timestamp: T0, key, value });
  return Buffer.from(builder.build(crc32c));
}

export class TestAppend implements Append {
  readonly bytes: Buffer;
  leaderEpoch = 0;
  origin: AppendOrigin = 'client';
  sealTimestamp: SealTimestamp = SEAL_TIMESTAMP.keep;
  maxTimestamp = 0n;
  verification: Verification = UNVERIFIED;
  baseOffset = -1;
  lastOffset = -1;
  duplicate = false;
  duplicateTimestamp = -1n;
  error: AppendError | null | undefined = undefined;
  onComplete: (append: TestAppend) => void = () => undefined;

  constructor(bytes: Buffer, fields: Partial<TestAppend> = {}) {
    this.bytes = bytes;
    Object.assign(this, fields);
  }

  complete(error: AppendError | null): void {
    if (this.error !== undefined) throw new Error('completed twice');
    this.error = error;
    this.onComplete(this);
  }
}

/** Appends and writes at once. On a memory disk that completes in the call the result is there. */
export function append(log: Log, bytes: Buffer, fields: Partial<TestAppend> = {}): TestAppend {
  const request = new TestAppend(bytes, fields);
  log.append(request);
  log.flushStaged();
  return request;
}

export function locate(log: Log, request: Omit<ReadRequest, 'complete'>): Promise<Located> {
  return new Promise((resolve) => {
    log.locate({ ...request, complete: resolve });
  });
}
