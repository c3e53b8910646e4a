/**
 * Acknowledges appends after they are on the medium (`shard.flush.policy=commit`, which Kafka lacks, and wherever flush.messages or flush.ms
 * ask for it): group commit for each log directory.
 *
 *   append applied ─▶ gathering ──(nothing in flight)──▶ in flight: one fdatasync a dirty log ─▶ all of them acknowledged
 *                        ▲  those that come meanwhile gather for the next one
 *
 * Lives on a shard's thread; one a shard.
 */
import type { Clock } from '../port/clock.ts';
import { DiskFault } from '../port/disk.ts';
import type { Log } from '../storage/log.ts';

/** Told whether the flush that it waited for succeeded. */
export type Flushed = (isSafe: boolean) => void;

interface Group {
  readonly logs: Set<Log>;
  readonly waiting: { readonly log: Log; readonly flushed: Flushed }[];
}

class DirectoryFlush {
  #gathering: Group = { logs: new Set(), waiting: [] };
  #isFlushing = false;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(log: Log, flushed: Flushed): void {
    this.#gathering.logs.add(log);
    this.#gathering.waiting.push({ log, flushed });
    if (!this.#isFlushing) {
      this.#isFlushing = true;
      queueMicrotask(() => void this.#run());
    }
  }

  async #run(): Promise<void> {
    while (this.#gathering.waiting.length > 0) {
      const { logs, waiting } = this.#gathering;
      this.#gathering = { logs: new Set(), waiting: [] };
      const failed = new Set<Log>();
      // A log whose sync fails has gone offline by itself; its appends are refused.
      const now = this.#clock.now();
      const tried = [...logs].map((log) =>
        flushed(log, now).catch((error: unknown) => {
          if (!(error instanceof DiskFault)) throw error;
          failed.add(log);
        }),
      );
      await Promise.all(tried);
      for (const { log, flushed: tell } of waiting) tell(!failed.has(log));
    }
    this.#isFlushing = false;
  }
}

/** The flush that the settings ask for moves the recovery point too; otherwise the bytes are enough. */
async function flushed(log: Log, now: number): Promise<void> {
  if (log.flushDue(now)) await log.flush();
  else await log.sync();
}

export class CommitFlush {
  readonly #directories = new Map<string, DirectoryFlush>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `flushed` once what the log has applied so far is safe. */
  add(log: Log, flushed: Flushed): void {
    const directory = log.directory.slice(0, log.directory.lastIndexOf('/'));
    let flush = this.#directories.get(directory);
    if (!flush) this.#directories.set(directory, (flush = new DirectoryFlush(this.#clock)));
    flush.add(log, flushed);
  }
}
