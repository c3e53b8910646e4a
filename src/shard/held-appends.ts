/**
 * Transactional batches whose producer has no open transaction in the partition: each waits until the transaction coordinator has said that
 * the partition is part of the transaction (KIP-890). Without that a batch that comes late would open a transaction that nobody ever ends.
 *
 *   append ─▶ open here? ── yes ──────────────────────────────────────────▶ log
 *                 │ no
 *   producer 7: [b0│b1│b2] ─▶ verify(b0) ── ok ──▶ b0, then b1 and b2, as the transaction is open now
 *                                  └─ error: b0 is told, b1 asks again
 *
 * A marker of the producer that is appended meanwhile ends what was asked about: what waits is void, whatever the answer says.
 *
 * Lives on the owner's thread; one a partition, from the first such batch on. Other producers, and batches without a transaction, never
 * wait here.
 */
import { BATCH } from '../protocol/batch.ts';
import { readI16, readI32, readI64 } from '../base/bytes.ts';
import { ERRORS } from '../protocol/errors.ts';
import type { TransactionOfRequest } from '../protocol/transaction-of-request.ts';
import type { ProducerStates, Verification } from '../storage/producer-state.ts';
import { UNVERIFIED } from '../storage/producer-state.ts';
import type { Verified } from './verification.ts';

/** One batch that waits, or may have to. */
export interface Holdable {
  /** They stay as they are for as long as the batch waits. */
  readonly bytes: Buffer;
  readonly transaction: TransactionOfRequest;
}

export interface HoldingParts<Held extends Holdable> {
  /** Null: the log is gone. */
  producers(): ProducerStates | null;
  /** Asks the coordinator; `done` is called once, perhaps inside the call. */
  verify(producerId: number, producerEpoch: number, transaction: TransactionOfRequest, done: Verified): void;
  append(held: Held, verification: Verification): void;
  refuse(held: Held, errorCode: number, errorMessage: string | null): void;
}

interface Waiting<Held> {
  readonly held: Held;
  readonly epoch: number;
  readonly sequence: number;
  /** A marker came after it. */
  isVoid: boolean;
}

interface Producer<Held> {
  epoch: number;
  /** The smallest that came since the last batch that was appended: a larger one must not become the first of a transaction. */
  lowestSequence: number;
  supportsEpochBump: boolean;
  isAsking: boolean;
  readonly waiting: Waiting<Held>[];
}

/** Batches of one producer that may wait: Java's producers have five on their way. */
const MOST_WAITING = 64;
/** Producers whose sequences are remembered after a refusal. */
const MOST_REFUSED = 1000;

export class HeldAppends<Held extends Holdable> {
  readonly #parts: HoldingParts<Held>;
  readonly #producers = new Map<number, Producer<Held>>();

  constructor(parts: HoldingParts<Held>) {
    this.#parts = parts;
  }

  /** For a batch whose transaction is open, behind none that wait; null: it is to be added. */
  verificationOf(bytes: Buffer): Verification | null {
    const producerId = readI64(bytes, BATCH.producerId);
    const producer = this.#producers.get(producerId);
    if (producer !== undefined && producer.waiting.length > 0) return null;
    if (!this.#isOpen(producerId, readI16(bytes, BATCH.producerEpoch))) return null;
    // As Kafka: sequences that were refused count for the transaction that is open, too.
    return producer === undefined ? UNVERIFIED : verificationOf(producer, true);
  }

  /** A transactional batch of a client that `verificationOf` knows nothing of: it is appended, refused or kept. */
  add(held: Held): void {
    const producerId = readI64(held.bytes, BATCH.producerId);
    const epoch = readI16(held.bytes, BATCH.producerEpoch);
    const known = this.#producers.get(producerId);
    if ((known === undefined || known.waiting.length === 0) && this.#isStale(producerId, epoch)) {
      this.#parts.refuse(held, ERRORS.INVALID_PRODUCER_EPOCH, null);
      return;
    }
    const sequence = readI32(held.bytes, BATCH.baseSequence);
    const producer = known ?? this.#newProducer(producerId, epoch, sequence, held.transaction);
    if (producer.waiting.length >= MOST_WAITING) {
      this.#parts.refuse(held, ERRORS.NOT_ENOUGH_REPLICAS, null);
      return;
    }
    lower(producer, sequence, epoch);
    producer.waiting.push({ held, epoch, sequence, isVoid: false });
    this.#goOn(producerId, producer);
  }

  /** A batch of a transaction, or a marker, was sealed: as Kafka, whoever was verified until then is verified no more. */
  sealed(producerId: number, producerEpoch: number, isMarker: boolean): void {
    const producer = this.#producers.get(producerId);
    if (producer === undefined) return;
    // With transaction version 2 a marker of this epoch ended the transaction before.
    if (isMarker && producer.supportsEpochBump && producer.epoch === producerEpoch) return;
    producer.lowestSequence = Number.POSITIVE_INFINITY;
    if (isMarker) for (const each of producer.waiting) each.isVoid = true;
    if (producer.waiting.length === 0 && !producer.isAsking) this.#producers.delete(producerId);
  }

  /** The log goes: whatever waits is refused. */
  clear(errorCode: number): void {
    const producers = [...this.#producers.values()];
    this.#producers.clear();
    for (const { waiting } of producers) {
      for (const { held } of waiting.splice(0)) this.#parts.refuse(held, errorCode, null);
    }
  }

  #newProducer(producerId: number, epoch: number, sequence: number, { mode }: TransactionOfRequest): Producer<Held> {
    if (this.#producers.size >= MOST_REFUSED) this.#forgetOne();
    const producer: Producer<Held> = {
      epoch,
      lowestSequence: sequence,
      supportsEpochBump: mode === 'add',
      isAsking: false,
      waiting: [],
    };
    this.#producers.set(producerId, producer);
    return producer;
  }

  #forgetOne(): void {
    for (const [producerId, { waiting }] of this.#producers) {
      if (waiting.length > 0) continue;
      this.#producers.delete(producerId);
      return;
    }
  }

  #isStale(producerId: number, epoch: number): boolean {
    const entry = this.#parts.producers()?.get(producerId);
    return entry !== undefined && epoch < entry.producerEpoch;
  }

  /** Also where there is no log any more: that is told by who appends. */
  #isOpen(producerId: number, epoch: number): boolean {
    return this.#parts.producers()?.hasOngoingTransaction(producerId, epoch) !== false;
  }

  /** Does what can be done with the first of those that wait, until one must be asked about. */
  #goOn(producerId: number, producer: Producer<Held>): void {
    while (!producer.isAsking && this.#producers.get(producerId) === producer) {
      const [first] = producer.waiting;
      if (first === undefined) {
        if (producer.lowestSequence === Number.POSITIVE_INFINITY) this.#producers.delete(producerId);
        return;
      }
      const { held, epoch, sequence } = first;
      if (this.#isStale(producerId, epoch)) {
        producer.waiting.shift();
        this.#parts.refuse(held, ERRORS.INVALID_PRODUCER_EPOCH, null);
      } else if (first.isVoid || this.#isOpen(producerId, epoch)) {
        producer.waiting.shift();
        this.#parts.append(held, verificationOf(producer, !first.isVoid));
      } else {
        lower(producer, sequence, epoch);
        producer.supportsEpochBump = held.transaction.mode === 'add';
        this.#ask(producerId, producer, first);
      }
    }
  }

  #ask(producerId: number, producer: Producer<Held>, first: Waiting<Held>): void {
    producer.isAsking = true;
    const { held, epoch } = first;
    this.#parts.verify(producerId, epoch, held.transaction, (errorCode, errorMessage) => {
      // The log has gone meanwhile: it was refused then.
      if (producer.waiting[0] !== first) return;
      producer.waiting.shift();
      producer.isAsking = false;
      if (errorCode === ERRORS.NONE) this.#parts.append(held, verificationOf(producer, !first.isVoid));
      else this.#parts.refuse(held, errorCode, errorMessage);
      this.#goOn(producerId, producer);
    });
  }
}

function lower<Held>(producer: Producer<Held>, sequence: number, epoch: number): void {
  if (epoch > producer.epoch) {
    producer.epoch = epoch;
    producer.lowestSequence = sequence;
  } else if (epoch === producer.epoch && sequence < producer.lowestSequence) producer.lowestSequence = sequence;
}

function verificationOf<Held>(producer: Producer<Held>, verified: boolean): Verification {
  const { lowestSequence, supportsEpochBump } = producer;
  return { verified, supportsEpochBump, lowestSequence, transactionVersion: 0 };
}
