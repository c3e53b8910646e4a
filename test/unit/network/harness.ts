/** A shard's server on loopback in this thread, handlers that tests hold in their hands, and clients that speak frames. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Api, PENDING, type RequestContext } from '../../../src/api/handler.ts';
import { loadNative } from '../../../src/host/addon.ts';
import { hostFileReader, hostNet } from '../../../src/host/net.ts';
import { Acceptor, type AcceptorOptions } from '../../../src/network/acceptor.ts';
import type { ApiHandlers } from '../../../src/network/api-rows.ts';
import type { SlotTable } from '../../../src/network/sender.ts';
import { type Fault, ShardServer } from '../../../src/network/server.ts';
import type { ConnectionLimits } from '../../../src/network/settings.ts';
import type { Clock, Timer } from '../../../src/port/clock.ts';
import type { Logger } from '../../../src/port/log.ts';
import type { Native } from '../../../src/port/native.ts';
import { UNSUPPORTED } from '../../../src/port/native.ts';
import { encodeRequest } from '../../../src/protocol/frame.ts';
import type { ApiName, RequestInputOf, RequestOf, ResponseOf } from '../../../src/protocol/schema/index.ts';
import { MemoryArena } from './memory-arena.ts';

export const { native, kind: nativeKind } = loadNative();

/** Without the system calls: sockets are transferred, and slices read and written. */
export const plainNative: Native = {
  ...native,
  dup: () => UNSUPPORTED,
  sendfile: () => UNSUPPORTED,
  peek: () => UNSUPPORTED,
};

/** Real turns of the loop, time as the test says. */
export class HandClock implements Clock {
  #now = 1_000_000;
  #timers: { at: number; fire: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(delayMs: number, fire: () => void): Timer {
    const timer = { at: this.#now + delayMs, fire };
    this.#timers.push(timer);
    return { cancel: () => (this.#timers = this.#timers.filter((each) => each !== timer)) };
  }

  soon(run: () => void): void {
    setImmediate(run);
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > end) break;
      this.#timers = this.#timers.filter((each) => each !== next);
      this.#now = next.at;
      next.fire();
    }
    this.#now = end;
  }
}

export class Lines implements Logger {
  readonly lines: string[] = [];
  debug(): void {}
  info(message: string, fields?: object): void {
    this.lines.push(`info ${message} ${JSON.stringify(fields)}`);
  }
  warn(message: string, fields?: object): void {
    this.lines.push(`warn ${message} ${JSON.stringify(fields)}`);
  }
  error(message: string, fields?: object): void {
    this.lines.push(`error ${message} ${JSON.stringify(fields)}`);
  }
  child(): Logger {
    return this;
  }
}

/** Counts the uses of each slot; a slot is a file of the test. */
export class CountedSlots implements SlotTable {
  readonly #descriptors: number[] = [];
  readonly uses: number[] = [];

  add(descriptor: number): number {
    this.uses.push(0);
    return this.#descriptors.push(descriptor) - 1;
  }

  use(slot: number): number {
    this.uses[slot] = (this.uses[slot] ?? 0) + 1;
    return slot;
  }

  descriptor(slot: number): number {
    assert.ok((this.uses[slot] ?? 0) > 0, 'a slot is used while it is counted');
    return this.#descriptors[slot] ?? -1;
  }

  done(slot: number): void {
    const left = (this.uses[slot] ?? 0) - 1;
    assert.ok(left >= 0, 'a slot is given back once');
    this.uses[slot] = left;
  }

  get inUse(): number {
    return this.uses.reduce((sum, uses) => sum + uses, 0);
  }
}

/** A request that waits for the test. */
export interface Pending {
  readonly api: ApiName;
  readonly request: unknown;
  readonly context: RequestContext<null>;
}

/** A handler that leaves each request to the test. */
export function held<N extends ApiName>(pending: Pending[]): Api<RequestOf<N>, ResponseOf<N>, null> {
  return {
    handle(request, context) {
      pending.push({ api: context.api, request, context: context });
      return PENDING;
    },
  };
}

export interface RigOptions {
  readonly apis: ApiHandlers<null>;
  readonly clock?: Clock;
  readonly native?: Native;
  readonly arena?: MemoryArena;
  readonly limits?: Partial<ConnectionLimits>;
  readonly requestMaxBytes?: number;
  readonly idleMs?: number;
  readonly expectFaults?: boolean;
}

/** Acceptor and one shard in this thread. */
export class Rig {
  readonly clock: Clock;
  readonly log = new Lines();
  readonly arena: MemoryArena;
  readonly slots = new CountedSlots();
  readonly faults: Fault[] = [];
  readonly server: ShardServer<null>;
  readonly acceptor: Acceptor;
  readonly clients: Client[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'network-'));
  readonly #files: number[] = [];
  readonly #expectFaults: boolean;

  constructor(options: RigOptions) {
    this.clock = options.clock ?? new HandClock();
    this.arena = options.arena ?? new MemoryArena();
    this.#expectFaults = options.expectFaults ?? false;
    const net = hostNet(options.native ?? native);
    this.server = new ShardServer<null>({
      clock: this.clock,
      log: this.log,
      arena: this.arena,
      slots: this.slots,
      files: hostFileReader,
      net,
      apis: options.apis,
      services: null,
      settings: {
        buffers: { send: -1, receive: -1 },
        requestMaxBytes: options.requestMaxBytes ?? 100 * 1024 * 1024,
        idleMs: options.idleMs ?? Number.POSITIVE_INFINITY,
      },
      onFault: (fault) => this.faults.push(fault),
      onClosed: (id) => this.acceptor.closed(id),
    });
    const limits: ConnectionLimits = {
      total: 0x7fffffff,
      perAddress: 0x7fffffff,
      perAddressOverrides: new Map(),
      creationRate: 0x7fffffff,
      ...options.limits,
    };
    const acceptorOptions: AcceptorOptions = {
      clock: this.clock,
      log: this.log,
      net,
      listeners: [{ name: 'PLAINTEXT', protocol: 'PLAINTEXT', host: '127.0.0.1', port: 0 }],
      limits,
      backlog: 50,
      shards: 1,
      handOver: (_shard, handed, arrival) => this.server.adopt(handed, arrival),
    };
    this.acceptor = new Acceptor(acceptorOptions);
  }

  get port(): number {
    return this.acceptor.ports.get('PLAINTEXT') ?? 0;
  }

  /** A file of these bytes, as a slot. */
  file(bytes: Uint8Array): number {
    const path = join(this.#folder, `${this.#files.length}.log`);
    writeFileSync(path, bytes);
    const descriptor = openSync(path, 'r');
    this.#files.push(descriptor);
    return this.slots.add(descriptor);
  }

  pathOf(slot: number): string {
    return join(this.#folder, `${slot}.log`);
  }

  async client(): Promise<Client> {
    const socket = connect({ port: this.port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    await once(socket, 'connect');
    const client = new Client(socket);
    this.clients.push(client);
    return client;
  }

  /** Stops, and checks that nothing is left behind. */
  async end(): Promise<void> {
    this.acceptor.stop();
    for (const { socket } of this.clients) socket.destroy();
    this.server.close('the test is over');
    await until(() => this.server.connectionCount === 0);
    for (const descriptor of this.#files) closeSync(descriptor);
    rmSync(this.#folder, { recursive: true });
    assert.equal(this.arena.chunks, 0, 'all chunks are given back');
    assert.equal(this.slots.inUse, 0, 'all slots are given back');
    assert.equal(this.acceptor.connectionCount, 0, 'the acceptor knows of every close');
    if (!this.#expectFaults) assert.deepEqual(this.faults, []);
  }
}

export async function withRig(options: RigOptions, run: (rig: Rig) => Promise<void>): Promise<void> {
  const rig = new Rig(options);
  await rig.acceptor.open();
  try {
    await run(rig);
  } catch (error) {
    rig.acceptor.stop();
    for (const { socket } of rig.clients) socket.destroy();
    rig.server.close('the test failed');
    throw error;
  }
  await rig.end();
}

/** Waits for what will be true soon. The limit is for tests that would hang. */
export async function until(condition: () => boolean, what = 'the condition'): Promise<void> {
  for (let turns = 0; !condition(); turns++) {
    if (turns > 5000) throw new Error(`${what} did not come true`);
    await new Promise((resolve) => setTimeout(resolve, turns < 100 ? 0 : 2));
  }
}

/** Lets the loop turn a few times, for what must not happen. */
export async function turns(count = 10): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** One client: writes bytes, reads frames. */
export class Client {
  readonly socket: Socket;
  /** Frames without their length, in order. */
  readonly frames: Buffer[] = [];
  ended = false;
  gone = false;
  #rest: Buffer[] = [];
  #restSize = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.gone = true;
    });
  }

  get correlationIds(): number[] {
    return this.frames.map((frame) => frame.readInt32BE(0));
  }

  /** Whether the broker has closed the connection. */
  get over(): boolean {
    return this.ended || this.gone;
  }

  send<N extends ApiName>(api: N, version: number, correlationId: number, request: RequestInputOf<N>): void {
    this.socket.write(encodeRequest(api, version, correlationId, 'test', request));
  }

  async next(count: number): Promise<void> {
    await until(() => this.frames.length >= count || this.over, `frame ${count}`);
    assert.ok(this.frames.length >= count, `the connection ended before frame ${count}`);
  }

  #take(bytes: Buffer): void {
    this.#rest.push(bytes);
    this.#restSize += bytes.length;
    while (this.#restSize >= 4) {
      if ((this.#rest[0]?.length ?? 0) < 4) this.#rest = [Buffer.concat(this.#rest)];
      const size = (this.#rest[0] as Buffer).readInt32BE(0);
      if (this.#restSize < 4 + size) return;
      const all = this.#rest.length === 1 ? (this.#rest[0] as Buffer) : Buffer.concat(this.#rest);
      this.frames.push(all.subarray(4, 4 + size));
      const rest = all.subarray(4 + size);
      this.#rest = rest.length === 0 ? [] : [rest];
      this.#restSize = rest.length;
    }
  }
}
