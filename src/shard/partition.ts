/**
 * One partition that this shard leads: its log, its place in the cluster (machine/partition), and who waits for it.
 *
 *   append ─▶ admit ISR ─▶ log.append (admit sequence, seal, write) ─▶ applied ─▶ HW ─▶ waiting acks, watches
 *        └─▶ held-appends, where its transaction is not open here ─┘
 *   fetch  ─▶ epoch ─▶ divergence ─▶ log.locate ─▶ slice (one use of a slot counted)
 *
 * Lives on the owner's thread and is touched by no other. The calls never throw and make no promise where the log answers at once.
 */
import { readI16, readI64 } from '../base/bytes.ts';
import type { Uuid } from '../base/uuid.ts';
import type { LogConfig } from '../config/log-config.ts';
import type { PartitionState } from '../machine/partition/partition.ts';
import { ERRORS } from '../protocol/errors.ts';
import { ATTRIBUTE, BATCH, NO_PRODUCER_EPOCH, NO_PRODUCER_ID } from '../protocol/batch.ts';
import type { TransactionOfRequest } from '../protocol/transaction-of-request.ts';
import { markerBatch, type TransactionMarker } from '../protocol/transaction-marker.ts';
import type { AppendError } from '../storage/append.ts';
import type { Log } from '../storage/log.ts';
import { type AppendOrigin, UNVERIFIED, type Verification } from '../storage/producer-state.ts';
import type { Located } from '../storage/reader.ts';
import { type Settle, Ticket } from './append-ticket.ts';
import type { CommitFlush } from './commit-flush.ts';
import { HeldAppends } from './held-appends.ts';
import type { FetchCall, FetchItem, FetchResult } from './owner-calls.ts';
import { emptyResult, NOTHING, Read } from './partition-read.ts';
import type { Verified } from './verification.ts';
import type { Watch } from './watch.ts';

/** What a partition needs of its shard. */
export interface PartitionHost {
  /** Counts one use of the slot of a segment's descriptor for whoever sends the slice. */
  useSlot(slot: number): void;
  giveBackSlot(slot: number): void;
  /** Gives back the lease that `locate` took, after the use was counted. */
  releaseSegment(located: Located): void;
  now(): number;
  readonly commitFlush: CommitFlush;
  /** shard.flush.policy=commit */
  readonly flushesEachCommit: boolean;
  /** transaction.partition.verification.enable */
  readonly verifiesTransactions: boolean;
  /**
   * Asks the transaction coordinator whether a partition is part of a producer's transaction, or to make it so. `done` is called once, perhaps
   * inside the call; its code is the one for the producer.
   */
  verify(
    partition: Partition,
    producerId: number,
    producerEpoch: number,
    transaction: TransactionOfRequest,
    done: Verified,
  ): void;
  crc32c(bytes: Buffer): number;
  /** A bug in what answers later. */
  readonly crash: (error: unknown) => void;
}

const ALL = -1;

/** A transactional batch of a client that may have to wait. */
interface HeldAppend {
  readonly bytes: Buffer;
  readonly acks: number;
  readonly settle: Settle;
  readonly consumed: (() => void) | null;
  readonly transaction: TransactionOfRequest;
}

function refuse(settle: Settle, consumed: (() => void) | null, errorCode: number, errorMessage: string | null): void {
  consumed?.();
  settle({ errorCode, baseOffset: -1, logAppendTimeMs: -1n, logStartOffset: -1 }, errorMessage);
}

export class Partition {
  readonly topicId: Uuid;
  readonly topic: string;
  readonly index: number;
  readonly state: PartitionState;
  readonly watches = new Set<Watch>();
  config: LogConfig;
  /** Null until it has been opened, and from the moment its directory failed or it was closed. */
  log: Log | null = null;
  readonly #host: PartitionHost;
  /** Appends with acks=all whose offsets the high watermark has not passed, in the order of the log. */
  #waiting: Ticket[] = [];
  #held: HeldAppends<HeldAppend> | null = null;
  /** Whether the directory of the log failed: Kafka answers KAFKA_STORAGE_ERROR then. */
  offline = false;

  constructor(
    topicId: Uuid,
    topic: string,
    index: number,
    state: PartitionState,
    config: LogConfig,
    host: PartitionHost,
  ) {
    this.topicId = topicId;
    this.topic = topic;
    this.index = index;
    this.state = state;
    this.config = config;
    this.#host = host;
  }

  /** The code for a partition without a log: failed, or not (any more) ours. */
  get absence(): number {
    return this.offline ? ERRORS.KAFKA_STORAGE_ERROR : ERRORS.NOT_LEADER_OR_FOLLOWER;
  }

  // ---- append

  /**
   * Appends one validated batch of a client.
   *
   * @param acks 0, 1 or -1 (all)
   * @param settle called once, inside the call where everything is immediate; in order for the appends of one partition
   * @param consumed called once, before `settle` and perhaps long before it: `bytes` are needed no more
   * @param transaction of a transactional batch: it may be kept until the coordinator has been asked. Null for any other
   */
  append(
    bytes: Buffer,
    acks: number,
    settle: Settle,
    consumed: (() => void) | null = null,
    transaction: TransactionOfRequest | null = null,
  ): void {
    if (transaction === null || !this.#isVerified(transaction)) {
      this.#append(bytes, acks, settle, consumed, null, 'client', UNVERIFIED);
      return;
    }
    const holding = this.#holding();
    const verification = holding.verificationOf(bytes);
    const errorCode = this.log === null ? this.absence : this.state.checkAppend(acks, this.config.minInsyncReplicas);
    if (errorCode !== ERRORS.NONE) refuse(settle, consumed, errorCode, null);
    else if (verification === null) holding.add({ bytes, acks, settle, consumed, transaction });
    else this.#append(bytes, acks, settle, consumed, null, 'client', verification);
  }

  /**
   * Appends one batch of a coordinator that has this partition for its log: its own records, those of a producer's transaction (without
   * sequence), or the marker that ends one. With acks=all.
   *
   * @param transactionVersion of a marker; 0 for any other
   * @param applied called before `settled` where the batch stands in the log
   */
  appendOwn(
    bytes: Buffer,
    transactionVersion: number,
    applied: ((baseOffset: number) => void) | null,
    settled: (errorCode: number) => void,
  ): void {
    const verification = transactionVersion === 0 ? UNVERIFIED : { ...UNVERIFIED, transactionVersion };
    this.#append(bytes, ALL, ({ errorCode }) => settled(errorCode), null, applied, 'coordinator', verification);
  }

  /** Ends a producer's transaction here. */
  appendMarker(marker: TransactionMarker, settle: (errorCode: number) => void): void {
    if (marker.producerId === NO_PRODUCER_ID || marker.producerEpoch === NO_PRODUCER_EPOCH) {
      // Kafka cannot write such a batch, and has no code for it.
      settle(ERRORS.UNKNOWN_SERVER_ERROR);
      return;
    }
    const { leaderEpoch } = this.state;
    const fields = { baseOffset: 0, leaderEpoch: Math.max(0, leaderEpoch), timestamp: this.#host.now() };
    const bytes = markerBatch(marker, fields, (part) => this.#host.crc32c(part));
    this.appendOwn(bytes, marker.transactionVersion, null, settle);
  }

  #append(
    bytes: Buffer,
    acks: number,
    settle: Settle,
    consumed: (() => void) | null,
    applied: ((baseOffset: number) => void) | null,
    origin: AppendOrigin,
    verification: Verification,
  ): void {
    const { log } = this;
    const errorCode = log === null ? this.absence : this.state.checkAppend(acks, this.config.minInsyncReplicas);
    if (log === null || errorCode !== ERRORS.NONE) {
      refuse(settle, consumed, errorCode, null);
      return;
    }
    const logAppendTime = this.config.timestampType === 'LogAppendTime' ? BigInt(this.#host.now()) : null;
    const { leaderEpoch } = this.state;
    const ticket = new Ticket(
      this,
      bytes,
      leaderEpoch,
      logAppendTime,
      origin,
      verification,
      acks,
      settle,
      consumed,
      applied,
    );
    const isDone = log.append(ticket);
    if (this.#held !== null) this.#tellHeld(this.#held, ticket);
    if (isDone) ticket.consume();
  }

  /** Whether `append` of these bytes would be done with them inside the call. */
  takesInCall(bytes: Buffer, transaction: TransactionOfRequest | null = null): boolean {
    const isHeld =
      transaction !== null && this.#isVerified(transaction) && this.#holding().verificationOf(bytes) === null;
    return !isHeld && (this.log === null || this.log.takesInCall(bytes.length));
  }

  // ---- transactions

  #isVerified({ mode }: TransactionOfRequest): boolean {
    return mode === 'add' || this.#host.verifiesTransactions;
  }

  #holding(): HeldAppends<HeldAppend> {
    const host = this.#host;
    this.#held ??= new HeldAppends({
      producers: () => this.log?.producers ?? null,
      verify: (producerId, epoch, transaction, done) => host.verify(this, producerId, epoch, transaction, done),
      append: ({ bytes, acks, settle, consumed }, verification) => {
        const verified = verification.verified || !host.verifiesTransactions;
        this.#append(bytes, acks, settle, consumed, null, 'client', { ...verification, verified });
      },
      refuse: ({ settle, consumed }, errorCode, errorMessage) => refuse(settle, consumed, errorCode, errorMessage),
    });
    return this.#held;
  }

  /** A batch of a transaction that the log has taken. */
  #tellHeld(held: HeldAppends<HeldAppend>, { bytes, baseOffset, duplicate }: Ticket): void {
    const attributes = readI16(bytes, BATCH.attributes);
    if ((attributes & ATTRIBUTE.transactional) === 0 || baseOffset < 0 || duplicate) return;
    const isMarker = (attributes & ATTRIBUTE.control) !== 0;
    held.sealed(readI64(bytes, BATCH.producerId), readI16(bytes, BATCH.producerEpoch), isMarker);
  }

  // ---- what comes of appends

  /** Called by the log for each append, in order. */
  applied(ticket: Ticket, error: AppendError | null): void {
    const { log } = this;
    if (error !== null || log === null) {
      if (error === null || log === null) ticket.settle(this.absence, -1);
      else ticket.refuse(error, log);
      return;
    }
    ticket.tellApplied();
    if (!ticket.duplicate) {
      this.state.localAppended(log.endOffset);
      this.#advance(log, ticket.bytes.length);
    }
    if (ticket.acks === -1 && this.state.highWatermark <= ticket.lastOffset) this.#waiting.push(ticket);
    else this.#acknowledge(ticket, log, ERRORS.NONE);
  }

  /** What stands in the log is as safe as what is acknowledged: on the medium, where the settings ask for that. Rejects with a DiskFault. */
  async makeSafe(log: Log): Promise<void> {
    const isUnflushed = log.recoveryPoint < log.endOffset;
    if (isUnflushed && (this.#host.flushesEachCommit || log.flushDue(this.#host.now()))) await log.flush();
  }

  /** Tells the asker; where the settings ask for a flush first (shard.flush.policy, flush.messages, flush.ms), when that is done. */
  #acknowledge(ticket: Ticket, log: Log, errorCode: number): void {
    const { commitFlush, flushesEachCommit } = this.#host;
    const isFlushed = flushesEachCommit || log.flushDue(this.#host.now());
    if (!isFlushed || ticket.acks === 0 || errorCode !== ERRORS.NONE) {
      ticket.settle(errorCode, log.startOffset);
      return;
    }
    commitFlush.add(log, (isSafe) => ticket.settle(isSafe ? ERRORS.NONE : ERRORS.KAFKA_STORAGE_ERROR, log.startOffset));
  }

  /**
   * `bytes` more were appended, and the high watermark may have moved: tells the log, the appends that wait for it and the fetches. Of
   * several appends that one write applied the first moves it over all of them, so that each counts its own bytes.
   */
  #advance(log: Log, bytes: number): void {
    const before = log.highWatermark;
    const stableBefore = log.lastStableOffset;
    const moved = log.setHighWatermark(this.state.highWatermark);
    if (moved && this.#waiting.length > 0) this.#settleWaiting(log);
    if (this.watches.size === 0) return;
    const { highWatermark, lastStableOffset, endOffset } = log;
    const isAllRead = highWatermark === endOffset;
    const wasStable = stableBefore === before && lastStableOffset === highWatermark;
    for (const watch of Array.from(this.watches)) {
      if (watch.readCommitted ? isAllRead && wasStable : isAllRead) watch.grow(bytes);
      // More than these bytes has become readable: how much, the next read says.
      else if (watch.readCommitted ? lastStableOffset !== stableBefore : moved) watch.fire();
    }
  }

  #settleWaiting(log: Log): void {
    let done = 0;
    for (const ticket of this.#waiting) {
      if (this.state.highWatermark <= ticket.lastOffset) break;
      this.#acknowledge(ticket, log, this.state.checkCommitted(this.config.minInsyncReplicas));
      done++;
    }
    if (done > 0) this.#waiting = this.#waiting.slice(done);
  }

  /** Takes the log away: everything that waits is answered with `errorCode`. */
  detach(errorCode: number): Log | null {
    const { log } = this;
    this.log = null;
    this.#held?.clear(errorCode);
    for (const ticket of this.#waiting.splice(0)) ticket.settle(errorCode, -1);
    this.wakeAll();
    return log;
  }

  /** Wakes every waiting fetch: leader, state or existence of the partition changed. */
  wakeAll(): void {
    for (const watch of Array.from(this.watches)) watch.fire();
  }

  // ---- fetch

  /** Without `wantsRecords` the result has no slice: errors, watermarks and divergence only. */
  fetch(item: FetchItem, call: FetchCall, wantsRecords: boolean, complete: (result: FetchResult) => void): void {
    const { log } = this;
    const errorCode = log === null ? this.absence : this.state.checkEpoch(item.currentLeaderEpoch);
    if (log === null || errorCode !== ERRORS.NONE) {
      complete(this.#failedFetch(errorCode));
      return;
    }
    if (item.lastFetchedEpoch >= 0) {
      const end = log.endOffsetForEpoch(item.lastFetchedEpoch);
      if (end.endOffset < 0 || end.leaderEpoch < 0) {
        complete(this.#failedFetch(ERRORS.OFFSET_OUT_OF_RANGE));
        return;
      }
      if (end.leaderEpoch < item.lastFetchedEpoch || end.endOffset < item.fetchOffset) {
        complete(emptyResult(log, end.leaderEpoch, end.endOffset));
        return;
      }
    }
    // What is staged counts: the watermark that the read is told is the one after it.
    log.flushStaged();
    log.locate(new Read(log, item, call, wantsRecords, this.#host, complete));
  }

  #failedFetch(errorCode: number): FetchResult {
    const tellsLeader = errorCode === ERRORS.NOT_LEADER_OR_FOLLOWER || errorCode === ERRORS.FENCED_LEADER_EPOCH;
    return {
      ...NOTHING,
      errorCode,
      leaderId: tellsLeader ? this.state.leaderId : -1,
      leaderEpoch: tellsLeader ? this.state.leaderEpoch : -1,
    };
  }
}
