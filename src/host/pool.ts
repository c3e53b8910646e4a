/**
 * The background pool: piscina, started with its first task, its threads ended when they have been idle.
 *
 *   recover  ▸▸▸▸▸▸ │ ■ ■ │      each kind of task has a line of its own and its share of the threads: however many tasks of
 *   validate ▸      │ ■   │      one kind wait, and however long they take, those of another find a thread
 */
import type { Piscina } from 'piscina';
import type { Pool, TaskTable } from '../port/pool.ts';
import { entryUrl } from './threads.ts';

/** Of one kind of task. */
export interface TaskLimit {
  /** The most that run at once. */
  readonly atOnce: number;
  /** The most that wait; one more is refused with an error. */
  readonly queue: number;
}

export interface PoolOptions<Tasks extends TaskTable> {
  readonly limits: Readonly<Record<keyof Tasks & string, TaskLimit>>;
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

/** Tasks of one kind: those that run, and the line of those that wait. */
class TaskLine {
  readonly #limit: TaskLimit;
  #running = 0;
  readonly #waiting = new Set<() => void>();

  constructor(limit: TaskLimit) {
    this.#limit = limit;
  }

  get isFull(): boolean {
    return this.#running >= this.#limit.atOnce && this.#waiting.size >= this.#limit.queue;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#limit.atOnce) this.#running++;
    else await new Promise<void>((resolve) => this.#waiting.add(resolve));
    try {
      return await work();
    } finally {
      // Who waits takes the place over.
      const [next] = this.#waiting;
      if (next === undefined) this.#running--;
      else {
        this.#waiting.delete(next);
        next();
      }
    }
  }
}

/** A pool for the thread that creates it. No thread runs before the first task. */
export function createPool<Tasks extends TaskTable>(options: PoolOptions<Tasks>): Pool<Tasks> {
  const limits = Object.entries<TaskLimit>(options.limits);
  const lines = new Map(limits.map(([name, limit]) => [name, new TaskLine(limit)]));
  let piscina: Promise<Piscina> | null = null;
  let closed = false;
  /** Tasks that run or wait. */
  const under = new Set<Promise<unknown>>();
  const start = async (): Promise<Piscina> => {
    const { Piscina } = await import('piscina');
    return new Piscina({
      filename: (options.url ?? entryUrl('background')).href,
      minThreads: 0,
      // Started one by one, when all that are there have work.
      maxThreads: limits.reduce((sum, [, { atOnce }]) => sum + atOnce, 0),
      idleTimeout: IDLE_MS,
      // The queues are bounded by `run` below, with words of our own.
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
      const line = lines.get(name);
      if (line === undefined || line.isFull) throw new Error(`the pool is full: ${name} does not run`);
      const call: TaskCall = { name, input };
      const running = line.run(async (): Promise<unknown> => (await (piscina ??= start())).run(call));
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
