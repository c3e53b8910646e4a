/**
 * All connections of one shard: made from what the acceptor hands over, served, looked after once a second, closed. One a shard, on its
 * thread.
 */
import type { Peer } from '../api/handler.ts';
import type { Clock, Timer } from '../port/clock.ts';
import type { Logger } from '../port/log.ts';
import type { Chunk } from '../port/memory.ts';
import type { FileReader, Handed, NetHost } from '../port/net.ts';
import type { ApiName } from '../protocol/schema/index.ts';
import { type ApiHandlers, type ApiRows, apiRows } from './api-rows.ts';
import { Connection } from './connection.ts';
import { LineLimit } from './line-limit.ts';
import { MemoryQueue } from './memory-queue.ts';
import { ConnectionPeer } from './peer.ts';
import type { Request } from './request.ts';
import type { SendingMeans, SlotTable } from './sender.ts';
import type { ListenerInfo, NetworkSettings } from './settings.ts';
import type { RequestArena, Shared } from './shared.ts';

/** Bytes that one read takes between requests. Larger than most requests, smaller than a core's cache. */
const LANDING_SIZE = 256 * 1024;
const SWEEP_MS = 1000;
/** A request that has begun to fill memory and does not go on for so long makes room for those that wait. */
const STALL_MS = 10_000;
/** Bytes of a failed request that its log line shows. */
const FAULT_BYTES = 512;

/** What the acceptor says of a connection that it hands over. */
export interface Arrival {
  /** Unique among the broker's connections. */
  readonly id: number;
  readonly listener: ListenerInfo;
}

/** A bug that a request brought to light. */
export interface Fault {
  readonly api: ApiName;
  readonly version: number;
  readonly error: unknown;
  /** The first bytes of the request in hex, where they were still there. */
  readonly requestHex: string | null;
}

export interface ShardServerOptions<Services> {
  readonly clock: Clock;
  readonly log: Logger;
  readonly arena: RequestArena;
  readonly slots: SlotTable;
  readonly files: FileReader;
  readonly net: NetHost;
  readonly apis: ApiHandlers<Services>;
  readonly services: Services;
  readonly settings: NetworkSettings;
  /** Called for every fault; tests and simulations fail on the first. */
  readonly onFault: (fault: Fault) => void;
  /** A connection that was handed over is closed. Once for each. */
  readonly onClosed: (id: number) => void;
}

export class ShardServer<Services> implements Shared<Services> {
  readonly clock: Clock;
  readonly arena: RequestArena;
  readonly landing: Buffer = Buffer.allocUnsafeSlow(LANDING_SIZE);
  readonly means: SendingMeans;
  readonly services: Services;
  readonly rows: ApiRows<Services>;
  readonly requestMaxBytes: number;
  now: number;
  readonly #options: ShardServerOptions<Services>;
  readonly #connections = new Set<Connection<Services>>();
  readonly #memory: MemoryQueue<Services>;
  readonly #invalidLines: LineLimit;
  #listed: Connection<Services>[] = [];
  readonly #later = new Set<Connection<Services>>();
  #idleDone: (() => void) | null = null;
  #stopping = false;
  #sweepTimer: Timer;

  constructor(options: ShardServerOptions<Services>) {
    this.#options = options;
    this.clock = options.clock;
    this.arena = options.arena;
    this.means = { slots: options.slots, files: options.files };
    this.services = options.services;
    this.rows = apiRows(options.apis);
    this.requestMaxBytes = options.settings.requestMaxBytes;
    this.now = options.clock.monotonic();
    this.#invalidLines = new LineLimit(
      options.log,
      options.clock,
      'closed more connections that sent invalid requests',
    );
    this.#memory = new MemoryQueue(options.arena, this.requestMaxBytes, (connection) => this.runLater(connection));
    this.#sweepTimer = options.clock.after(SWEEP_MS, () => this.#sweep());
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Takes over a connection. One that has died on the way is reported as closed. */
  adopt(handed: Handed, arrival: Arrival): void {
    const connection = new Connection<Services>(this, arrival.id, new ConnectionPeer(arrival.listener));
    const wire = this.#options.net.adopt(handed, connection, this.#options.settings.buffers);
    if (wire === null) {
      this.#options.onClosed(arrival.id);
      return;
    }
    this.#connections.add(connection);
    connection.attach(wire);
    if (this.#stopping) connection.close('the broker is stopping');
  }

  /** Starts no further request on any connection; each closes when what it has in work has been answered and sent. */
  stopReading(): void {
    this.#stopping = true;
    for (const connection of this.#connections) connection.finish('the broker is stopping');
  }

  /** Calls back once, when no connection is left. */
  whenIdle(done: () => void): void {
    if (this.#connections.size === 0) done();
    else this.#idleDone = done;
  }

  /** Closes all connections now and ends the service. */
  close(reason: string): void {
    this.#stopping = true;
    this.#sweepTimer.cancel();
    this.#invalidLines.close();
    for (const connection of this.#connections) connection.close(reason);
  }

  // What connections call.

  mustAuthenticate(_peer: Peer): boolean {
    return false;
  }

  isMemoryShort(size: number): boolean {
    return this.#memory.waiting > 0 || this.arena.chargedBytes + 2 * (size + LANDING_SIZE) > this.arena.limitBytes;
  }

  list(connection: Connection<Services>): void {
    if (connection.listed) return;
    connection.listed = true;
    if (this.#listed.length === 0) queueMicrotask(this.#runListed);
    this.#listed.push(connection);
  }

  runLater(connection: Connection<Services>): void {
    if (this.#later.size === 0) this.clock.soon(this.#runLater);
    this.#later.add(connection);
  }

  memoryRoom(connection: Connection<Services>): number {
    return this.#memory.room(connection);
  }

  memoryForWhole(size: number): Chunk | null {
    return this.#memory.forWhole(size);
  }

  favourEnds(connection: Connection<Services>): void {
    this.#memory.favourEnds(connection);
  }

  waitForMemory(connection: Connection<Services>): void {
    this.#memory.add(connection);
  }

  closed(connection: Connection<Services>, reason: string): void {
    if (!this.#connections.delete(connection)) return;
    if (connection.isFavoured) this.#memory.favourEnds(connection);
    this.#options.log.debug('connection closed', { client: connection.peer.clientHost, reason });
    this.#options.onClosed(connection.id);
    if (this.#connections.size === 0 && this.#idleDone !== null) {
      const done = this.#idleDone;
      this.#idleDone = null;
      done();
    }
  }

  invalid(connection: Connection<Services>, reason: string): void {
    const { clientHost, listenerName } = connection.peer;
    this.#invalidLines.warn('closing a connection that sent an invalid request', {
      client: clientHost,
      listener: listenerName,
      reason,
    });
  }

  fault(request: Request<Services>, error: unknown): void {
    const { row, version, bytes, from, size } = request;
    const requestHex = bytes === null ? null : bytes.toString('hex', from, from + Math.min(size, FAULT_BYTES));
    this.#options.log.error('a request met a bug', {
      api: row.name,
      version,
      clientId: request.clientId,
      client: request.peer.clientHost,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      request: requestHex,
    });
    this.#options.onFault({ api: row.name, version, error, requestHex });
  }

  // Inside.

  readonly #runListed = (): void => {
    const listed = this.#listed;
    this.#listed = [];
    for (const connection of listed) {
      connection.listed = false;
      connection.run();
    }
  };

  readonly #runLater = (): void => {
    const later = [...this.#later];
    this.#later.clear();
    for (const connection of later) connection.run();
  };

  /** Once a second: connections without traffic, paused ones whose client has gone, and requests that block memory. */
  #sweep(): void {
    this.now = this.clock.monotonic();
    const { idleMs } = this.#options.settings;
    for (const connection of this.#connections) {
      if (this.now - connection.lastActive >= idleMs) connection.close('no traffic for connections.max.idle.ms');
      else if (connection.paused) connection.look();
    }
    this.#memory.closeStalled(this.#connections, this.now - STALL_MS);
    this.#sweepTimer = this.clock.after(SWEEP_MS, () => this.#sweep());
  }
}
