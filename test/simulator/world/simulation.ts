/**
 * A whole broker with clients and misfortunes, from one seed: what happens next is drawn, again and again, until the end, when
 * everything must have come right.
 *
 *   plan ─▶ life ─▶ steps: a thread's turn, a doorbell, a file operation, a fragment of bytes, or time ─▶ invariants
 *            ▲                │ kill · power failure · clean stop · failing or slow directory
 *            └────────────────┘
 *   end: no more faults ─▶ producers done ─▶ idle: accounts at zero ─▶ transactions over ─▶ everything read ─▶ clean stop, power failure, read again
 */
import { setImmediate } from 'node:timers/promises';
import { required } from '../../../src/base/assert.ts';
import { SeededRandom } from '../../../src/base/prng.ts';
import { BootError } from '../../../src/broker/boot-error.ts';
import type { ReadyBroker } from '../../../src/broker/main-thread.ts';
import { MemoryDisk } from '../../../src/host/memory-disk.ts';
import { contentOf } from '../../unit/machine/image/random-records.ts';
import { VirtualClock } from '../virtual-clock.ts';
import { oneOf, type World } from './actor.ts';
import { Auditor, type Extent } from './auditor.ts';
import { Life, native, slotUses } from './broker.ts';
import { type Cast, castOf } from './cast.ts';
import { History, Violation } from './history.ts';
import { type ClientEnd, type Connection, SimulatedNet } from './net.ts';
import { type Plan, planOf } from './plan.ts';
import { settleTransactions } from './settling.ts';

export interface SimulationOptions {
  readonly seed: number;
  /** How many steps the clients work before the end is prepared. */
  readonly steps?: number;
  /** Told of every line of the broker's log and of every misfortune. */
  readonly tell?: (line: string) => void;
}

export interface Outcome {
  readonly seed: number;
  readonly steps: number;
  readonly lives: number;
  /** A checksum of all that happened: of the choices, and of the bytes at the broker's sockets. */
  readonly digest: number;
  readonly counts: ReadonlyMap<string, number>;
  readonly plan: Plan;
}

/** The broker has ended by itself while somebody waited for it. */
class Ended extends Error {}

/** No run needs as many: whoever goes on for so long waits for something that never comes. */
const PATIENCE_STEPS = 150_000;
const SLOW_MS = 200;

export class Simulation implements World {
  readonly seed: number;
  readonly random: SeededRandom;
  readonly clock = new VirtualClock();
  readonly history = new History();
  readonly plan: Plan;
  readonly #tell: (line: string) => void;
  readonly #busySteps: number;
  readonly #counts = new Map<string, number>();
  #cast: Cast = { actors: [], ends: [] };
  /** The image's content after each offset of the metadata log, of this life. */
  readonly #images = new Map<number, string>();
  readonly #seenImages: number[] = [];
  #nets: SimulatedNet[] = [];
  #disk: MemoryDisk;
  #life: Life | null = null;
  #isOpen = false;
  #steps = 0;
  #lives = 0;
  #digest = 0;
  #bug: string | null = null;
  #slow: string | null = null;
  #slowUntil = 0;
  isBusy = false;
  isFaulty = false;
  metadataFails = false;
  losses = 0;
  /** Why the broker has ended by itself. */
  #ended: string | null = null;

  constructor(options: SimulationOptions) {
    this.seed = options.seed;
    this.random = new SeededRandom(options.seed);
    this.plan = planOf(this.random);
    this.#busySteps = options.steps ?? 1500 + this.random.below(6000);
    this.#tell = options.tell ?? (() => {});
    const { completion, coldReads } = this.plan;
    this.#disk = this.#furnish(
      new MemoryDisk({ seed: options.seed + 1, completion, coldReads, now: () => this.clock.now() }),
    );
  }

  get idsExpire(): boolean {
    return this.plan.idsExpire;
  }

  get life(): number {
    return this.#lives;
  }

  tell(line: string): void {
    this.#tell(`${this.#steps} ${this.clock.monotonic()} ${line}`);
  }

  count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  connect(client: ClientEnd): Connection | null {
    return this.#isOpen ? (this.#life?.net.connect(client) ?? null) : null;
  }

  // ---- steps

  #record(what: number, bytes?: Buffer): void {
    const head = Buffer.alloc(8);
    head.writeInt32LE(what, 0);
    head.writeInt32LE(bytes === undefined ? 0 : native.crc32c(bytes, 0, bytes.length, 0) | 0, 4);
    this.#digest = native.crc32c(head, 0, 8, this.#digest);
  }

  readonly #mayRun = (path: string): boolean =>
    this.#slow === null || !path.startsWith(this.#slow) || this.clock.monotonic() >= this.#slowUntil;

  #furnish(disk: MemoryDisk): MemoryDisk {
    disk.isSlow = (path) => this.#slow !== null && path.startsWith(this.#slow);
    return disk;
  }

  #runDisk(): void {
    this.#disk.runOne(this.#mayRun);
    if (this.#slow !== null && this.clock.monotonic() >= this.#slowUntil) {
      this.#slowUntil = this.clock.monotonic() + this.random.below(SLOW_MS);
    }
  }

  async #step(): Promise<void> {
    this.#steps++;
    const events: (() => void)[] = [];
    this.#life?.collect(events);
    for (const net of this.#nets) net.collect(events);
    if (this.#disk.hasWaiting(this.#mayRun)) events.push(() => this.#runDisk());
    const isIdle = events.length === 0;
    const choice = isIdle || this.random.chance(0.02) ? -1 : this.random.below(events.length);
    this.#record(choice * 64 + events.length);
    if (choice < 0) {
      const until = isIdle ? this.clock.next : this.clock.monotonic() + 1 + this.random.below(20);
      this.clock.advanceTo(Math.min(until, this.clock.monotonic() + 10_000));
    } else required(events[choice], 'an event')();
    this.clock.runSoon();
    // All that the event brought about in promises and microtasks is done when this is.
    await setImmediate();
    this.#check();
  }

  /** The invariants that hold after every step. They draw no number. */
  #check(): void {
    if (this.#bug !== null) throw new Violation(this.#bug);
    const life = this.#life;
    const image = life?.control?.image;
    if (!life || !image) return;
    if (!this.#images.has(image.offset)) this.#images.set(image.offset, contentOf(image).join('\n'));
    for (const [n, shard] of life.shards.entries()) {
      const { offset } = shard.image;
      if (this.#seenImages[n] === offset) continue;
      this.#seenImages[n] = offset;
      const expected = this.#images.get(offset);
      if (expected !== undefined && contentOf(shard.image).join('\n') !== expected) {
        throw new Violation(`shard ${n} sees another cluster at offset ${offset} than control`);
      }
    }
  }

  /** Steps until the work is done. Throws Ended where the broker ends before. */
  async #until<T>(what: string, work: Promise<T>): Promise<T> {
    let done = false;
    work.then(
      () => (done = true),
      () => (done = true),
    );
    await setImmediate();
    for (let left = PATIENCE_STEPS; !done; left--) {
      if (this.#ended !== null) throw new Ended(this.#ended);
      if (left === 0) {
        const files = this.#disk.waiting > 0 ? `, ${this.#disk.waiting} file operations wait` : '';
        throw new Violation(`${what} does not end${files}; ${this.#life?.net.told ?? ''}`);
      }
      await this.#step();
    }
    return work;
  }

  async #while(what: string, condition: () => boolean, told: () => string = () => ''): Promise<void> {
    for (let left = PATIENCE_STEPS; condition(); left--) {
      if (left === 0) throw new Violation(`${what} does not end ${told()}`);
      await this.#step();
    }
  }

  // ---- lives

  #newLife(): Life {
    this.#lives++;
    this.#images.clear();
    this.#seenImages.length = 0;
    this.isFaulty = false;
    this.metadataFails = false;
    this.#ended = null;
    this.history.restarted();
    const disk = this.#disk;
    const net = new SimulatedNet({
      random: this.random,
      files: disk,
      onEvent: (_what, connection, bytes) => this.#record(connection, bytes),
    });
    this.#nets = [...this.#nets.filter((other) => other.isInUse), net];
    const life = new Life({
      settings: this.plan.settings,
      world: this.clock,
      random: this.random,
      disk,
      net,
      descriptorLimit: this.plan.descriptorLimit,
      transactionVersion: this.plan.transactionVersion,
      onBug: (what) => (this.#bug ??= what),
      onEnd: (reason) => {
        this.#note(`the broker ends: ${reason}`);
        if (!this.isFaulty) this.#bug ??= `the broker ends without a fault: ${reason}`;
        this.count('ended by itself');
        this.#isOpen = false;
        this.#ended = reason;
        life.die();
      },
      onLine: (level, message, fields) => {
        if (level !== 'debug') this.tell(`${level} ${message} ${fields}`);
      },
    });
    this.#life = life;
    return life;
  }

  async #start(): Promise<ReadyBroker> {
    const ready = required(await this.#until('the start', this.#newLife().start()), 'a start that nobody stops');
    this.#note(`ready: ${JSON.stringify(ready.summary)}`);
    return ready;
  }

  #note(what: string): void {
    this.tell(`---- ${what}`);
  }

  /** What ended by itself is started again, on disks that work. */
  async #revive(): Promise<void> {
    if (this.#ended === null) return;
    const how = this.random.chance(0.5) ? 'kill' : 'power';
    this.#die(how);
    await this.#start();
    if (how === 'power') await this.#takeStock();
    this.#isOpen = true;
  }

  /** Ends the process at once; the power fails with it, or not. */
  #die(how: 'kill' | 'power'): void {
    this.#note(how);
    this.count(how);
    this.#isOpen = false;
    this.#life?.die();
    const disk = how === 'kill' ? this.#disk.kill() : this.#disk.crash(1 + this.random.below(0x7fffffff));
    this.#disk = this.#furnish(disk);
    this.#slow = null;
    for (const [path, size] of disk.sizes()) this.tell(`file ${path} ${size}`);
  }

  async #stop(): Promise<void> {
    this.#note('stop');
    this.count('stop');
    const life = required(this.#life, 'a life');
    this.#isOpen = false;
    try {
      await this.#until('the stop', life.stop());
    } catch (error) {
      if (!(error instanceof Ended)) throw error;
      this.#die('kill');
      return;
    }
    // What is closed by a timer, and what the pool has begun.
    const until = this.clock.monotonic() + 600;
    await this.#while('the last file operation', () => this.#disk.waiting > 0 || this.clock.monotonic() < until);
    life.die();
    if (!this.isFaulty && this.#disk.openFiles > 0) {
      throw new Violation(`${this.#disk.openFiles} files are open after a clean stop`);
    }
    this.#disk = this.#furnish(this.#disk.kill());
    this.#slow = null;
  }

  /** Reads what a power failure has left, before anybody writes. */
  async #takeStock(): Promise<void> {
    const isDurable = this.plan.policy !== 'kafka';
    if (!isDurable) {
      this.losses++;
      this.history.ledger.lose();
    }
    for (const { state, partitions } of this.history.topics.values()) {
      if (state === 'deleting') for (const partition of partitions) partition.forget();
    }
    const auditor = new Auditor((client) => this.#life?.net.connect(client) ?? null, this.history);
    const extents = await this.#until('the audit', auditor.extents());
    for (const extent of extents) {
      extent.partition.cutAt(extent.start, extent.end, isDurable);
      await this.#until('the audit', auditor.read(extent));
      extent.partition.tookStock();
    }
    // Coordinators load, and markers that are still due come any time.
    for (const extent of extents) await this.#readCommitted(auditor, extent);
    auditor.close();
  }

  /** Coordinators and partitions begin anew, and whatever readers of committed records have seen is as it was. */
  async #lookAtCommitted(): Promise<void> {
    const auditor = new Auditor((client) => this.#life?.net.connect(client) ?? null, this.history);
    for (const extent of await this.#until('the audit', auditor.extents())) await this.#readCommitted(auditor, extent);
    auditor.close();
  }

  /** Reads what is committed as far as that is known. Resolves to where it began and ended. */
  async #readCommitted(auditor: Auditor, extent: Extent): Promise<{ start: number; end: number }> {
    const end = await this.#until('the audit', auditor.lastStableOffset(extent));
    return { start: await this.#until('the audit', auditor.readCommitted(extent, end)), end };
  }

  // ---- misfortune

  async #misfortune(): Promise<void> {
    const { random } = this;
    const kind = oneOf(random, ['kill', 'kill', 'power', 'power', 'stop', 'disk', 'disk', 'slow', 'start'] as const);
    switch (kind) {
      case 'disk':
        this.#failDirectory();
        return;
      case 'slow':
        this.#slow = this.#slow === null ? `/d${random.below(this.plan.directories)}/` : null;
        this.#note(`slow: ${this.#slow}`);
        this.count('slow directory');
        return;
      case 'stop':
        await this.#stop();
        break;
      case 'start':
        if (random.chance(0.5)) await this.#stop();
        else this.#die('kill');
        if (await this.#startOnFailing()) return;
        break;
      case 'kill':
      case 'power':
        this.#die(kind);
        // A start may be cut short as well.
        while (random.chance(0.3)) await this.#startCutShort(kind);
    }
    await this.#start();
    if (kind === 'power') await this.#takeStock();
    else if (random.chance(0.3)) await this.#lookAtCommitted();
    this.#isOpen = true;
  }

  async #startCutShort(how: 'kill' | 'power'): Promise<void> {
    const start = this.#newLife().start();
    start.catch((error: unknown) => (this.#bug ??= String(error)));
    for (let left = this.random.below(400); left > 0; left--) await this.#step();
    this.#die(how);
  }

  /**
   * A directory fails at some operation of the start. Either the start stops, with words that name the directory, or the broker is ready
   * with what is left. True where it is.
   */
  async #startOnFailing(): Promise<boolean> {
    this.#note('a start on a failing directory');
    this.count('start on a failing directory');
    const life = this.#newLife();
    const directory = this.#failDirectory(this.random.below(oneOf(this.random, [1, 30, 300])));
    let told: string;
    try {
      const ready = await this.#until('the start', life.start());
      this.#note(`ready: ${JSON.stringify(ready.summary)}`);
      this.#isOpen = true;
      return true;
    } catch (error) {
      if (!(error instanceof Ended || error instanceof BootError)) throw error;
      told = error.message;
    }
    this.#note(`no start: ${told}`);
    if (!told.includes(directory)) throw new Violation(`${directory} fails, and the start stops with: ${told}`);
    this.#die('kill');
    return false;
  }

  /** A directory fails, after so many operations that go well. The first holds the metadata log. */
  #failDirectory(after = 0): string {
    const directory = `/d${this.random.below(this.plan.directories)}`;
    const code = oneOf(this.random, ['EIO', 'ENOSPC']);
    const onlyWrites = this.random.chance(0.5);
    this.#note(`${directory} fails with ${code}${onlyWrites ? ' on writes' : ''} after ${after} operations`);
    this.count('failing directory');
    this.isFaulty = true;
    let left = after;
    const others = this.#disk.inject;
    this.#disk.inject = (operation, path) => {
      const other = others(operation, path);
      if (other !== null || (path !== directory && !path.startsWith(`${directory}/`))) return other;
      if (onlyWrites && !['write', 'fsync', 'replace', 'truncate'].includes(operation)) return null;
      if (left-- > 0) return null;
      if (directory === '/d0') this.metadataFails = true;
      return code;
    };
    if (after === 0 && directory === '/d0') this.metadataFails = true;
    return directory;
  }

  // ---- the run

  async run(): Promise<Outcome> {
    this.#note(`seed ${this.seed} ${JSON.stringify(this.plan)}`);
    await this.#start();
    this.#isOpen = true;
    this.isBusy = true;
    this.#cast = castOf(this, this.plan);
    for (const actor of this.#cast.actors) actor.start();
    const rate = oneOf(this.random, [0, 0.0005, 0.002, 0.006]);
    const end = this.#steps + this.#busySteps;
    while (this.#steps < end) {
      await this.#step();
      if (this.#ended !== null) await this.#revive();
      else if (this.random.chance(rate)) await this.#misfortune();
    }
    await this.#revive();
    await this.#end();
    const { seed, plan } = this;
    return { seed, steps: this.#steps, lives: this.#lives, digest: this.#digest, counts: this.#counts, plan };
  }

  async #end(): Promise<void> {
    this.#note('the end begins');
    this.isBusy = false;
    this.#slow = null;
    if (this.isFaulty) {
      if (this.random.chance(0.5)) await this.#stop();
      else this.#die('kill');
      await this.#start();
      this.#isOpen = true;
    }
    for (const [what, those] of this.#cast.ends) {
      await this.#while(
        what,
        () => those.some(({ isDone }) => !isDone),
        () => those.map(({ told }) => told).join('; '),
      );
    }
    for (const actor of this.#cast.actors) actor.stop();
    const until = this.clock.monotonic() + 3000;
    await this.#while('going idle', () => this.clock.monotonic() < until);
    // Checkpoints are collected all the time: their answers are lent for a moment.
    const latest = this.clock.monotonic() + 2000;
    await this.#while('settling', () => this.#unsettled() !== '' && this.clock.monotonic() < latest);
    if (this.#unsettled() !== '') throw new Violation(`when all is idle there is still ${this.#unsettled()}`);
    await this.#settleTransactions();
    const extents = await this.#audit();
    await this.#stop();
    if (this.random.chance(0.5)) this.#die('power');
    const { summary } = await this.#start();
    if (summary.recovered > 0) throw new Violation(`${summary.recovered} logs were recovered after a clean stop`);
    const again = await this.#audit();
    for (const [n, { partition, end }] of extents.entries()) {
      const now = again[n]?.end;
      if (end !== now) partition.fail(`it ended at ${end}, and at ${now} after a clean stop`);
    }
    await this.#stop();
    this.#note('the end');
  }

  async #audit(): Promise<Extent[]> {
    const auditor = new Auditor((client) => this.#life?.net.connect(client) ?? null, this.history);
    const extents = await this.#until('the audit', auditor.extents());
    for (const extent of extents) {
      const { partition, end } = extent;
      if (end < partition.highWatermark)
        partition.fail(`it ends at ${end}, and has ended at ${partition.highWatermark}`);
      const start = await this.#until('the audit', auditor.read(extent));
      partition.complete(start, end);
      await this.#until('the audit', auditor.lookUp({ ...extent, start }));
      const committed = await this.#readCommitted(auditor, { ...extent, start });
      if (committed.end !== end) partition.fail(`LSO ${committed.end} stays below HW ${end}`);
      this.history.ledger.complete(partition, committed.start, committed.end);
    }
    auditor.close();
    return extents;
  }

  /** All producers are gone: whatever they left open is aborted when its time is over. */
  async #settleTransactions(): Promise<void> {
    const auditor = new Auditor((client) => this.#life?.net.connect(client) ?? null, this.history);
    await settleTransactions({
      auditor,
      history: this.history,
      clock: this.clock,
      losses: this.losses,
      until: (what, work) => this.#until(what, work),
      pass: (what, ms) => this.#pass(what, ms),
    });
    auditor.close();
  }

  async #pass(what: string, ms: number): Promise<void> {
    const until = this.clock.monotonic() + ms;
    await this.#while(what, () => this.clock.monotonic() < until);
  }

  /** What is lent. Nothing, where nobody is connected. */
  #unsettled(): string {
    const life = required(this.#life, 'a life');
    const left: string[] = [];
    for (const [n, shard] of life.shards.entries()) {
      const { connections, arenaBytes, mailbox, faults } = shard.stats();
      const { callsInFlight, waiting } = mailbox;
      if (connections + arenaBytes + callsInFlight + waiting + faults > 0) {
        left.push(`shard ${n}: ${JSON.stringify({ connections, arenaBytes, callsInFlight, waiting, faults })}`);
      }
    }
    const uses = slotUses(life.block);
    if (uses > 0) left.push(`${uses} uses of descriptors`);
    if (life.connectionCount > 0) left.push(`connections at the acceptor: ${life.net.told}`);
    return left.join('; ');
  }
}

/** Runs one seed. What is thrown has the seed in its message. */
export async function simulate(options: SimulationOptions): Promise<Outcome> {
  const simulation = new Simulation(options);
  let rejection: unknown = null;
  const onRejection = (error: unknown): void => {
    rejection ??= error;
  };
  process.on('unhandledRejection', onRejection);
  try {
    const outcome = await simulation.run();
    if (rejection !== null) throw rejection;
    return outcome;
  } catch (error) {
    const words = error instanceof Error ? (error instanceof Violation ? error.message : error.stack) : String(error);
    throw new Error(`seed ${options.seed}: ${words}\n  make sim SEED=${options.seed}`, { cause: error });
  } finally {
    process.off('unhandledRejection', onRejection);
  }
}
