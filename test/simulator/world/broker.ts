/**
 * One life of a simulated broker: main, control and shards as in a process, in one thread of ours, on fake ports. It begins with `start` and
 * ends by `stop` or by `die`; after that nothing of it runs any more.
 */
import { formatDirectories } from '../../../src/admin/format-directories.ts';
import { required } from '../../../src/base/assert.ts';
import type { SeededRandom } from '../../../src/base/prng.ts';
import { EndError } from '../../../src/broker/boot-error.ts';
import { ControlThread } from '../../../src/broker/control-thread.ts';
import { MainThread, type ReadyBroker } from '../../../src/broker/main-thread.ts';
import { ShardThread } from '../../../src/broker/shard-thread.ts';
import type { ThreadData } from '../../../src/broker/thread-data.ts';
import { parseBrokerConfig } from '../../../src/config/broker-config.ts';
import { loadNative } from '../../../src/host/addon.ts';
import type { MemoryDisk } from '../../../src/host/memory-disk.ts';
import type { Clock, Timer } from '../../../src/port/clock.ts';
import type { Logger } from '../../../src/port/log.ts';
import { type Native, UNSUPPORTED } from '../../../src/port/native.ts';
import type { Thread, ThreadStart } from '../../../src/port/threads.ts';
import { validateLate } from '../../../src/shard/produce-late.ts';
import { ProduceValidator } from '../../../src/shard/produce-validation.ts';
import { CONTROL, FIRST_SHARD, MAIN, type SharedBlock } from '../../../src/shard/shared-block.ts';
import { recoverPartition } from '../../../src/storage/recovery.ts';
import type { VirtualClock } from '../virtual-clock.ts';
import { VirtualDoorbells } from '../virtual-doorbell.ts';
import type { SimulatedNet } from './net.ts';

/** The addon's or the fallback's batch functions; of the system calls none. */
export const native: Native = {
  ...loadNative().native,
  dup: () => UNSUPPORTED,
  closeFd: () => UNSUPPORTED,
  sendfile: () => UNSUPPORTED,
  isCached: () => UNSUPPORTED,
  syncFileRange: () => UNSUPPORTED,
  syncfs: () => UNSUPPORTED,
  lockFile: () => UNSUPPORTED,
  unlockFile: () => UNSUPPORTED,
  releasePages: () => UNSUPPORTED,
  peek: () => UNSUPPORTED,
  pinThread: () => UNSUPPORTED,
};

const validator = new ProduceValidator(native);

export interface LifeOptions {
  readonly settings: Readonly<Record<string, string>>;
  readonly world: VirtualClock;
  readonly random: SeededRandom;
  readonly disk: MemoryDisk;
  readonly net: SimulatedNet;
  readonly descriptorLimit: number;
  /** Of a cluster that is new. */
  readonly transactionVersion: number;
  /** A bug: an exception nobody answers for, a fault, a dead or stalled thread. */
  onBug(what: string): void;
  /** The broker ends by itself, because a disk does not let it go on. */
  onEnd(reason: string): void;
  onLine(level: string, message: string, fields: string): void;
}

/** The words of the log lines that a fault makes; the broker goes on after it, a simulation does not. */
const FAULT_LINES: ReadonlySet<string> = new Set(['a request met a bug', 'A coordinator met a bug']);
const ARENA_ADDRESSES = 64 * 1024 * 1024;

export class Life {
  readonly disk: MemoryDisk;
  readonly net: SimulatedNet;
  readonly shards: ShardThread[] = [];
  control: ControlThread | null = null;
  readonly #options: LifeOptions;
  readonly #main: MainThread;
  /** What each thread runs when its turn comes, and who has been rung awake. */
  readonly #soon: (() => void)[][];
  readonly #wakes: (() => void)[] = [];
  /** What waits for a thread of the pool. */
  readonly #tasks: (() => void)[] = [];
  #bells: VirtualDoorbells | null = null;
  isAlive = true;

  constructor(options: LifeOptions) {
    this.#options = options;
    this.disk = options.disk;
    this.net = options.net;
    const input = { text: null, overrides: Object.entries(options.settings), parallelism: 2 };
    const parsed = parseBrokerConfig(input);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const { config } = parsed;
    this.#soon = Array.from({ length: FIRST_SHARD + config.shardCount }, () => []);
    this.#main = new MainThread(
      config,
      { config: input, formatIfMissing: true, version: 'simulated' },
      {
        clock: this.#clock(MAIN),
        log: this.#logger('main'),
        native,
        net: options.net,
        doorbell: (block) => this.#doorbells(block).of(MAIN),
        startThread: (start) => this.#startThread(start),
        die: (reason) => this.#bug(reason),
        arenaAddresses: ARENA_ADDRESSES,
      },
    );
  }

  get block(): SharedBlock {
    return this.#main.block;
  }

  get connectionCount(): number {
    return this.#main.connectionCount;
  }

  start(): Promise<ReadyBroker> {
    return this.#main.start().then((ready) => required(ready, 'nobody stops it meanwhile'));
  }

  stop(): Promise<void> {
    return this.#main.stop();
  }

  /** The process is no more; what the disk is then is the caller's to say. */
  die(): void {
    this.isAlive = false;
    this.net.die();
  }

  /** The events that are possible now. */
  collect(events: (() => void)[]): void {
    if (!this.isAlive) return;
    for (const [thread, queue] of this.#soon.entries()) {
      if (queue.length === 0) continue;
      events.push(() => {
        const due = required(this.#soon[thread], 'a thread');
        this.#soon[thread] = [];
        for (const run of due) if (this.isAlive) run();
      });
    }
    for (const list of [this.#wakes, this.#tasks]) {
      for (const run of list) {
        events.push(() => {
          list.splice(list.indexOf(run), 1);
          run();
        });
      }
    }
  }

  #bug(what: string): void {
    if (this.isAlive) this.#options.onBug(what);
  }

  readonly #crash = (error: unknown): void => {
    if (error instanceof EndError) {
      if (this.isAlive) this.#options.onEnd(error.message);
      return;
    }
    this.#bug(error instanceof Error ? (error.stack ?? error.message) : String(error));
  };

  #doorbells(block: SharedBlock): VirtualDoorbells {
    this.#bells ??= new VirtualDoorbells(block.threads, (wake) => void this.#wakes.push(wake));
    return this.#bells;
  }

  #clock(thread: number): Clock {
    const { world } = this.#options;
    return {
      now: () => world.now(),
      monotonic: () => world.monotonic(),
      after: (delayMs, fire): Timer =>
        world.after(delayMs, () => {
          if (this.isAlive) fire();
        }),
      soon: (run) => {
        this.#soon[thread]?.push(run);
      },
    };
  }

  #logger(thread: string): Logger {
    const line = (level: string) => (message: string, fields?: object) => {
      if (!this.isAlive) return;
      this.#options.onLine(level, `${thread}: ${message}`, fields === undefined ? '' : JSON.stringify(fields));
      if (FAULT_LINES.has(message)) this.#bug(`${message}: ${JSON.stringify(fields)}`);
    };
    const logger: Logger = {
      debug: line('debug'),
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
      child: () => logger,
    };
    return logger;
  }

  /** A task of the pool: it runs when its turn comes. */
  #inBackground<T>(task: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#tasks.push(() => {
        Promise.resolve()
          .then(task)
          .then(resolve, (error: unknown) => reject(error instanceof Error ? error : new Error(String(error))));
      });
    });
  }

  #startThread(start: ThreadStart): Thread {
    // oxlint-disable-next-line no-unsafe-type-assertion -- main gives its threads nothing else
    const data = start.data as ThreadData;
    const { random, disk, net } = this.#options;
    const common = {
      clock: this.#clock(data.self),
      random,
      log: this.#logger(start.name),
      native,
      disk,
      doorbell: this.#doorbells(data.block).of(data.self),
      crash: this.#crash,
    };
    if (data.self === CONTROL) {
      this.control = new ControlThread(data, {
        ...common,
        format: async (config) => {
          const features = [`transaction.version=${this.#options.transactionVersion}`];
          const request = { clusterId: null, ignoreFormatted: true, features };
          const result = await formatDirectories({ disk, clock: common.clock, random, native }, config, request);
          if (!result.ok) throw new Error(result.reason);
        },
      });
    } else {
      const shard = new ShardThread(data, {
        ...common,
        net,
        files: disk,
        recover: (input) =>
          this.#inBackground(() =>
            recoverPartition({ disk, native, logger: common.log }, { ...input, now: common.clock.now() }),
          ),
        validateLate: (task) => this.#inBackground(() => validateLate(validator, task, Number.POSITIVE_INFINITY)),
        descriptorLimit: this.#options.descriptorLimit,
      });
      this.shards.push(shard);
    }
    return { name: start.name, ready: Promise.resolve(), send: () => {}, stop: () => Promise.resolve() };
  }
}

/** Uses of all slots of descriptors: 0 when nothing is being sent. The layout is that of shard/slots. */
export function slotUses(block: SharedBlock): number {
  const words = new Int32Array(block.slots);
  let uses = 0;
  for (let slot = 0; slot < block.threads * block.slotsPerThread; slot++) {
    uses += (words[block.threads * 16 + slot * 4 + 1] ?? 0) & ~(1 << 30);
  }
  return uses;
}
