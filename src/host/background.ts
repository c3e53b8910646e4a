/** The background pool of a thread: what background-main can do, started with its first task. */
import type { Pool } from '../port/pool.ts';
import { createPool } from './pool.ts';

/** The tasks of background-main. What they take and give is plain; their callers and background-main know the types. */
export type BackgroundTasks = {
  /** Scans a partition's log after an unclean stop (storage/recovery). */
  readonly recoverPartition: { readonly input: unknown; readonly output: unknown };
  /** Validates a batch of a Produce request that takes too long for a shard's loop (shard/produce-late). */
  readonly validateBatch: { readonly input: unknown; readonly output: unknown };
  /** Decompresses records for a look-up by time; bytes, or one of BATCH_ERROR. */
  readonly decompress: {
    readonly input: { readonly codec: number; readonly bytes: Uint8Array; readonly maxOutput: number };
    readonly output: Uint8Array | number;
  };
};

/** Threads for each thread that has work; together with the other shards' they share the machine's processors. */
const THREADS = 2;
/** A shard may own thousands of partitions that all want recovery at the start. */
const QUEUE = 1_000_000;

let pool: Pool<BackgroundTasks> | null = null;

/** The pool; one a thread that asks. Its threads end when they have been idle. */
export function backgroundPool(): Pool<BackgroundTasks> {
  pool ??= createPool<BackgroundTasks>({ threads: THREADS, queue: QUEUE });
  return pool;
}
