/** The entry of a background thread: one function a task, run by piscina (host/pool) by its name. */
import type { BackgroundTasks, FaultValue } from './host/background.ts';
import { loadNative } from './host/addon.ts';
import { systemClock } from './host/clock.ts';
import { openHostDisk } from './host/disk.ts';
import { createLogger } from './host/log.ts';
import type { TaskCall } from './host/pool.ts';
import { DiskFault } from './port/disk.ts';
import type { TaskFunctions } from './port/pool.ts';
import { type LateTask, validateLate } from './shard/produce-late.ts';
import { ProduceValidator } from './shard/produce-validation.ts';
import { findRecord, type RecordQuestion } from './storage/records.ts';
import { recoverPartition, type RecoveryOptions } from './storage/recovery.ts';

/** What `recoverPartition` is sent. */
export type RecoveryTask = Omit<RecoveryOptions, 'now' | 'onProgress' | 'producerIdExpirationMs'> & {
  /** producer.id.expiration.ms; Kafka's default where not given. */
  readonly producerIdExpirationMs?: number;
};

/** Kafka's default of producer.id.expiration.ms. */
const PRODUCER_ID_EXPIRATION_MS = 86_400_000;
/** How often a long recovery says how far it is, milliseconds. */
const PROGRESS_MS = 5000;

/** What may come out of one batch where the codecs keep all of it in memory (without the addon). */
const FALLBACK_OUTPUT = 256 * 1024 * 1024;

const { native, kind } = loadNative();
const validator = new ProduceValidator(native);
const disk = openHostDisk(native);
const logger = createLogger({ fields: { thread: 'background' } });

/** An error loses its class on its way to another thread: a fault of the disk is told as a value (host/background). */
async function toldFault<T>(work: Promise<T>): Promise<T | FaultValue> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof DiskFault)) throw error;
    const { code, path, operation, message } = error;
    return { fault: { code, path, operation, message } };
  }
}

const tasks: TaskFunctions<BackgroundTasks> = {
  validateBatch: (input) =>
    validateLate(validator, input as LateTask, kind === 'fallback' ? FALLBACK_OUTPUT : Number.POSITIVE_INFINITY),
  findRecord: (input) => findRecord(native, input as RecordQuestion),
  decompress: ({ codec, bytes, maxOutput }) => native.decompress(codec, bytes, 0, bytes.length, maxOutput),
  recoverPartition(input) {
    const task = input as RecoveryTask;
    let toldAt = systemClock.monotonic();
    return toldFault(
      recoverPartition(
        { disk, native, logger },
        {
          producerIdExpirationMs: PRODUCER_ID_EXPIRATION_MS,
          ...task,
          now: systemClock.now(),
          onProgress: ({ segments, segmentsDone, scannedBytes }) => {
            const now = systemClock.monotonic();
            if (now - toldAt < PROGRESS_MS) return;
            toldAt = now;
            logger.info('Recovering a log', { directory: task.directory, segmentsDone, segments, scannedBytes });
          },
        },
      ),
    );
  },
};

/** What piscina calls. */
export default function run(call: TaskCall): unknown {
  const task = (tasks as Readonly<Record<string, (input: unknown) => unknown>>)[call.name];
  if (task === undefined) throw new Error(`there is no task ${call.name}`);
  return task(call.input);
}
