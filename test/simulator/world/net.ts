/**
 * Simulated TCP between the simulated clients and one life of a broker: the net port, with seeded fragments, full buffers, resets and half
 * closes. Nothing moves until `step` says so, so every delay and every order between connections is the seed's.
 *
 *   client.write ─▶ toServer ─(step: a fragment)─▶ receiver.buffer / received
 *   client.onData ◀─(step: a fragment)─ toClient (the kernel's, bounded) ◀─ held (by reference, until the kernel takes it) ◀─ wire.write
 */
import { required } from '../../../src/base/assert.ts';
import type { SeededRandom } from '../../../src/base/prng.ts';
import type {
  Arrived,
  FileReader,
  Handed,
  Listening,
  ListenFailure,
  ListenOptions,
  NetHost,
  Wire,
  WireReceiver,
} from '../../../src/port/net.ts';
import { EAGAIN } from '../../../src/port/net.ts';

/** What a simulated client hears of its connection. */
export interface ClientEnd {
  onData(bytes: Buffer): void;
  /** The connection is gone, or was never made. Once. */
  onClosed(): void;
}

/** A queue of bytes in a kernel. */
class Pipe {
  #chunks: Buffer[] = [];
  size = 0;

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(Buffer.from(bytes));
    this.size += bytes.length;
  }

  take(limit: number): Buffer {
    const taken: Buffer[] = [];
    let left = Math.min(limit, this.size);
    this.size -= left;
    while (left > 0) {
      const first = required(this.#chunks[0], 'bytes that were counted');
      const part = first.subarray(0, left);
      taken.push(part);
      left -= part.length;
      if (part.length === first.length) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(part.length);
    }
    return Buffer.concat(taken);
  }

  clear(): void {
    this.#chunks = [];
    this.size = 0;
  }
}

/** One connection, both ends. */
export class Connection implements Wire {
  readonly id: number;
  readonly remoteAddress = '127.0.0.1';
  readonly remotePort: number;
  readonly localAddress = '127.0.0.1';
  readonly localPort: number;
  readonly sendsFiles: boolean;
  readonly #net: SimulatedNet;
  readonly #client: ClientEnd;
  readonly #capacity: number;
  readonly #toServer = new Pipe();
  readonly #toClient = new Pipe();
  /** Written and not taken by the kernel; by reference, as the runtime holds it. */
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #receiver: WireReceiver | null = null;
  #target: Uint8Array = new Uint8Array(0);
  #reading = false;
  #owesWritten = false;
  #ending = false;
  #finSent = false;
  #finSeen = false;
  #clientState: 'open' | 'reset' | 'told' = 'open';
  #serverState: 'backlog' | 'handed' | 'open' | 'destroyed' | 'told' = 'backlog';
  #failure: string | null = null;
  /** The client reads; a slow one does not for a while. */
  clientReads = true;

  constructor(net: SimulatedNet, id: number, client: ClientEnd) {
    const { random } = net;
    this.#net = net;
    this.id = id;
    this.remotePort = 20_000 + id;
    this.localPort = 9092;
    this.#client = client;
    this.sendsFiles = random.chance(0.8);
    this.#capacity = [300, 4096, 65_536, 1_048_576][random.below(4)] as number;
  }

  get isGone(): boolean {
    return this.#clientState === 'told' && (this.#serverState === 'told' || this.#serverState === 'backlog');
  }

  get told(): string {
    const client = `${this.#clientState}${this.#finSent ? ' FIN' : ''}`;
    const server = `${this.#serverState}${this.#reading ? '' : ' paused'}${this.#finSeen ? ' FIN' : ''}`;
    return `${this.id}: client ${client}, server ${server}, ${this.#toServer.size} in, ${this.#heldBytes}+${this.#toClient.size} out`;
  }

  // The client's side.

  send(bytes: Buffer): void {
    if (this.#clientState !== 'open' || this.#finSent) return;
    this.#toServer.push(bytes);
  }

  /** FIN: the client sends no more and still reads. */
  finish(): void {
    this.#finSent = true;
  }

  /** RST: what is on its way is lost. */
  reset(): void {
    if (this.#clientState !== 'open') return;
    this.#clientState = 'reset';
    this.#toServer.clear();
    this.#toClient.clear();
  }

  get isOpen(): boolean {
    return this.#clientState === 'open' && this.#serverState !== 'destroyed' && this.#serverState !== 'told';
  }

  // The acceptor's side.

  arrived(): Arrived {
    return {
      remoteAddress: this.remoteAddress,
      remotePort: this.remotePort,
      handOver: () => {
        if (this.#clientState !== 'open' && this.#net.random.chance(0.5)) return null;
        this.#serverState = 'handed';
        return { kind: 'descriptor', descriptor: this.id };
      },
      destroy: () => this.#drop(),
    };
  }

  adopt(receiver: WireReceiver): Wire | null {
    if (this.#serverState !== 'handed') throw new Error(`connection ${this.id} is adopted twice`);
    if (this.#clientState !== 'open' && this.#net.random.chance(0.5)) {
      this.#serverState = 'told';
      return null;
    }
    this.#serverState = 'open';
    this.#receiver = receiver;
    this.#reading = true;
    this.#target = receiver.buffer();
    return this;
  }

  // The wire's calls.

  get unwritten(): number {
    return this.#heldBytes;
  }

  write(bytes: Uint8Array): void {
    if (this.#serverState !== 'open') return;
    if (this.#clientState !== 'open') {
      this.#fail('EPIPE');
      return;
    }
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    this.#owesWritten = true;
    if (this.#net.random.chance(0.8)) this.#fill();
  }

  writeAll(parts: readonly Uint8Array[]): void {
    for (const part of parts) this.write(part);
  }

  sendFile(descriptor: number, position: number, size: number): number {
    if (this.#clientState !== 'open') return -32;
    const room = Math.min(size, this.#capacity - this.#toClient.size);
    if (room <= 0 || this.#net.random.chance(0.1)) return EAGAIN;
    const bytes = Buffer.alloc(1 + this.#net.random.below(room));
    const read = this.#net.files.readAt(descriptor, bytes, 0, bytes.length, position);
    if (read > 0) this.#toClient.push(bytes.subarray(0, read));
    return read;
  }

  pause(): void {
    this.#reading = false;
  }

  resume(): void {
    this.#reading = true;
  }

  peek(): 'open' | 'ended' | 'failed' {
    if (this.#clientState !== 'open') return 'failed';
    return this.#finSent && this.#toServer.size === 0 ? 'ended' : 'open';
  }

  endSoon(): void {
    this.#ending = true;
  }

  destroy(): void {
    if (this.#serverState === 'open') this.#drop();
  }

  /** Closes the server's end. Bytes that nobody read make it a reset, which may overtake what was sent. */
  #drop(): void {
    if (this.#toServer.size > 0 && this.#net.random.chance(0.5)) this.#toClient.clear();
    this.#toServer.clear();
    this.#held = [];
    this.#heldBytes = 0;
    this.#serverState = this.#receiver === null ? 'told' : 'destroyed';
  }

  #fail(code: string): void {
    this.#failure = code;
    this.#drop();
  }

  /** The process is gone: no call reaches it any more, the client sees a reset, and nothing of a life is told after its end. */
  abandon(): void {
    this.#receiver = null;
    this.#serverState = 'told';
    this.#held = [];
    this.#toServer.clear();
    this.#toClient.clear();
  }

  #fill(): void {
    while (this.#held.length > 0 && this.#toClient.size < this.#capacity) {
      const first = required(this.#held[0], 'a held write');
      const part = first.subarray(0, this.#capacity - this.#toClient.size);
      this.#toClient.push(part);
      this.#heldBytes -= part.length;
      if (part.length === first.length) this.#held.shift();
      else this.#held[0] = first.subarray(part.length);
    }
  }

  // What can happen next.

  /** The events that are possible now, for the scheduler to choose from. */
  collect(events: (() => void)[]): void {
    const receiver = this.#receiver;
    if (receiver !== null && this.#serverState === 'open') this.#collectServer(receiver, events);
    if (receiver !== null && this.#serverState === 'destroyed') {
      events.push(() => {
        this.#serverState = 'told';
        receiver.closed(this.#failure);
      });
    }
    const serverIsGone = this.#serverState === 'destroyed' || this.#serverState === 'told';
    if (this.#clientState === 'open' && this.clientReads && this.#toClient.size > 0) {
      events.push(() => this.#client.onData(this.#toClient.take(this.#fragment())));
    } else if (this.#clientState === 'reset' || (this.#clientState === 'open' && serverIsGone && this.clientReads)) {
      events.push(() => {
        this.#clientState = 'told';
        this.#client.onClosed();
      });
    }
  }

  #collectServer(receiver: WireReceiver, events: (() => void)[]): void {
    if (this.#owesWritten && this.#held.length === 0) {
      events.push(() => {
        this.#owesWritten = false;
        receiver.written();
      });
    }
    if (this.#clientState !== 'open') {
      // A paused wire does not see it, unless the kernel is asked to take more.
      if ((this.#reading && !this.#finSeen) || this.#held.length > 0) events.push(() => this.#fail('ECONNRESET'));
      return;
    }
    if (this.#held.length > 0 && this.#toClient.size < this.#capacity) events.push(() => this.#fill());
    if (this.#ending && this.#held.length === 0) events.push(() => this.#drop());
    if (!this.#reading) return;
    if (this.#toServer.size > 0) events.push(() => this.#deliver(receiver));
    else if (this.#finSent && !this.#finSeen) {
      events.push(() => {
        this.#finSeen = true;
        receiver.ended();
      });
    }
  }

  #deliver(receiver: WireReceiver): void {
    const bytes = this.#toServer.take(Math.min(this.#target.length, this.#fragment()));
    this.#target.set(bytes);
    this.#net.onEvent('received', this.id, bytes);
    const goesOn = receiver.received(bytes.length);
    if (!goesOn) this.#reading = false;
    this.#target = receiver.buffer();
  }

  #fragment(): number {
    const { random } = this.#net;
    const limit = [1, 3, 60, 700, 10_000, 1_000_000][random.below(6)] as number;
    return 1 + random.below(limit);
  }
}

export interface SimulatedNetOptions {
  readonly random: SeededRandom;
  readonly files: FileReader;
  /** What goes into the log of events. */
  readonly onEvent: (what: string, connection: number, bytes: Buffer) => void;
}

/** The network of one life of a broker. */
export class SimulatedNet implements NetHost {
  readonly random: SeededRandom;
  readonly files: FileReader;
  readonly onEvent: SimulatedNetOptions['onEvent'];
  readonly #connections = new Map<number, Connection>();
  #arrived: ((connection: Arrived) => void) | null = null;
  #nextId = 1;
  #isDead = false;

  constructor(options: SimulatedNetOptions) {
    this.random = options.random;
    this.files = options.files;
    this.onEvent = options.onEvent;
  }

  listen(_options: ListenOptions, arrived: (connection: Arrived) => void): Promise<Listening | ListenFailure> {
    this.#arrived = arrived;
    return Promise.resolve({
      port: 9092,
      stop: () => {
        this.#arrived = null;
      },
    });
  }

  adopt(handed: Handed, receiver: WireReceiver): Wire | null {
    if (handed.kind !== 'descriptor') throw new Error('simulated connections have descriptors');
    return required(this.#connections.get(handed.descriptor), 'a descriptor of a connection').adopt(receiver);
  }

  /** The connections that are not gone at both ends, for a message. */
  get told(): string {
    return [...this.#connections.values()].map((connection) => connection.told).join('; ');
  }

  /** Whether somebody has still to be told something. */
  get isInUse(): boolean {
    return this.#connections.size > 0;
  }

  /** Null: refused. */
  connect(client: ClientEnd): Connection | null {
    if (this.#arrived === null || this.#isDead) return null;
    const connection = new Connection(this, this.#nextId++, client);
    this.#connections.set(connection.id, connection);
    this.#arrived(connection.arrived());
    return connection;
  }

  /** The process has ended. */
  die(): void {
    this.#isDead = true;
    this.#arrived = null;
    for (const connection of this.#connections.values()) connection.abandon();
  }

  /** The events that are possible now. */
  collect(events: (() => void)[]): void {
    for (const [id, connection] of this.#connections) {
      if (connection.isGone) this.#connections.delete(id);
      else connection.collect(events);
    }
  }
}
