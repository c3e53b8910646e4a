/**
 * One connection of a client. On its shard's thread; thousands of them, so an idle one owns next to nothing.
 *
 *      wire ──received──▶ Intake ──frame──▶ dispatch ──▶ handler
 *       ▲                    │ held while                   │ now or later
 *       │                    ▼ work, memory, throttle       ▼
 *       └──── Sender ◀── in order of arrival ◀──── Work (requests in work)
 *
 * Bytes are handled where they lie as long as nothing of the connection waits before them. When something must wait, the connection
 * stops reading; `run` goes on when what it waited for has come. `close` ends it, in one place, once.
 */
import type { Chunk } from '../port/memory.ts';
import type { Wire, WireReceiver } from '../port/net.ts';
import { apiKeyOf, encodeAnswer, failedAnswer, handle, parseRequest } from './dispatch.ts';
import { type FrameSink, type Hold, Intake } from './intake.ts';
import type { ConnectionPeer } from './peer.ts';
import type { Home, Request } from './request.ts';
import { Sender } from './sender.ts';
import type { RequestArena, Shared } from './shared.ts';
import { type Overlap, Work } from './work.ts';

/** Nothing starts while so many bytes of earlier responses have not been taken by the kernel. */
const UNSENT_LIMIT = 256 * 1024;
/** Requests that one connection starts in one turn of the loop. */
const TURN_LIMIT = 64;
/** Nothing over this before the client has authenticated. */
const UNAUTHENTICATED_LIMIT = 64 * 1024;

/** Whose first four bytes these are, of those that reach a broker by mistake. */
function otherProtocol(size: number): string | null {
  if (size >>> 16 === 0x1603) return 'TLS';
  const text = String.fromCharCode(size >>> 24, (size >>> 16) & 255, (size >>> 8) & 255, size & 255);
  return ['GET ', 'HEAD', 'POST', 'PUT ', 'OPTI', 'PRI '].includes(text) ? 'HTTP' : null;
}

export class Connection<Services> implements WireReceiver, FrameSink, Home<Services> {
  readonly id: number;
  readonly peer: ConnectionPeer;
  readonly #shared: Shared<Services>;
  readonly #intake: Intake;
  readonly #sender: Sender;
  readonly #work: Work<Services> = new Work();
  #wire: Wire | null = null;
  /** finishing: starts nothing more and closes when what is in work has been answered and sent. */
  #state: 'open' | 'finishing' | 'closed' = 'open';
  #reason = '';
  /** The client will send no more. */
  #fin = false;
  #muted = false;
  #reading = true;
  /** In `received` or `run`: answers are flushed at its end. */
  #busy = false;
  #startedInTurn = 0;
  /** Coarse time (Shared.now) of the last bytes in or out. */
  lastActive: number;
  /** Coarse time of the last bytes in. */
  lastReceived: number;
  /** Whether the shard has put it on a list already: to run in this turn, and to get memory. */
  listed = false;
  waitsForMemory = false;
  /** The one connection of the shard that may use the last of the memory (MemoryQueue). */
  isFavoured = false;

  constructor(shared: Shared<Services>, id: number, peer: ConnectionPeer) {
    this.#shared = shared;
    this.id = id;
    this.peer = peer;
    this.#intake = new Intake(shared.arena, shared.landing, this);
    this.#sender = new Sender(shared.means);
    this.lastActive = shared.now;
    this.lastReceived = shared.now;
  }

  attach(wire: Wire): void {
    this.#wire = wire;
    this.peer.clientHost = wire.remoteAddress;
    this.peer.localPort = wire.localPort;
    this.#sender.attach(wire);
  }

  get services(): Services {
    return this.#shared.services;
  }

  get arena(): RequestArena {
    return this.#shared.arena;
  }

  get open(): boolean {
    return this.#state === 'open';
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** Reading is stopped, so that the wire cannot tell of the client's end. */
  get paused(): boolean {
    return !this.#reading && this.#state !== 'closed' && !this.#fin;
  }

  /** Holds memory of the arena for a request that is not whole. */
  get filling(): boolean {
    return this.#intake.filling;
  }

  // What the wire calls.

  buffer(): Buffer {
    return this.#intake.target();
  }

  received(size: number): boolean {
    if (this.#state !== 'open') return false;
    this.lastActive = this.#shared.now;
    this.lastReceived = this.lastActive;
    this.#startedInTurn = 0;
    this.#busy = true;
    this.#intake.received(size);
    this.#settle();
    this.#busy = false;
    this.#reading = this.#wantsReading();
    return this.#reading;
  }

  ended(): void {
    this.#fin = true;
    this.run();
  }

  written(): void {
    this.lastActive = this.#shared.now;
    if (this.#sender.unsent > 0 || this.#intake.hold === 'order' || this.#fin || this.#state === 'finishing')
      this.run();
  }

  closed(code: string | null): void {
    this.close(code === null ? 'closed by the client' : `connection failed: ${code}`);
  }

  // What the shard calls.

  /** Goes on with whatever can: sends, starts what waited, reads again, ends. */
  run(): void {
    if (this.#state === 'closed' || this.#busy) return;
    this.#startedInTurn = 0;
    this.#busy = true;
    this.#flush();
    const { hold } = this.#intake;
    if ((hold === 'order' && !this.#muted) || (hold === 'memory' && this.isFavoured)) this.#intake.advance();
    this.#settle();
    this.#busy = false;
    this.#updateReading();
  }

  /** There may be memory again. moved: it was enough for some of what waits; stuck: for nothing. */
  retryMemory(): 'served' | 'moved' | 'stuck' {
    if (this.#state !== 'open' || this.#intake.hold !== 'memory') return 'served';
    this.#startedInTurn = 0;
    this.#busy = true;
    const moved = this.#intake.advance();
    const result = this.#intake.hold !== 'memory' ? 'served' : moved ? 'moved' : 'stuck';
    if (moved) this.lastReceived = this.#shared.now;
    this.#settle();
    this.#busy = false;
    this.#updateReading();
    return result;
  }

  /** Looks at a paused wire for what it cannot tell by itself. */
  look(): void {
    const seen = this.#wire?.peek();
    if (seen === 'failed') this.close('connection failed while it was not read');
    else if (seen === 'ended') this.ended();
  }

  /** Starts no further request; closes when those in work have been answered and their responses sent. */
  finish(reason: string): void {
    if (this.#state !== 'open') return;
    this.#state = 'finishing';
    this.#reason = reason;
    this.#intake.release();
    this.#updateReading();
    if (!this.#busy) this.run();
  }

  /** Ends the connection now. Responses that have not left are dropped, and everything held is given back. */
  close(reason: string): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#wire?.destroy();
    this.#intake.release();
    this.#sender.release();
    this.#orphanWork();
    this.#shared.closed(this, reason);
  }

  // What the intake calls.

  refusal(size: number): string | null {
    if (size < 0) return `a request of ${size} bytes`;
    const limit = this.#shared.requestMaxBytes;
    if (size > limit) {
      const other = otherProtocol(size);
      if (other !== null) return `what seems to be ${other}`;
      return `a request of ${size} bytes, which is more than socket.request.max.bytes (${limit})`;
    }
    if (size > this.#shared.arena.limitBytes) return `a request of ${size} bytes, which shard.arena.bytes cannot hold`;
    if (size > UNAUTHENTICATED_LIMIT && this.#shared.mustAuthenticate(this.peer)) {
      return `a request of ${size} bytes before authentication`;
    }
    return null;
  }

  refused(reason: string): void {
    this.#invalid(reason);
  }

  mayFill(size: number): boolean {
    return this.#work.hasRoom(size);
  }

  memoryRoom(): number {
    return this.#shared.memoryRoom(this);
  }

  filled(): void {
    if (this.isFavoured) this.#shared.favourEnds(this);
  }

  frame(buffer: Buffer, from: number, to: number, chunk: Chunk | null, stays: boolean): Hold {
    const size = to - from;
    const row = this.#shared.rows[apiKeyOf(buffer, from, to)];
    if (!this.#mayStart(row === undefined ? 'alone' : row.overlap, size)) return 'order';
    let bytes = buffer;
    let start = from;
    let holder = chunk;
    if (chunk === null && row !== undefined) {
      if (row.lends && this.#shared.isMemoryShort(size)) {
        holder = this.#shared.memoryForWhole(size);
        if (holder === null) return 'memory';
        bytes = holder.bytes;
        start = 0;
        buffer.copy(bytes, 0, from, to);
      } else if (row.hasViews && !row.lends && !stays) {
        bytes = Buffer.allocUnsafe(size);
        start = 0;
        buffer.copy(bytes, 0, from, to);
      }
    }
    this.#startedInTurn++;
    this.#start(bytes, start, start + size, holder);
    return 'none';
  }

  // What requests call.

  answered(request: Request<Services>, answer: unknown): void {
    try {
      encodeAnswer(request, answer);
    } catch (error) {
      this.failed(request, error);
      return;
    }
    this.#ready(request);
  }

  fault(request: Request<Services>, error: unknown): void {
    this.#shared.fault(request, error);
  }

  failed(request: Request<Services>, error: unknown): void {
    this.#shared.fault(request, error);
    try {
      const answer = failedAnswer(request);
      if (answer === null) request.closes = true;
      else encodeAnswer(request, answer);
    } catch {
      request.parts = null;
      request.closes = true;
    }
    if (request.closes) this.#reason = `the handler of ${request.row.name} failed`;
    this.#ready(request);
  }

  // Inside.

  #mayStart(overlap: Overlap, size: number): boolean {
    return (
      !this.#muted &&
      this.#startedInTurn < TURN_LIMIT &&
      this.#sender.unsent <= UNSENT_LIMIT &&
      this.#work.admits(overlap, size)
    );
  }

  #start(bytes: Buffer, from: number, to: number, chunk: Chunk | null): void {
    const request = parseRequest(this, this.#shared.rows, bytes, from, to, chunk);
    if (typeof request === 'string') {
      chunk?.release();
      this.#invalid(request);
      return;
    }
    this.#work.add(request);
    if (request.parts !== null) {
      request.settled = true;
      this.#ready(request);
    } else {
      handle(request);
    }
    request.endFirstTurn();
  }

  /** Something no client may send. What came before it is answered first, as Kafka does, which has not read it until then. */
  #invalid(reason: string): void {
    this.#shared.invalid(this, reason);
    this.finish(reason);
  }

  /** The request's response can leave when those before it have. */
  #ready(request: Request<Services>): void {
    request.done = true;
    if (!request.firstTurn || !request.row.lends) request.releaseBytes();
    request.message = null;
    if (request.orphan || this.#state === 'closed') {
      this.#drop(request);
      return;
    }
    for (let next = this.#work.takeAnswered(); next !== null; next = this.#work.takeAnswered()) this.#leave(next);
    if (!this.#busy) this.#shared.list(this);
  }

  /** Gives a response to the sender. */
  #leave(request: Request<Services>): void {
    const { parts } = request;
    request.parts = null;
    this.lastActive = this.#shared.now;
    if (Buffer.isBuffer(parts)) this.#sender.push(parts);
    else if (parts !== null) for (const part of parts) this.#sender.push(part);
    if (request.throttleMs > 0) this.#mute(request.throttleMs);
    if (request.closes) {
      this.#orphanWork();
      this.finish(this.#reason === '' ? 'closed after a response' : this.#reason);
    }
  }

  /** Requests in work whose answers nobody waits for. They go on, and what they answer is dropped. */
  #orphanWork(): void {
    let request = this.#work.clear();
    while (request !== null) {
      const { next } = request;
      request.next = null;
      if (request.done) this.#drop(request);
      request.orphaned();
      request = next;
    }
  }

  #drop(request: Request<Services>): void {
    const { parts } = request;
    request.parts = null;
    if (parts === null || Buffer.isBuffer(parts)) return;
    for (const part of parts) if (!Buffer.isBuffer(part)) this.#shared.means.slots.done(part.slot);
  }

  /** Kafka mutes a channel after a throttled response has been sent (KIP-219). */
  #mute(throttleMs: number): void {
    this.#muted = true;
    this.#shared.clock.after(throttleMs, () => {
      this.#muted = false;
      this.run();
    });
  }

  #flush(): void {
    const flushed = this.#sender.flush();
    if (flushed === 'broken') this.close(this.#sender.failure);
    else if (flushed === 'later') this.#shared.runLater(this);
  }

  /** At the end of a turn: sends, sees to it that what waits is called again, and ends what is at its end. */
  #settle(): void {
    if (this.isClosed) return;
    this.#flush();
    if (this.isClosed) return;
    const { hold } = this.#intake;
    if (hold === 'memory') this.#shared.waitForMemory(this);
    else if (hold === 'order' && !this.#muted && this.#canGoOn()) this.#shared.runLater(this);
    if (this.#work.count > 0 || this.#sender.unsent > 0) return;
    if (this.#state === 'finishing') this.close(this.#reason);
    else if (this.#fin && hold === 'none') this.close('closed by the client');
  }

  /** What is held for its order waits for nothing but another turn. */
  #canGoOn(): boolean {
    return this.#startedInTurn >= TURN_LIMIT || (this.#work.count === 0 && this.#sender.unsent <= UNSENT_LIMIT);
  }

  #wantsReading(): boolean {
    return this.#state === 'open' && !this.#fin && !this.#muted && this.#intake.hold === 'none';
  }

  #updateReading(): void {
    const wants = this.#wantsReading();
    if (wants === this.#reading || this.#state === 'closed' || this.#wire === null) return;
    this.#reading = wants;
    if (wants) this.#wire.resume();
    else this.#wire.pause();
  }
}
