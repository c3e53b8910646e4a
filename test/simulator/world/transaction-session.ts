/** What a simulated transactional producer has between one InitProducerId and the next: its id and epoch, its sequences, its transaction. */
import { ERRORS, errorName } from '../../../src/protocol/errors.ts';
import type { ApiName } from '../../../src/protocol/schema/index.ts';
import { batchOf } from '../../harness/batches.ts';
import type { World } from './actor.ts';
import { idempotentId, type PartitionHistory, type RecordId, type TopicHistory } from './history.ts';
import type { Identity, ProducerOfId, Transaction } from './ledger.ts';
import { Violation } from './violation.ts';

/**
 * 'first': the producer adds partitions by itself, and keeps its epoch from one transaction to the next. 'second': the broker adds them, and every
 * end raises the epoch (KIP-890).
 */
export type Protocol = 'first' | 'second';

/** Where a producer's sequences in a partition are. */
export interface Line {
  readonly topic: TopicHistory;
  readonly index: number;
  readonly partition: PartitionHistory;
  nextSequence: number;
}

export interface Batch {
  readonly line: Line;
  readonly ids: readonly RecordId[];
  readonly bytes: Buffer;
  state: 'made' | 'sent' | 'acknowledged';
  /** As in producer.ts. */
  firstLife: number;
}

/** A transaction that is not over for its producer. */
export interface OpenTransaction {
  readonly known: Transaction;
  readonly lines: readonly Line[];
  /** Of the first protocol: lines whose partitions are part of the transaction. */
  readonly added: Set<Line>;
  readonly batches: Batch[];
  /** Lines where something failed: nothing is sent until all in flight is answered. */
  readonly draining: Set<Line>;
  offsets: 'none' | 'wanted' | 'added' | 'acknowledged';
  /** When the first request went out that may have begun it. */
  beganAt: number;
  /** A request may have, or has begun it. */
  mayHaveBegun: boolean;
  hasBegun: boolean;
  mustAbort: boolean;
  wish: 'commit' | 'abort';
  isEnding: boolean;
  inFlight: number;
}

/** What fences a producer, or says that it was. */
const FENCED: ReadonlySet<number> = new Set([
  ERRORS.INVALID_PRODUCER_EPOCH,
  ERRORS.PRODUCER_FENCED,
  ERRORS.INVALID_PRODUCER_ID_MAPPING,
]);
const AGAIN: ReadonlySet<number> = new Set([
  ERRORS.NETWORK_EXCEPTION,
  ERRORS.COORDINATOR_LOAD_IN_PROGRESS,
  ERRORS.COORDINATOR_NOT_AVAILABLE,
  ERRORS.NOT_COORDINATOR,
  ERRORS.CONCURRENT_TRANSACTIONS,
  ERRORS.REQUEST_TIMED_OUT,
]);
const OVER: ReadonlySet<number> = new Set([ERRORS.INVALID_TXN_STATE, ERRORS.TRANSACTION_ABORTABLE]);

/** 'again': the same request. 'abort': the transaction cannot be committed. 'over': the producer has lost its id to another, or to time. */
export type Verdict = 'again' | 'abort' | 'over';

/** What a session knows of its world. */
export type SessionWorld = Pick<World, 'clock' | 'history' | 'idsExpire' | 'life' | 'losses'>;

export class Session implements ProducerOfId {
  readonly world: SessionWorld;
  readonly identity: Identity;
  readonly protocol: Protocol;
  readonly timeoutMs: number;
  producerId = -1;
  producerEpoch = -1;
  /** Before the next transaction it has to get another epoch: what it has sent may still be on its way, or its sequences have a gap. */
  needsEpoch = false;
  transaction: OpenTransaction | null = null;
  readonly #lines = new Map<PartitionHistory, Line>();
  readonly #losses: number;
  #initsAtStart = 0;
  #isContested = false;
  #isTainted = false;
  /** The first time that an answer was lost: what it was an answer to may begin a transaction later. */
  #ghostAt = Number.POSITIVE_INFINITY;
  /** The broker's life in which it was first asked for another epoch. */
  askedInLife = 0;

  constructor(world: SessionWorld, identity: Identity, protocol: Protocol, timeoutMs: number) {
    this.world = world;
    this.identity = identity;
    this.protocol = protocol;
    this.timeoutMs = timeoutMs;
    this.#losses = world.losses;
  }

  get name(): string {
    return `${this.identity.transactionalId} ${this.producerId}/${this.producerEpoch}`;
  }

  /** An answer says what it has now. */
  given(given: ProducerOfId): void {
    const { identity, world } = this;
    this.producerId = given.producerId;
    this.producerEpoch = given.producerEpoch;
    if (!identity.give(given, world.losses > 0)) this.#isTainted = true;
    for (const line of this.#lines.values()) line.nextSequence = 0;
    this.needsEpoch = false;
  }

  /** InitProducerId goes out. What is on its way besides may be handled before or after it. */
  asks(): void {
    const { identity, world } = this;
    const wasContested = this.producerId >= 0 && (this.#isContested || identity.initsSent > this.#initsAtStart);
    this.#isContested = wasContested || identity.initsOpen > 0 || identity.ghostLife === world.life;
    identity.initsSent++;
    identity.initsOpen++;
    this.#initsAtStart = identity.initsSent;
  }

  /**
   * Whether no request of its may succeed any more. Kafka takes an end of the second protocol for one that comes again where the epoch is one more,
   * also where that is another's, who speaks the first.
   */
  isFenced(api: ApiName): boolean {
    const { identity, producerId, producerEpoch } = this;
    if (producerId < 0 || identity.isConfused || !identity.isOlder(this)) return false;
    // What the coordinator has lost may be open in a partition still, and there nobody asks about it.
    if (this.#losses !== this.world.losses) return false;
    const looksRepeated =
      identity.newest?.producerId === producerId && identity.newest.producerEpoch === producerEpoch + 1;
    return !(api === 'EndTxn' && this.protocol === 'second' && looksRepeated);
  }

  lostAnswer(): void {
    this.#ghostAt = Math.min(this.#ghostAt, this.world.clock.monotonic());
    if (this.protocol === 'first') this.needsEpoch = true;
  }

  line(topic: TopicHistory, index: number): Line {
    const partition = topic.partitions[index] as PartitionHistory;
    const known = this.#lines.get(partition) ?? { topic, index, partition, nextSequence: 0 };
    this.#lines.set(partition, known);
    return known;
  }

  begin(lines: readonly Line[], hasOffsets: boolean): OpenTransaction {
    const { ledger } = this.world.history;
    const isExempt = this.#isTainted || this.#losses !== this.world.losses;
    const open: OpenTransaction = {
      known: ledger.begin(this.identity, isExempt),
      lines,
      added: new Set(),
      batches: [],
      draining: new Set(),
      offsets: hasOffsets ? 'wanted' : 'none',
      beganAt: Number.POSITIVE_INFINITY,
      mayHaveBegun: false,
      hasBegun: false,
      mustAbort: false,
      wish: 'abort',
      isEnding: false,
      inFlight: 0,
    };
    if (hasOffsets) this.identity.group.next(open.known);
    this.transaction = open;
    return open;
  }

  batch(open: OpenTransaction, line: Line, sizes: readonly number[]): void {
    const { producerId, producerEpoch, world } = this;
    const baseSequence = line.nextSequence;
    line.nextSequence += sizes.length;
    const ids = sizes.map((_, n) => `${idempotentId(producerId, producerEpoch, baseSequence + n)}/${open.known.name}`);
    const timestamp = BigInt(world.clock.now());
    const records = ids.map((id, n) => ({ timestamp, value: `${id}|${'x'.repeat(sizes[n] ?? 0)}` }));
    const bytes = batchOf(records, { producerId, producerEpoch, baseSequence, isTransactional: true });
    open.known.wrote(line.partition, ids);
    open.batches.push({ line, ids, bytes, state: 'made', firstLife: 0 });
  }

  /** A request goes out that may begin the transaction. */
  begins(open: OpenTransaction): void {
    open.mayHaveBegun = true;
    open.beganAt = Math.min(open.beganAt, this.world.clock.monotonic());
  }

  // ---- what may be answered

  /** Somebody else may have the id by now, or the coordinator has forgotten what it promised. */
  get mayBeFenced(): boolean {
    const { identity, world } = this;
    return (
      this.#isContested ||
      this.#isTainted ||
      world.idsExpire ||
      identity.initsSent > this.#initsAtStart ||
      this.#losses !== world.losses ||
      this.#mayHaveTimedOut
    );
  }

  get #mayHaveTimedOut(): boolean {
    const since = Math.min(this.transaction?.beganAt ?? Number.POSITIVE_INFINITY, this.#ghostAt);
    return this.world.clock.monotonic() - since > this.timeoutMs;
  }

  /** What follows from a code that is about the producer or its coordinator. Throws where there is no reason for it. */
  judge(code: number, what: string): Verdict {
    if (AGAIN.has(code)) return 'again';
    if (!FENCED.has(code) && !OVER.has(code))
      throw new Violation(`${this.name}: ${what} is answered ${errorName(code)}`);
    if (!this.mayBeFenced) {
      throw new Violation(`${this.name}: ${what} is answered ${errorName(code)}, and nobody else has the id`);
    }
    return FENCED.has(code) ? 'over' : 'abort';
  }
}
