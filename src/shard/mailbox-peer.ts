/**
 * One thread as another sees it: the rings to and from it, the calls that wait for its answers, the credit for more, and who waits
 * for credit.
 *
 *        this thread                                         peer
 *        ───────────   requests and notes  ═══════════════▶
 *        calls[]       ◀═══════════════════  answers           (its space was reserved by the call)
 *                      ◀═══════════════════  requests and notes
 *                      answers             ═══════════════▶
 *
 * Credit is the space of the ring of answers: a call takes what its largest answer needs and gives it back when the answer
 * has been read, so the answerer never finds that ring full. Lane n may use the space up to a limit that grows with n: what lies above the
 * limits of earlier lanes is always left for later ones.
 */
import { assert, required } from '../base/assert.ts';
import type { Chunk } from '../port/memory.ts';
import type { CompiledMessage, CompiledTable } from './message-codec.ts';
import { LANES } from './message-kit.ts';
import type { RingReader, RingWriter } from './ring.ts';

/** A call's number in its frames: its place in the table of calls, and a generation above. */
const PLACE_BITS = 16;
const GENERATIONS = 1 << 15;

export interface PendingCall {
  readonly type: CompiledMessage;
  readonly onAnswer: (answer: never, from: number) => void;
  readonly onConsumed: (() => void) | null;
  /** The payload's bytes, until the peer needs them no more. */
  chunk: Chunk | null;
  consumed: boolean;
}

/** Chunks named by frames of one ring, each kept until the peer has passed its frame. */
class LentFrames {
  readonly #writer: RingWriter;
  readonly #chunks: Chunk[] = [];
  readonly #positions: number[] = [];

  constructor(writer: RingWriter) {
    this.#writer = writer;
  }

  /** The frame just committed names bytes of `chunk`. */
  lend(chunk: Chunk): void {
    this.#chunks.push(chunk);
    this.#positions.push(this.#writer.position);
  }

  reclaim(): void {
    while (this.#positions.length > 0 && this.#writer.passed(this.#positions[0] as number)) {
      this.#positions.shift();
      this.#chunks.shift()?.release();
    }
  }

  /** Asks the peer to tell when it passes a frame. */
  want(): void {
    if (this.#positions.length > 0) this.#writer.want();
  }
}

export interface PeerRings {
  readonly requestsOut: RingWriter;
  readonly answersOut: RingWriter;
  readonly requestsIn: RingReader;
  readonly answersIn: RingReader;
}

/** Lives in its mailbox; one for each other thread. */
export class Peer {
  readonly thread: number;
  readonly rings: PeerRings;
  /** Frames were committed that are not published yet. */
  dirty = false;
  readonly #calls: (PendingCall | null)[] = [];
  readonly #generations: number[] = [];
  readonly #freePlaces: number[] = [];
  /** Bytes of the ring of answers that calls have reserved. */
  #reserved = 0;
  /** For each lane, how many reserved bytes it may bring about. */
  readonly #limits: readonly number[];
  readonly #waiters: (() => void)[][] = LANES.map(() => []);
  #waiting = 0;
  /** The lane whose line is being served, -1 where none is. */
  #serving = -1;
  #waitsAgain: (() => void) | null = null;
  readonly #lentRequests: LentFrames;
  readonly #lentAnswers: LentFrames;

  constructor(thread: number, rings: PeerRings, table: CompiledTable) {
    this.thread = thread;
    this.rings = rings;
    this.#lentRequests = new LentFrames(rings.requestsOut);
    this.#lentAnswers = new LentFrames(rings.answersOut);
    // One pad, shorter than the largest answer, may stand in the ring.
    const budget = rings.answersIn.size - table.largestAnswer;
    this.#limits = LANES.map((_, lane) => Math.floor((budget * (lane + 1)) / LANES.length));
    for (const message of table.messages) {
      const limit = this.#limits[message.lane] ?? 0;
      assert(
        message.reservedBytes <= limit - (this.#limits[message.lane - 1] ?? 0),
        `a ring is too small for ${message.name}`,
      );
    }
    assert(table.largestRequest <= rings.requestsOut.largestFrame, 'a ring is too small for the largest request');
  }

  get callCount(): number {
    return this.#calls.length - this.#freePlaces.length;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Whether a message of this lane may be sent now: there is credit for its answer, and nobody waits in front. */
  admits(type: CompiledMessage): boolean {
    if (this.#serving !== type.lane && (this.#waiters[type.lane]?.length ?? 0) > 0) return false;
    return this.#reserved + type.reservedBytes <= (this.#limits[type.lane] ?? 0);
  }

  /** Notes a call that is about to be sent; its number. */
  open(call: PendingCall): number {
    let place = this.#freePlaces.pop();
    if (place === undefined) {
      place = this.#calls.push(null) - 1;
      assert(place < 1 << PLACE_BITS, 'the ring of answers bounds the calls');
      this.#generations.push(0);
    }
    this.#calls[place] = call;
    this.#reserved += call.type.reservedBytes;
    return ((this.#generations[place] as number) << PLACE_BITS) | place;
  }

  /** The call that a frame answers. */
  callOf(number: number): PendingCall {
    const place = number & ((1 << PLACE_BITS) - 1);
    const call = this.#calls[place];
    assert(
      call != null && this.#generations[place] === number >>> PLACE_BITS,
      `thread ${this.thread} answers a call that nobody made`,
    );
    return call;
  }

  /** The call has its answer: its credit comes back. */
  close(number: number): void {
    const call = this.callOf(number);
    const place = number & ((1 << PLACE_BITS) - 1);
    this.#calls[place] = null;
    this.#generations[place] = ((this.#generations[place] as number) + 1) % GENERATIONS;
    this.#freePlaces.push(place);
    this.#reserved -= call.type.reservedBytes;
  }

  /** The frame just committed names bytes of a chunk, which is kept until the peer has passed the frame. */
  lendUntilPassed(ring: 'requests' | 'answers', chunk: Chunk): void {
    (ring === 'requests' ? this.#lentRequests : this.#lentAnswers).lend(chunk);
  }

  /** Releases what the peer has passed. */
  reclaim(): void {
    this.#lentRequests.reclaim();
    this.#lentAnswers.reclaim();
  }

  /** Asks the peer to tell when it has passed frames that name lent bytes. */
  wantLentBack(): void {
    this.#lentRequests.want();
    this.#lentAnswers.want();
  }

  /** Puts `retry` in the lane's line; whoever is being served keeps the first place. */
  wait(lane: number, retry: () => void): void {
    if (this.#serving === lane && this.#waitsAgain === null) {
      this.#waitsAgain = retry;
      return;
    }
    required(this.#waiters[lane], 'a lane').push(retry);
    this.#waiting++;
  }

  /** Lets those that wait try again, later lanes first, each lane in order until one of it must wait on. */
  serve(): void {
    if (this.#waiting === 0 || this.#serving >= 0) return;
    try {
      for (let lane = LANES.length - 1; lane >= 0; lane--) {
        this.#serving = lane;
        this.#serveLane(required(this.#waiters[lane], 'a lane'));
      }
    } finally {
      this.#serving = -1;
    }
  }

  #serveLane(line: (() => void)[]): void {
    for (;;) {
      const retry = line.shift();
      if (retry === undefined) return;
      this.#waiting--;
      retry();
      const again = this.#waitsAgain;
      if (again === null) continue;
      this.#waitsAgain = null;
      line.unshift(again);
      this.#waiting++;
      return;
    }
  }
}
