/** The background pool: piscina, started with its first task, its threads ended when they have been idle. */
import type { Piscina } from 'piscina';
import type { Pool, TaskTable } from '../port/pool.ts';
import { entryUrl } from './threads.ts';

export interface PoolOptions {
  /** The most tasks at once. */
  readonly threads: number;
  /** The most tasks that wait; one more is refused with an error. */
  readonly queue: number;
  /** The file of the tasks, for tests. */
  readonly url?: URL;
}

/** How long a thread without work is kept, milliseconds. */
const IDLE_MS = 10_000;

/** What a pool's thread is sent: background-main runs the function of that name. */
export interface TaskCall {
  readonly name: string;
  readonly input: unknown;
}

/** A pool for the thread that creates it. No thread runs before the first task. */
export function createPool<Tasks extends TaskTable>(options: PoolOptions): Pool<Tasks> {
  let piscina: Promise<Piscina> | null = null;
  let closed = false;
  /** Tasks that run or wait. */
  const under = new Set<Promise<unknown>>();
  const start = async (): Promise<Piscina> => {
    const { Piscina } = await import('piscina');
    return new Piscina({
      filename: (options.url ?? entryUrl('background')).href,
      minThreads: 0,
      maxThreads: options.threads,
      idleTimeout: IDLE_MS,
      // The queue is bounded by `run` below, with words of our own.
      maxQueue: Infinity,
      // A pool's thread that waits asleep in Atomics.wait would not see the end of its thread.
      atomics: 'disabled',
      recordTiming: false,
    });
  };
  return {
    get pending() {
      return under.size;
    },
    async run(name, input) {
      if (closed) throw new Error(`the pool is closed: ${name} does not run`);
      if (under.size >= options.threads + options.queue) throw new Error(`the pool is full: ${name} does not run`);
      const call: TaskCall = { name, input };
      const running = (piscina ??= start()).then((pool): Promise<unknown> => pool.run(call));
      under.add(running);
      try {
        return await running;
      } finally {
        under.delete(running);
      }
    },
    async close() {
      closed = true;
      // Piscina's own close ends threads that have only just been given a task.
      await Promise.allSettled(under);
      if (piscina !== null) await (await piscina).close();
    },
  };
}
