/**
 * What a partition remembers of its idempotent and transactional producers (KIP-98, KIP-360, KIP-890).
 *
 * Of each producer id: its epoch, the last five batches (a batch that comes again is answered with its first offset), and where its
 * open transaction begins. From the open transactions, and those that ended above the high watermark, follows the first
 * unstable offset, and with it how far a read_committed consumer may read.
 *
 *   check(batch)  ─ ok ─▶  update(batch)                    a client's batch: one at a time, nothing changes when it is refused
 *                 ─ duplicate: first offset, or an error
 */
import { decrementSequence, inSequence } from './batch-header.ts';
import type { BatchHeader, EndTransactionMarker } from './batch-header.ts';
import type { ProducerSnapshotEntry } from './producer-snapshot.ts';

/** How many batches of a producer are remembered: as many as it may have in flight. */
const BATCHES_RETAINED = 5;

export type AppendOrigin = 'client' | 'coordinator' | 'raft' | 'follower';

export type ProducerError =
  | 'invalid-producer-epoch'
  | 'out-of-order-sequence-number'
  | 'invalid-txn-state'
  | 'transaction-coordinator-fenced';

/** A remembered batch. */
export interface ProducerBatch {
  lastSequence: number;
  lastOffset: number;
  offsetDelta: number;
  timestamp: bigint;
}

export class ProducerEntry implements ProducerSnapshotEntry {
  readonly producerId: number;
  producerEpoch: number;
  coordinatorEpoch = -1;
  /** Of the last batch or marker. */
  timestamp = -1n;
  currentTxnFirstOffset = -1;
  /** The oldest first, at most five. */
  readonly batches: ProducerBatch[] = [];

  constructor(producerId: number, producerEpoch: number) {
    this.producerId = producerId;
    this.producerEpoch = producerEpoch;
  }

  get lastSequence(): number {
    return this.batches.at(-1)?.lastSequence ?? -1;
  }

  get lastOffset(): number {
    return this.batches.at(-1)?.lastOffset ?? -1;
  }

  get offsetDelta(): number {
    return this.batches.at(-1)?.offsetDelta ?? 0;
  }

  setEpoch(epoch: number): void {
    if (epoch === this.producerEpoch) return;
    this.batches.length = 0;
    this.producerEpoch = epoch;
  }

  add(lastSequence: number, lastOffset: number, offsetDelta: number, timestamp: bigint): void {
    if (this.batches.length < BATCHES_RETAINED) {
      this.batches.push({ lastSequence, lastOffset, offsetDelta, timestamp });
      return;
    }
    const oldest = this.batches.shift() as ProducerBatch;
    oldest.lastSequence = lastSequence;
    oldest.lastOffset = lastOffset;
    oldest.offsetDelta = offsetDelta;
    oldest.timestamp = timestamp;
    this.batches.push(oldest);
  }

  /** Puts the batches that a snapshot does not hold in front of its one; `batches` ends with it. */
  recall(batches: readonly ProducerBatch[]): void {
    if (this.batches.length >= batches.length) return;
    this.batches.splice(0, this.batches.length, ...batches);
  }

  /** The remembered batch with just these sequence numbers. */
  duplicateOf(header: BatchHeader): ProducerBatch | null {
    if (header.producerEpoch !== this.producerEpoch) return null;
    const last = header.lastSequence;
    for (const batch of this.batches) {
      if (batch.lastSequence !== last) continue;
      if (decrementSequence(batch.lastSequence, batch.offsetDelta) === header.baseSequence) return batch;
    }
    return null;
  }
}

/** A transaction that has ended. */
export interface CompletedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  /** Of the marker. */
  readonly lastOffset: number;
  readonly aborted: boolean;
}

/** What the transaction layer knows about a batch, for a partition that asks it (KIP-890). */
export interface Verification {
  /** The batch's producer has this partition in its transaction, or nobody asks. */
  readonly verified: boolean;
  /** The producer bumps its epoch with each transaction (transaction version 2), so that a first sequence must be 0. */
  readonly supportsEpochBump: boolean;
  /** The smallest sequence that has come in the transaction and was not appended: a larger one cannot be its first. */
  readonly lowestSequence: number;
  /** The transaction version of a marker: 2 bumps the epoch, so that an equal epoch is stale. */
  readonly transactionVersion: number;
}

export const UNVERIFIED: Verification = {
  verified: true,
  supportsEpochBump: false,
  lowestSequence: Number.POSITIVE_INFINITY,
  transactionVersion: 0,
};

/** One a log, on its owner's thread. */
export class ProducerStates {
  readonly #producers = new Map<number, ProducerEntry>();
  /** First offset → producer id, ascending, as a transaction's first offset is always the newest. */
  readonly #ongoing = new Map<number, number>();
  /** First offset → offset of the marker, of transactions whose marker is not below the high watermark yet. */
  readonly #unreplicated = new Map<number, number>();
  /** How many producers there were at once, at most. */
  #most = 0;
  /** The offset up to which batches are in this state. */
  mapEndOffset = 0;
  /** The offset of the newest snapshot. */
  snapshotOffset = 0;

  get size(): number {
    return this.#producers.size;
  }

  get(producerId: number): ProducerEntry | undefined {
    return this.#producers.get(producerId);
  }

  /** For DescribeProducers and snapshots: in the order in which Kafka has them, so that its files and ours are the same. */
  entries(): readonly ProducerEntry[] {
    return inOrderOfHashes([...this.#producers.values()], this.#most);
  }

  hasOngoingTransaction(producerId: number, producerEpoch: number): boolean {
    const entry = this.#producers.get(producerId);
    return entry !== undefined && entry.producerEpoch === producerEpoch && entry.currentTxnFirstOffset >= 0;
  }

  /** The first offset of the oldest transaction that is open, or ended at or above the high watermark; -1 where there is none. */
  get firstUnstableOffset(): number {
    let first = this.firstUndecidedOffset;
    for (const offset of this.#unreplicated.keys()) if (first < 0 || offset < first) first = offset;
    return first;
  }

  /** The first offset of the oldest open transaction; -1 where there is none. */
  get firstUndecidedOffset(): number {
    for (const offset of this.#ongoing.keys()) return offset;
    return -1;
  }

  /**
   * Whether a batch with a producer id may be appended. Only looks. Follower and raft batches were checked by their leader.
   */
  check(
    header: BatchHeader,
    origin: AppendOrigin,
    marker: EndTransactionMarker | null,
    verification: Verification,
  ): ProducerError | null {
    if (origin === 'follower' || origin === 'raft') return null;
    const entry = this.#producers.get(header.producerId);
    if (header.isControl) return marker === null ? null : checkMarker(entry, header, marker, verification);
    if (entry !== undefined && header.producerEpoch < entry.producerEpoch) return 'invalid-producer-epoch';
    if (header.isTransactional && !verification.verified) {
      if (!this.hasOngoingTransaction(header.producerId, header.producerEpoch)) return 'invalid-txn-state';
    }
    if (origin === 'client') {
      const error = checkSequence(entry, header, verification);
      if (error !== null) return error;
    }
    return entry !== undefined && entry.currentTxnFirstOffset >= 0 && !header.isTransactional
      ? 'invalid-txn-state'
      : null;
  }

  /** Takes a batch with a producer id in, at its final offsets. A marker that ends a transaction is told by the result. */
  update(header: BatchHeader, marker: EndTransactionMarker | null): CompletedTransaction | null {
    if (header.isControl) return marker === null ? null : this.#end(header, marker);
    const entry = this.#entry(header.producerId, header.producerEpoch);
    entry.setEpoch(header.producerEpoch);
    entry.add(header.lastSequence, header.lastOffset, header.lastOffset - header.baseOffset, header.maxTimestamp);
    entry.timestamp = header.maxTimestamp;
    if (header.isTransactional && entry.currentTxnFirstOffset < 0) {
      entry.currentTxnFirstOffset = header.baseOffset;
      this.#ongoing.set(header.baseOffset, header.producerId);
    }
    return null;
  }

  #entry(producerId: number, producerEpoch: number): ProducerEntry {
    let entry = this.#producers.get(producerId);
    if (entry === undefined) {
      entry = new ProducerEntry(producerId, producerEpoch);
      this.#add(entry);
    }
    return entry;
  }

  #add(entry: ProducerEntry): void {
    this.#producers.set(entry.producerId, entry);
    if (this.#producers.size > this.#most) this.#most = this.#producers.size;
  }

  #end(header: BatchHeader, marker: EndTransactionMarker): CompletedTransaction | null {
    const entry = this.#entry(header.producerId, header.producerEpoch);
    entry.setEpoch(header.producerEpoch);
    entry.coordinatorEpoch = marker.coordinatorEpoch;
    entry.timestamp = marker.timestamp;
    const firstOffset = entry.currentTxnFirstOffset;
    entry.currentTxnFirstOffset = -1;
    if (firstOffset < 0) return null;
    return {
      producerId: header.producerId,
      firstOffset,
      lastOffset: header.baseOffset,
      aborted: marker.abort,
    };
  }

  /** What the last stable offset is once `completed` has ended: the next open transaction, or what follows the marker. */
  lastStableOffsetAfter(completed: CompletedTransaction): number {
    for (const [offset, producerId] of this.#ongoing) if (producerId !== completed.producerId) return offset;
    return completed.lastOffset + 1;
  }

  /** The transaction is no longer open; it stays unstable until its marker is below the high watermark. */
  complete(completed: CompletedTransaction): void {
    this.#ongoing.delete(completed.firstOffset);
    this.#unreplicated.set(completed.firstOffset, completed.lastOffset);
  }

  onHighWatermark(highWatermark: number): void {
    if (this.#unreplicated.size === 0) return;
    for (const [offset, lastOffset] of this.#unreplicated) {
      if (lastOffset < highWatermark) this.#unreplicated.delete(offset);
    }
  }

  /** Producers without an open transaction that were silent for so long are forgotten; any first sequence is then taken. */
  expire(now: number, expirationMs: number): void {
    for (const [producerId, entry] of this.#producers) {
      if (isExpired(entry, now, expirationMs)) this.#producers.delete(producerId);
    }
  }

  /** The log begins at `offset` now. */
  onStartOffset(offset: number): void {
    this.onHighWatermark(offset);
    if (this.mapEndOffset < offset) this.mapEndOffset = offset;
  }

  clear(): void {
    this.#producers.clear();
    this.#ongoing.clear();
    this.#unreplicated.clear();
  }

  /** Begins again from a snapshot, without those that have expired. */
  load(entries: readonly ProducerSnapshotEntry[], offset: number, now: number, expirationMs: number): void {
    this.clear();
    const open: ProducerEntry[] = [];
    for (const saved of entries) {
      const entry = new ProducerEntry(saved.producerId, saved.producerEpoch);
      entry.coordinatorEpoch = saved.coordinatorEpoch;
      if (saved.lastOffset >= 0) entry.add(saved.lastSequence, saved.lastOffset, saved.offsetDelta, saved.timestamp);
      entry.timestamp = saved.timestamp;
      entry.currentTxnFirstOffset = saved.currentTxnFirstOffset;
      if (isExpired(entry, now, expirationMs)) continue;
      this.#add(entry);
      if (entry.currentTxnFirstOffset >= 0) open.push(entry);
    }
    open.sort((a, b) => a.currentTxnFirstOffset - b.currentTxnFirstOffset);
    for (const entry of open) this.#ongoing.set(entry.currentTxnFirstOffset, entry.producerId);
    this.mapEndOffset = offset;
    this.snapshotOffset = offset;
  }
}

/** The order of a HashMap of Java's, which grows with the most entries that it ever had: by buckets, in each the oldest first. */
function inOrderOfHashes(entries: ProducerEntry[], most: number): ProducerEntry[] {
  let buckets = 16;
  while (most > buckets * 0.75) buckets *= 2;
  const bucketOf = ({ producerId }: ProducerEntry): number => {
    const hash = (producerId >>> 0) ^ Math.floor(producerId / 2 ** 32);
    return (hash ^ (hash >>> 16)) & (buckets - 1);
  };
  return entries.sort((a, b) => bucketOf(a) - bucketOf(b));
}

function isExpired(entry: ProducerEntry, now: number, expirationMs: number): boolean {
  return entry.currentTxnFirstOffset < 0 && now - Number(entry.timestamp) >= expirationMs;
}

function checkSequence(
  entry: ProducerEntry | undefined,
  header: BatchHeader,
  verification: Verification,
): ProducerError | null {
  const unknown = entry === undefined || entry.batches.length === 0;
  if (verification.supportsEpochBump && header.baseSequence !== 0 && unknown) return 'out-of-order-sequence-number';
  if (header.baseSequence > verification.lowestSequence) return 'out-of-order-sequence-number';
  if (entry === undefined) return null;
  if (header.producerEpoch !== entry.producerEpoch) {
    return header.baseSequence === 0 ? null : 'out-of-order-sequence-number';
  }
  // A producer of which only a marker is known has no last sequence: its next one is 0.
  return inSequence(entry.lastSequence, header.baseSequence) ? null : 'out-of-order-sequence-number';
}

function checkMarker(
  entry: ProducerEntry | undefined,
  header: BatchHeader,
  marker: EndTransactionMarker,
  verification: Verification,
): ProducerError | null {
  if (entry === undefined) return null;
  const bumps = verification.transactionVersion >= 2;
  const stale = bumps ? header.producerEpoch <= entry.producerEpoch : header.producerEpoch < entry.producerEpoch;
  if (stale) {
    const again = bumps && header.producerEpoch === entry.producerEpoch;
    const harmless = again && (entry.currentTxnFirstOffset < 0 || header.producerEpoch === 0x7fff);
    if (!harmless) return 'invalid-producer-epoch';
  }
  return entry.coordinatorEpoch > marker.coordinatorEpoch ? 'transaction-coordinator-fenced' : null;
}
