/**
 * A thread's end of all its rings: sends messages, hands what arrives to the handlers, brings answers to their calls.
 *
 *   call() ─▶ credit? ─▶ frame in the ring of requests ─▶ (end of the turn) publish, ring the doorbell
 *   doorbell ─▶ drain: control's rings first, answers before requests ─▶ handlers ─▶ give space back ─▶ publish ─▶ sleep
 *
 * Nothing here waits inside a call: a message that cannot be sent now answers false, and its source waits its turn (`whenCredit`).
 * One drain handles at most MESSAGES_A_DRAIN messages or DRAIN_MS; then sockets are served before it goes on.
 *
 * One broker, one view: each frame carries its sender's metadata offset. A frame of a sender that is ahead of this thread stays where
 * it is, at the head of its ring, and all behind it, until `metadataOffset` has caught up; the ring itself is the bound.
 */
import { assert, required } from '../base/assert.ts';
import type { Clock } from '../port/clock.ts';
import type { Doorbell } from '../port/doorbell.ts';
import type { Chunk } from '../port/memory.ts';
import type { ThreadArena } from './arena.ts';
import {
  BARE_FRAME_BYTES,
  type CompiledMessage,
  type CompiledTable,
  compileTable,
  FRAME,
  PART,
} from './message-codec.ts';
import {
  INLINE_BYTES,
  type AnswerOf,
  type CallName,
  type HandlersOf,
  type MessageTable,
  type NoteName,
  type NoteOf,
  type Reply,
  type RequestOf,
  type ThreadKind,
} from './message-kit.ts';
import { Peer } from './mailbox-peer.ts';
import { type Messages, messages } from './messages.ts';
import { RingMemory, RingReader, RingWriter } from './ring.ts';
import { CONTROL, ringBase, SharedArenas, type SharedBlock } from './shared-block.ts';

const MESSAGES_A_DRAIN = 256;
const DRAIN_MS = 0.5;
/** Messages of one ring before the next ring has its turn. */
const MESSAGES_A_RING = 32;

type Values = Readonly<Record<string, unknown>>;
type AnyHandler = (message: unknown, replyOrFrom: unknown, from?: number) => void;

export interface MailboxOptions<Kind extends ThreadKind, Table extends MessageTable = Messages> {
  readonly kind: Kind;
  /** This thread's number. */
  readonly self: number;
  readonly block: SharedBlock;
  readonly doorbell: Doorbell;
  readonly clock: Clock;
  /** This thread's own arena: payloads that are not inline are lent from it. */
  readonly arena: ThreadArena;
  /** Another table of messages, for tests. */
  readonly table?: Table;
  /** Checks that a handler calls on later lanes only. For development and tests. */
  readonly assertLanes?: boolean;
}

/** Counters, for metrics. */
export interface MailboxStats {
  readonly sent: number;
  readonly received: number;
  /** Messages that found no credit, no space or no memory. */
  readonly refused: number;
  /** Times that a ring waited for this thread's metadata. */
  readonly held: number;
  readonly wakeUps: number;
  readonly callsInFlight: number;
  readonly waiting: number;
}

let compiledMessages: CompiledTable | null = null;

/** Lives on its thread; one a thread. */
export class Mailbox<Kind extends ThreadKind, Table extends MessageTable = Messages> {
  readonly self: number;
  /** Called in every drain, before messages: others have rung, perhaps about something else (slots). */
  onNews: () => void = () => {};
  readonly #kind: Kind;
  readonly #clock: Clock;
  readonly #doorbell: Doorbell;
  readonly #arena: ThreadArena;
  readonly #arenas: SharedArenas;
  readonly #memory: RingMemory;
  readonly #table: CompiledTable;
  readonly #peers: readonly (Peer | null)[];
  readonly #assertLanes: boolean;
  readonly #handlers: (AnyHandler | null)[];
  readonly #dirty: Peer[] = [];
  #metadataOffset = -1;
  #open = false;
  #draining = false;
  #flushAsked = false;
  #hurries = false;
  #drainAsked = false;
  /** Peers whose rings may hold frames, a bit each. */
  #news = 0;
  /** Peers with a ring that waits for this thread's metadata. */
  #heldPeers = 0;
  /** The first peer of the next round, so that none is always last. */
  #turn = 0;
  /** The lane of the handler that runs, -1 where none does. */
  #lane = -1;
  #refusedByArena = false;
  #sent = 0;
  #received = 0;
  #refused = 0;
  #held = 0;
  #wakeUps = 0;

  constructor(options: MailboxOptions<Kind, Table>) {
    const { block, self } = options;
    this.self = self;
    this.#kind = options.kind;
    this.#clock = options.clock;
    this.#doorbell = options.doorbell;
    this.#arena = options.arena;
    this.#arenas = new SharedArenas(block);
    this.#assertLanes = options.assertLanes ?? false;
    this.#table =
      options.table === undefined ? (compiledMessages ??= compileTable(messages)) : compileTable(options.table);
    this.#handlers = this.#table.messages.map(() => null);
    const memory = new RingMemory(block.rings);
    this.#memory = memory;
    const writer = (to: number, ring: 'requests' | 'answers') =>
      new RingWriter(memory, ringBase(block, self, to, ring), block.ringSize);
    const reader = (from: number, ring: 'requests' | 'answers') =>
      new RingReader(memory, ringBase(block, from, self, ring), block.ringSize);
    this.#peers = Array.from({ length: block.threads }, (_, thread) => {
      if (thread === self) return null;
      const rings = {
        requestsOut: writer(thread, 'requests'),
        answersOut: writer(thread, 'answers'),
        requestsIn: reader(thread, 'requests'),
        answersIn: reader(thread, 'answers'),
      };
      return new Peer(thread, rings, this.#table);
    });
    this.#arena.onShort = () => this.#reclaim(true);
  }

  /** The offset up to which this thread has applied the metadata log; -1 before the first. */
  get metadataOffset(): number {
    return this.#metadataOffset;
  }

  set metadataOffset(offset: number) {
    assert(offset >= this.#metadataOffset, `metadata went back from ${this.#metadataOffset} to ${offset}`);
    this.#metadataOffset = offset;
    if (this.#heldPeers === 0) return;
    this.#news |= this.#heldPeers;
    this.#heldPeers = 0;
    this.#askToDrain();
  }

  /** Brings back what was lent with frames that their readers have passed: else that waits for the next drain. */
  reclaim(): void {
    this.#reclaim(false);
  }

  get stats(): MailboxStats {
    const peers = this.#peers.filter((peer) => peer !== null);
    return {
      sent: this.#sent,
      received: this.#received,
      refused: this.#refused,
      held: this.#held,
      wakeUps: this.#wakeUps,
      callsInFlight: peers.reduce((sum, peer) => sum + peer.callCount, 0),
      waiting: peers.reduce((sum, peer) => sum + peer.waiting, 0),
    };
  }

  /** Who handles what arrives. Once, before `open`. */
  handle(handlers: HandlersOf<Table, Kind>): void {
    for (const message of this.#table.messages) {
      if (!message.to.includes(this.#kind)) continue;
      const handler = (handlers as Readonly<Record<string, AnyHandler>>)[message.name];
      this.#handlers[message.id] = required(handler, `${this.#kind} has no handler for ${message.name}`).bind(handlers);
    }
  }

  /** Starts receiving. What was sent to this thread before waits in its rings. */
  open(): void {
    this.#open = true;
    this.#news = -1;
    this.#askToDrain();
  }

  /** Stops receiving. */
  close(): void {
    this.#open = false;
    this.#doorbell.close();
  }

  /**
   * Sends a request. False: there is no credit, space or memory now and nothing was done; wait with `whenCredit`. `onAnswer` is called once, on a
   * later turn; a payload in the answer is valid during that call. `onConsumed`: the request's lent bytes are free again; called
   * before `onAnswer`.
   */
  call<Name extends CallName<Table>>(
    name: Name,
    to: number,
    request: RequestOf<Table, Name>,
    onAnswer: (answer: AnswerOf<Table, Name>, from: number) => void,
    onConsumed: (() => void) | null = null,
  ): boolean {
    const type = this.#typeOf(name);
    assert(
      !this.#assertLanes || this.#lane < 0 || type.lane > this.#lane,
      `${name} is called from a lane that is not earlier than its own`,
    );
    const peer = this.#peerOf(to);
    const at = this.#place(peer, type);
    if (at < 0) return false;
    const lent = this.#lend(type, request);
    if (lent === undefined) return false;
    const call = { type, onAnswer, onConsumed, chunk: lent, consumed: false };
    this.#write(
      peer,
      peer.rings.requestsOut,
      at,
      type,
      PART.request,
      peer.open(call),
      type.request.encode(request, this.#memory, at, lent),
    );
    return true;
  }

  /** Sends a note. False as with `call`. A payload is valid for the receiver during its handler's call. */
  note<Name extends NoteName<Table>>(name: Name, to: number, note: NoteOf<Table, Name>): boolean {
    const type = this.#typeOf(name);
    const peer = this.#peerOf(to);
    const at = this.#place(peer, type);
    if (at < 0) return false;
    const lent = this.#lend(type, note);
    if (lent === undefined) return false;
    this.#write(
      peer,
      peer.rings.requestsOut,
      at,
      type,
      PART.note,
      0,
      type.request.encode(note, this.#memory, at, lent),
    );
    if (lent !== null) peer.lendUntilPassed('requests', lent);
    return true;
  }

  /**
   * To be called right after a message `name` to thread `to` was refused: calls `retry` once when it may find its way, first come, first
   * served. Inside `retry` the message is sent again; where it is refused again, whenCredit keeps the place. Each source waits once,
   * so the line is no longer than there are sources.
   */
  whenCredit(to: number, name: CallName<Table> | NoteName<Table>, retry: () => void): void {
    const peer = this.#peerOf(to);
    peer.wait(this.#typeOf(name).lane, retry);
    if (this.#refusedByArena) this.#arena.whenFree(() => peer.serve());
    // The peer tells when it has passed requests; answers tell by themselves.
    if (peer.rings.requestsOut.want()) this.#clock.soon(() => peer.serve());
  }

  /** As `call`; where the request cannot be sent now, it waits its turn. What waits is bounded by its source. */
  callInTurn<Name extends CallName<Table>>(
    name: Name,
    to: number,
    request: RequestOf<Table, Name>,
    onAnswer: (answer: AnswerOf<Table, Name>, from: number) => void,
    onConsumed: (() => void) | null = null,
  ): void {
    if (this.call(name, to, request, onAnswer, onConsumed)) return;
    this.whenCredit(to, name, () => this.callInTurn(name, to, request, onAnswer, onConsumed));
  }

  /** As `note`; where it cannot be sent now, it waits its turn. What waits is bounded by its source. */
  noteInTurn<Name extends NoteName<Table>>(name: Name, to: number, note: NoteOf<Table, Name>): void {
    if (!this.note(name, to, note)) this.whenCredit(to, name, () => this.noteInTurn(name, to, note));
  }

  #typeOf(name: string): CompiledMessage {
    return required(this.#table.byName[name], `there is no message ${name}`);
  }

  #peerOf(thread: number): Peer {
    const peer = this.#peers[thread];
    assert(
      peer != null,
      thread === this.self ? 'a thread does its own work without messages' : `there is no thread ${thread}`,
    );
    return peer;
  }

  /** Where the frame of a request or note goes; -1 where it must wait. */
  #place(peer: Peer, type: CompiledMessage): number {
    this.#refusedByArena = false;
    const at = peer.admits(type) ? peer.rings.requestsOut.reserve(type.request.maxBytes) : -1;
    if (at < 0) this.#refused++;
    return at;
  }

  /** The chunk with the payload's bytes, null where they go inline, undefined where there is no memory now. */
  #lend(type: CompiledMessage, values: unknown): Chunk | null | undefined {
    if (type.request.payload === null) return null;
    const bytes = (values as Values)[type.request.payload] as Buffer;
    if (bytes.length <= INLINE_BYTES) return null;
    const chunk = this.#arena.reserve(bytes.length, bytes.length);
    if (chunk === null) {
      this.#refused++;
      this.#refusedByArena = true;
      return undefined;
    }
    chunk.bytes.set(bytes);
    return chunk;
  }

  #write(
    peer: Peer,
    writer: RingWriter,
    at: number,
    type: CompiledMessage,
    part: number,
    correlation: number,
    size: number,
  ): void {
    const { i32, f64 } = this.#memory;
    i32[(at + FRAME.kind) >> 2] = (type.id << 2) | part;
    f64[(at + FRAME.metadataOffset) >> 3] = this.#metadataOffset;
    i32[(at + FRAME.correlation) >> 2] = correlation;
    writer.commit(size);
    this.#sent++;
    if (!peer.dirty) {
      peer.dirty = true;
      this.#dirty.push(peer);
    }
    // An answer is waited for.
    if (part !== PART.request) this.hurry();
    else if (!this.#draining && !this.#flushAsked) {
      this.#flushAsked = true;
      // Requests come from sockets, many in a turn: the peer is woken once for all of them.
      this.#clock.soon(this.#flushNow);
    }
  }

  /**
   * What is written in this callback is shown at its end and not at that of the turn. For what keeps its receiver busy for a while: both threads
   * then work at the same time, and fall asleep less often.
   */
  hurry(): void {
    if (this.#hurries || this.#draining) return;
    this.#hurries = true;
    queueMicrotask(this.#flushNow);
  }

  /** What was written is shown now, or in its place where messages are being handled. */
  publish(): void {
    if (!this.#draining && this.#dirty.length > 0) this.#flush();
  }

  readonly #flushNow = (): void => this.#flush();

  /** Shows each peer what was written for it: one store and at most one doorbell a peer. */
  #flush(): void {
    this.#flushAsked = false;
    this.#hurries = false;
    for (const peer of this.#dirty) {
      peer.dirty = false;
      const requests = peer.rings.requestsOut.publish();
      const answers = peer.rings.answersOut.publish();
      if (requests || answers) this.#doorbell.ring(peer.thread);
      peer.reclaim();
    }
    this.#dirty.length = 0;
  }

  #reclaim(wanted: boolean): void {
    for (const peer of this.#peers) {
      if (wanted) peer?.wantLentBack();
      peer?.reclaim();
    }
  }

  #askToDrain(): void {
    if (!this.#open || this.#draining || this.#drainAsked) return;
    this.#drainAsked = true;
    this.#clock.soon(() => {
      this.#drainAsked = false;
      this.#drain();
    });
  }

  readonly #woken = (): void => {
    this.#wakeUps++;
    this.#drain();
  };

  #drain(): void {
    if (!this.#open || this.#draining) return;
    this.#draining = true;
    const until = this.#clock.monotonic() + DRAIN_MS;
    let left = MESSAGES_A_DRAIN;
    this.#news |= this.#doorbell.take();
    this.onNews();
    while (this.#news !== 0 && left > 0 && this.#clock.monotonic() < until) {
      left = this.#round(left, until);
      this.#news |= this.#doorbell.take();
    }
    this.#reclaim(false);
    this.#flush();
    this.#draining = false;
    if (this.#news !== 0 || !this.#doorbell.sleep(this.#woken)) this.#askToDrain();
  }

  /** Each peer with news has one turn, control first, while there is time. What is left of `left`. */
  #round(left: number, until: number): number {
    const count = this.#peers.length;
    const first = this.#turn;
    this.#turn = (this.#turn + 1) % count;
    for (let n = -1; n < count && left > 0; n++) {
      const thread = n < 0 ? CONTROL : (first + n) % count;
      if (n >= 0 && thread === CONTROL) continue;
      const peer = this.#peers[thread];
      if (peer == null || (this.#news & (1 << thread)) === 0) continue;
      left -= this.#receive(peer, Math.min(left, MESSAGES_A_RING));
      if (this.#clock.monotonic() >= until) break;
    }
    const known = count === 32 ? -1 : (1 << count) - 1;
    this.#news &= known & ~(1 << this.self);
    return left;
  }

  /** Handles up to `limit` messages of each of a peer's rings and gives the space back. How many. */
  #receive(peer: Peer, limit: number): number {
    const { answersIn, requestsIn } = peer.rings;
    const answers = this.#read(peer, answersIn, limit);
    const requests = this.#read(peer, requestsIn, limit);
    if (answers < limit && requests < limit) this.#news &= ~(1 << peer.thread);
    // The space goes back before the next messages are published: a call's credit is the space that its peer will find.
    const answersWanted = answersIn.release();
    if (requestsIn.release() || answersWanted) this.#doorbell.ring(peer.thread);
    peer.serve();
    return answers + requests;
  }

  #read(peer: Peer, ring: RingReader, limit: number): number {
    const { i32, f64 } = this.#memory;
    let read = 0;
    for (; read < limit; read++) {
      const at = ring.peek();
      if (at < 0) return read;
      const kind = i32[(at + FRAME.kind) >> 2] as number;
      const type = required(this.#table.messages[kind >> 2], `a frame of type ${kind} in a ring`);
      const part = kind & 3;
      const ahead = (f64[(at + FRAME.metadataOffset) >> 3] as number) > this.#metadataOffset;
      if (ahead && type.waitsForMetadata && part !== PART.consumed && this.#kind !== 'main') {
        this.#held++;
        this.#heldPeers |= 1 << peer.thread;
        return read;
      }
      ring.pass();
      this.#received++;
      this.#deliver(peer, type, part, at, i32[(at + FRAME.correlation) >> 2] as number);
    }
    return read;
  }

  #deliver(peer: Peer, type: CompiledMessage, part: number, at: number, correlation: number): void {
    if (part === PART.note || part === PART.request) {
      const handler = required(this.#handlers[type.id], `${this.#kind} is sent ${type.name}`);
      const message = type.request.decode(this.#memory, at, this.#arenas);
      this.#lane = type.lane;
      if (part === PART.note) handler(message, peer.thread);
      else handler(message, new PendingReply(this, peer, type, correlation), peer.thread);
      this.#lane = -1;
      return;
    }
    const call = peer.callOf(correlation);
    assert(call.type === type, `thread ${peer.thread} answers ${call.type.name} with ${type.name}`);
    if (!call.consumed) {
      call.consumed = true;
      call.chunk?.release();
      call.chunk = null;
      call.onConsumed?.();
    }
    if (part === PART.consumed) return;
    const answer = required(type.answer, 'a call has an answer').decode(this.#memory, at, this.#arenas);
    peer.close(correlation);
    call.onAnswer(answer as never, peer.thread);
  }

  /** @internal For PendingReply: `consumed`, or the answer. */
  reply(peer: Peer, type: CompiledMessage, correlation: number, answer: Values | null): void {
    const codec = required(type.answer, 'a call has an answer');
    const writer = peer.rings.answersOut;
    const at = writer.reserve(answer === null ? BARE_FRAME_BYTES : codec.maxBytes);
    assert(at >= 0, `no space for an answer to ${type.name}, which its caller had reserved`);
    if (answer === null) {
      this.#write(peer, writer, at, type, PART.consumed, correlation, BARE_FRAME_BYTES);
      return;
    }
    const bytes = codec.payload === null ? null : (answer[codec.payload] as Buffer);
    let chunk: Chunk | null = null;
    if (bytes !== null && bytes.length > INLINE_BYTES) {
      chunk = this.#arena.reserveBeyond(bytes.length);
      chunk.bytes.set(bytes);
    }
    this.#write(peer, writer, at, type, PART.answer, correlation, codec.encode(answer, this.#memory, at, chunk));
    if (chunk !== null) peer.lendUntilPassed('answers', chunk);
  }
}

/** A call that this thread handles. Lives until it is answered. */
class PendingReply implements Reply<Values> {
  readonly #mailbox: Pick<Mailbox<ThreadKind>, 'reply'>;
  readonly #peer: Peer;
  readonly #type: CompiledMessage;
  readonly #correlation: number;
  #state: 'pending' | 'consumed' | 'answered' = 'pending';

  constructor(mailbox: Pick<Mailbox<ThreadKind>, 'reply'>, peer: Peer, type: CompiledMessage, correlation: number) {
    this.#mailbox = mailbox;
    this.#peer = peer;
    this.#type = type;
    this.#correlation = correlation;
  }

  consumed(): void {
    assert(this.#type.consumes && this.#state === 'pending', `${this.#type.name} is consumed once, before its answer`);
    this.#state = 'consumed';
    this.#mailbox.reply(this.#peer, this.#type, this.#correlation, null);
  }

  answer(answer: Values): void {
    assert(this.#state !== 'answered', `${this.#type.name} is answered once`);
    this.#state = 'answered';
    this.#mailbox.reply(this.#peer, this.#type, this.#correlation, answer);
  }
}
