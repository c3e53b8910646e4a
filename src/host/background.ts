/** The background pool of a thread: what background-main can do, started with its first task. */
import { DiskFault } from '../port/disk.ts';
import type { Pool } from '../port/pool.ts';
import { createPool } from './pool.ts';

/** The tasks of background-main. What they take and give is plain; their callers and background-main know the types. */
export type BackgroundTasks = {
  /** Scans a partition's log after an unclean stop (storage/recovery). */
  readonly recoverPartition: { readonly input: unknown; readonly output: unknown };
  /** Validates a batch of a Produce request that takes too long for a shard's loop (shard/produce-late). */
  readonly validateBatch: { readonly input: unknown; readonly output: unknown };
  /** Looks a record up by time in a batch of which much comes out (storage/records). */
  readonly findRecord: { readonly input: unknown; readonly output: unknown };
  /** Decompresses a batch that a coordinator loads; bytes, or one of BATCH_ERROR. */
  readonly decompress: {
    readonly input: { readonly codec: number; readonly bytes: Uint8Array; readonly maxOutput: number };
    readonly output: Uint8Array | number;
  };
};

/** A batch of a request waits with its request, whose connection is not read meanwhile; a look-up with its log. */
const QUEUE = 100_000;

/** Of each thread that has work; together with the other shards' they share the machine's processors. */
const LIMITS = {
  recoverPartition: { atOnce: 2, queue: QUEUE },
  validateBatch: { atOnce: 2, queue: QUEUE },
  findRecord: { atOnce: 1, queue: QUEUE },
  // Each holds what it decompresses in memory.
  decompress: { atOnce: 1, queue: QUEUE },
};

let pool: Pool<BackgroundTasks> | null = null;

/** The pool; one a thread that asks. Its threads end when they have been idle. */
export function backgroundPool(): Pool<BackgroundTasks> {
  pool ??= createPool<BackgroundTasks>({ limits: LIMITS });
  return pool;
}

/** A fault of the disk in a background thread, as it crosses to the thread that asked. */
export interface FaultValue {
  readonly fault: {
    readonly code: string;
    readonly path: string;
    readonly operation: string;
    readonly message: string;
  };
}

/** Recovers a log in the pool. Rejects with a DiskFault. */
export async function recoverInPool(input: unknown): Promise<unknown> {
  const result = await backgroundPool().run('recoverPartition', input);
  if (!isFault(result)) return result;
  const { code, path, operation, message } = result.fault;
  const fault = new DiskFault(code, path, operation);
  fault.message = message;
  throw fault;
}

function isFault(value: unknown): value is FaultValue {
  return typeof value === 'object' && value !== null && 'fault' in value;
}
