/**
 * The broker, seen from the main thread: starts the threads, has control boot, opens the listeners, supervises, stops.
 *
 *   start ─▶ shared memory ─▶ control and shards ─▶ boot ─▶ listeners ─▶ ready
 *   stop  ─▶ listeners closed ─▶ connections answered and closed ─▶ logs closed ─▶ checkpoints, clean-shutdown, unlock ─▶ threads end
 *
 * Each step of the stop is a barrier over all threads. A thread that dies or stands still takes the process down with its reason.
 */
import type { BrokerConfig } from '../config/broker-config.ts';
import { Acceptor } from '../network/acceptor.ts';
import type { Arrival } from '../network/server.ts';
import { connectionLimits } from '../network/settings.ts';
import type { Clock } from '../port/clock.ts';
import type { Doorbell } from '../port/doorbell.ts';
import type { Logger } from '../port/log.ts';
import type { Handed, NetHost } from '../port/net.ts';
import type { Native } from '../port/native.ts';
import type { Thread, ThreadEnd, ThreadStart } from '../port/threads.ts';
import { ThreadArena } from '../shard/arena.ts';
import { Mailbox } from '../shard/mailbox.ts';
import { CONTROL, createSharedBlock, FIRST_SHARD, MAIN, type SharedBlock } from '../shard/shared-block.ts';
import { countTurns, superviseTurns } from '../shard/turns.ts';
import { BootError } from './boot-error.ts';
import { type BootAnswer, type BootSummary, STOP_STEP, type ThreadData } from './thread-data.ts';

export interface MainPorts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly native: Native;
  readonly net: NetHost;
  doorbell(block: SharedBlock): Doorbell;
  startThread(start: ThreadStart): Thread;
  /** Files and sockets that the process may have open. */
  readonly openFilesLimit?: number;
  /** Ends the process at once with a reason: a thread is dead or stands still. */
  die(reason: string): void;
  /** Addresses of each thread's arena, where a simulation wants few. */
  readonly arenaAddresses?: number;
}

/** Descriptors that a thread can share at once. */
const SLOTS_PER_THREAD = 4096;
const LEAST_SLOTS = 64;
/** What may be open that shards share among themselves: a slot in use keeps its descriptor open, however old it is. */
const SLOTS_SHARE = 0.5;
/** Of the descriptors that the process may have: what is beyond is left to logs. */
const SOCKETS_SHARE = 0.75;
/** A young generation large enough that short-lived objects of requests die in it. */
const YOUNG_SPACE_MB = 32;

/** An error without a stack is an EndError: what it says is for the operator. */
function whyItEnded(name: string, end: ThreadEnd): string {
  if (end.kind === 'exited') return `thread ${name} is dead: exit code ${end.code}`;
  if (end.kind === 'stopped') return `thread ${name} is dead: it stopped`;
  return end.stack === '' ? end.message : `thread ${name} is dead: ${end.message}\n${end.stack}`;
}

export interface ReadyBroker {
  readonly summary: BootSummary;
  /** Listener name → port. */
  readonly ports: ReadonlyMap<string, number>;
}

function slotsPerThread(openFilesLimit: number, shardCount: number): number {
  return Math.max(LEAST_SLOTS, Math.min(SLOTS_PER_THREAD, Math.floor((openFilesLimit * SLOTS_SHARE) / shardCount)));
}

export class MainThread {
  readonly #ports: MainPorts;
  readonly #config: BrokerConfig;
  readonly #block: SharedBlock;
  readonly #mailbox: Mailbox<'main'>;
  readonly #threads: Thread[] = [];
  readonly #acceptor: Acceptor;
  #booting: Promise<BootAnswer> | null = null;
  #isStopping = false;

  constructor(config: BrokerConfig, data: Omit<ThreadData, 'self' | 'block' | 'shardCount'>, ports: MainPorts) {
    this.#ports = ports;
    this.#config = config;
    const { clock, log, native, net } = ports;
    const { shardCount } = config;
    this.#block = createSharedBlock({
      threads: FIRST_SHARD + shardCount,
      ringBytes: config.values['shard.ring.bytes'],
      arenaBytes: config.shardArenaBytes,
      slotsPerThread: slotsPerThread(ports.openFilesLimit ?? Number.POSITIVE_INFINITY, shardCount),
      ...(ports.arenaAddresses === undefined ? {} : { arenaAddresses: ports.arenaAddresses }),
    });
    const arena = new ThreadArena({
      id: MAIN,
      memory: this.#block.arenas[MAIN] as ArrayBufferLike,
      limitBytes: config.shardArenaBytes,
      soon: (run) => clock.soon(run),
      giveBack: (memory, from, to) => native.releasePages(memory, from, to) >= 0,
    });
    this.#mailbox = new Mailbox({
      kind: 'main',
      self: MAIN,
      block: this.#block,
      doorbell: ports.doorbell(this.#block),
      clock,
      arena,
    });
    this.#mailbox.handle({
      connectionClosed: ({ connection }) => this.#acceptor.closed(connection),
      connectionLimits: ({ perAddressOverrides, ...limits }) => {
        const overrides = JSON.parse(perAddressOverrides.toString()) as Record<string, number>;
        this.#acceptor.setLimits({ ...limits, perAddressOverrides: new Map(Object.entries(overrides)) });
      },
      stats: (_message, reply) =>
        reply.answer({ stats: Buffer.from(JSON.stringify({ connections: this.#acceptor.connectionCount })) }),
    });
    this.#mailbox.open();
    this.#acceptor = new Acceptor({
      clock,
      log,
      net,
      listeners: config.listeners,
      limits: connectionLimits(config),
      backlog: config.values['socket.listen.backlog.size'],
      ...(ports.openFilesLimit === undefined
        ? {}
        : { descriptorLimit: Math.floor(ports.openFilesLimit * SOCKETS_SHARE) }),
      shards: shardCount,
      handOver: (shard, handed, arrival) => this.#handOver(shard, handed, arrival),
    });
    this.#startThreads({ ...data, block: this.#block, shardCount });
  }

  #startThreads(data: Omit<ThreadData, 'self'>): void {
    for (let self = CONTROL; self < this.#block.threads; self++) {
      const isControl = self === CONTROL;
      const name = isControl ? 'control' : `shard-${self - FIRST_SHARD}`;
      const threadData: ThreadData = { ...data, self };
      const thread = this.#ports.startThread({
        entry: isControl ? 'control' : 'shard',
        name,
        data: threadData,
        youngSpaceMb: YOUNG_SPACE_MB,
        ended: (end) => {
          if (this.#isStopping && end.kind === 'stopped') return;
          this.#ports.die(whyItEnded(name, end));
        },
      });
      // A thread that ends before it is ready is reported by `ended`.
      thread.ready.catch(() => {});
      this.#threads[self] = thread;
    }
  }

  /** What the threads share; a simulation looks at its accounts. */
  get block(): SharedBlock {
    return this.#block;
  }

  /** Connections that were handed over and are not reported closed. */
  get connectionCount(): number {
    return this.#acceptor.connectionCount;
  }

  /** Boots and opens the listeners; null where it was told to stop meanwhile. A BootError or ListenerError says what is in the way. */
  async start(): Promise<ReadyBroker | null> {
    const { clock, log } = this.#ports;
    countTurns(this.#block.turns, MAIN, clock);
    superviseTurns(this.#block.turns, clock, {
      threads: Array.from({ length: this.#block.threads - 1 }, (_, n) => n + 1),
      stallTimeoutMs: this.#config.values['shard.stall.timeout.ms'],
      warn: (thread, ms) => log.warn('A thread has stood still', { thread: this.#nameOf(thread), ms: Math.round(ms) }),
      recovered: (thread, ms) =>
        log.info('A thread goes on', { thread: this.#nameOf(thread), stoodStillMs: Math.round(ms) }),
      stalled: (thread, ms) =>
        this.#ports.die(`thread ${this.#nameOf(thread)} has stood still for ${Math.round(ms)} ms`),
    });
    this.#booting = this.#boot();
    const boot = await this.#booting;
    if (!boot.ok) throw new BootError(boot.error);
    if (this.#isStopping) return null;
    await this.#acceptor.open();
    return { summary: boot.summary, ports: this.#acceptor.ports };
  }

  #nameOf(thread: number): string {
    return this.#threads[thread]?.name ?? String(thread);
  }

  #boot(): Promise<BootAnswer> {
    return new Promise((resolve) => {
      this.#mailbox.callInTurn('boot', CONTROL, {}, ({ payload }) => {
        resolve(JSON.parse(payload.toString()) as BootAnswer);
      });
    });
  }

  #handOver(shard: number, handed: Handed, arrival: Arrival): void {
    const thread = FIRST_SHARD + shard;
    const listener = this.#config.listeners.findIndex(({ name }) => name === arrival.listener.name);
    const message = { connection: arrival.id, listener };
    if (handed.kind === 'socket') {
      this.#threads[thread]?.send({ ...message, socket: handed.socket }, [handed.socket]);
      return;
    }
    this.#mailbox.noteInTurn('connectionHandOver', thread, { ...message, descriptor: handed.descriptor });
  }

  /** Counters of every thread, by its name. */
  async stats(): Promise<Record<string, unknown>> {
    const stats: Record<string, unknown> = { main: { connections: this.#acceptor.connectionCount } };
    const asked: Promise<void>[] = [];
    for (let thread = CONTROL; thread < this.#block.threads; thread++) {
      asked.push(
        new Promise((resolve) => {
          this.#mailbox.callInTurn('stats', thread, {}, (answer) => {
            stats[this.#nameOf(thread)] = JSON.parse(answer.stats.toString());
            resolve();
          });
        }),
      );
    }
    await Promise.all(asked);
    return stats;
  }

  /** The clean stop, in its order. A boot under way ends first: what it opens is closed like everything else. */
  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#acceptor.stop();
    await this.#booting;
    await this.#step(STOP_STEP.connections);
    await this.#step(STOP_STEP.logs);
    await this.#step(STOP_STEP.directories);
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }

  /** Ends the threads of a start that failed. */
  async abandon(): Promise<void> {
    this.#isStopping = true;
    this.#acceptor.stop();
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }

  /** One step on every thread. */
  async #step(step: number): Promise<void> {
    const steps: Promise<void>[] = [];
    for (let thread = CONTROL; thread < this.#block.threads; thread++) {
      steps.push(
        new Promise((resolve) => {
          this.#mailbox.callInTurn('shutdownStep', thread, { step }, () => resolve());
        }),
      );
    }
    await Promise.all(steps);
  }
}
