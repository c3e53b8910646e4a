/**
 * Opens the listeners, takes connections within their limits, and gives each to the shard that has the fewest. One a broker, on the main
 * thread. It never reads a byte.
 *
 *     kernel's backlog ─▶ arrived ─▶ limits ─▶ now ─▶ handOver(shard, …)
 *                                      ├─▶ later: a short queue, then closed
 *                                      └─▶ refused: closed
 */
import { required } from '../base/assert.ts';
import type { Clock, Timer } from '../port/clock.ts';
import type { Logger } from '../port/log.ts';
import type { Arrived, Handed, Listening, NetHost } from '../port/net.ts';
import { ConnectionCounts } from './connection-limits.ts';
import { LineLimit } from './line-limit.ts';
import type { Arrival } from './server.ts';
import type { ConnectionLimits, ListenerAddress } from './settings.ts';

export interface AcceptorOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly net: NetHost;
  readonly listeners: readonly ListenerAddress[];
  readonly limits: ConnectionLimits;
  /** socket.listen.backlog.size: for each listener, and how many wait here when the limits are reached. */
  readonly backlog: number;
  /** Descriptors from this number on are left to files. Not given: connections may use them all. */
  readonly descriptorLimit?: number;
  /** How many shards there are, numbered from 0. */
  readonly shards: number;
  readonly handOver: (shard: number, handed: Handed, arrival: Arrival) => void;
}

/** A listener could not be opened. The message is for whoever started the broker. */
export class ListenerError extends Error {
  override readonly name = 'ListenerError';
}

interface Waiting {
  readonly arrived: Arrived;
  readonly listener: ListenerAddress;
}

interface Served {
  readonly shard: number;
  readonly address: string;
}

export class Acceptor {
  readonly #options: AcceptorOptions;
  readonly #counts: ConnectionCounts;
  readonly #listening: Listening[] = [];
  readonly #ports = new Map<string, number>();
  readonly #served = new Map<number, Served>();
  /** Connections of each shard. */
  readonly #load: number[];
  readonly #tooMany: LineLimit;
  readonly #noDescriptors: LineLimit;
  readonly #held: LineLimit;
  #waiting: Waiting[] = [];
  #retry: Timer | null = null;
  #nextId = 1;
  /** Where the search for the least loaded shard begins, so that equal ones take turns. */
  #turn = 0;
  #stopped = false;

  constructor(options: AcceptorOptions) {
    this.#options = options;
    this.#counts = new ConnectionCounts(options.limits, options.clock.monotonic());
    const { log, clock } = options;
    this.#tooMany = new LineLimit(log, clock, 'refused more connections whose addresses have as many as they may');
    this.#noDescriptors = new LineLimit(log, clock, 'refused more connections for want of descriptors');
    this.#held = new LineLimit(log, clock, 'held up more connections', 1);
    this.#load = Array.from({ length: options.shards }, () => 0);
  }

  /** Opens all listeners; where one fails, those already open are closed. A ListenerError says what is in the way. */
  async open(): Promise<void> {
    for (const { name, protocol } of this.#options.listeners) {
      if (protocol === 'PLAINTEXT') continue;
      throw new ListenerError(`listener ${name} uses ${protocol}; only PLAINTEXT is supported so far`);
    }
    for (const listener of this.#options.listeners) await this.#open(listener);
  }

  /** The ports that the listeners have, by listener name. */
  get ports(): ReadonlyMap<string, number> {
    return this.#ports;
  }

  get connectionCount(): number {
    return this.#counts.total;
  }

  /** Other limits of connections: who waits may come in now. */
  setLimits(limits: ConnectionLimits): void {
    this.#counts.limits = limits;
    this.#admitWaiting();
  }

  /** A shard reports that a connection is closed. */
  closed(id: number): void {
    const served = this.#served.get(id);
    if (served === undefined) return;
    this.#served.delete(id);
    this.#counts.remove(served.address);
    this.#load[served.shard] = required(this.#load[served.shard], 'a shard that was given a connection') - 1;
    this.#admitWaiting();
  }

  /** Accepts no more. Connections that were handed over stay. */
  stop(): void {
    this.#stopped = true;
    for (const listening of this.#listening) listening.stop();
    this.#listening.length = 0;
    for (const { arrived } of this.#waiting) arrived.destroy();
    this.#waiting = [];
    this.#retry?.cancel();
    for (const lines of [this.#tooMany, this.#noDescriptors, this.#held]) lines.close();
  }

  async #open(listener: ListenerAddress): Promise<void> {
    const { host, port, name } = listener;
    const { backlog, net } = this.#options;
    const result = await net.listen({ host, port, backlog }, (arrived) => this.#arrived(arrived, listener));
    if ('stop' in result) {
      this.#listening.push(result);
      this.#ports.set(name, result.port);
      return;
    }
    this.stop();
    const address = `${host === '' ? '*' : host}:${port}`;
    const reason = result.code === 'EADDRINUSE' ? 'the address is in use' : result.message;
    throw new ListenerError(`listener ${name} cannot be opened on ${address}: ${reason}`);
  }

  #arrived(arrived: Arrived, listener: ListenerAddress): void {
    if (this.#stopped) {
      arrived.destroy();
      return;
    }
    const waiting: Waiting = { arrived, listener };
    if (this.#waiting.length === 0 && this.#admit(waiting)) return;
    this.#held.warn('connections wait: max.connections or max.connection.creation.rate is reached', {
      address: arrived.remoteAddress,
      connections: this.#counts.total,
    });
    if (this.#waiting.length >= this.#options.backlog) {
      arrived.destroy();
      return;
    }
    this.#waiting.push(waiting);
    this.#retryLater();
  }

  /** False where the connection has to wait. */
  #admit({ arrived, listener }: Waiting): boolean {
    const { clock } = this.#options;
    const address = arrived.remoteAddress;
    const admission = this.#counts.admit(address, clock.monotonic());
    if (admission === 'later') return false;
    if (admission === 'refused') {
      this.#tooMany.warn('connection refused: its address has as many as it may', {
        address,
        limit: this.#counts.limitOf(address),
      });
      arrived.destroy();
      return true;
    }
    const handed = arrived.handOver(this.#options.descriptorLimit);
    if (handed === null || handed === 'no descriptor') {
      if (handed !== null) this.#noDescriptors.warn('connection refused: too many files are open', { address });
      this.#counts.remove(address);
      arrived.destroy();
      return true;
    }
    const shard = this.#pickShard();
    const id = this.#nextId++;
    this.#served.set(id, { shard, address });
    this.#options.handOver(shard, handed, { id, listener });
    return true;
  }

  #pickShard(): number {
    const load = this.#load;
    let best = this.#turn % load.length;
    for (let i = 1; i < load.length; i++) {
      const shard = (this.#turn + i) % load.length;
      if ((load[shard] ?? 0) < (load[best] ?? 0)) best = shard;
    }
    this.#turn = (best + 1) % load.length;
    load[best] = (load[best] ?? 0) + 1;
    return best;
  }

  #admitWaiting(): void {
    let admitted = 0;
    for (const waiting of this.#waiting) {
      if (!this.#admit(waiting)) break;
      admitted++;
    }
    this.#waiting.splice(0, admitted);
    if (this.#waiting.length > 0) this.#retryLater();
  }

  /** Where it is the rate that holds them back, time alone lets them in. */
  #retryLater(): void {
    const waitMs = this.#counts.waitMs(this.#options.clock.monotonic());
    if (waitMs === 0 || this.#retry !== null) return;
    this.#retry = this.#options.clock.after(waitMs, () => {
      this.#retry = null;
      this.#admitWaiting();
    });
  }
}
