/**
 * Has the markers of prepared transactions written into all their partitions: a few at once, each again until its partition has taken it.
 *
 *   send(transaction) ─▶ queue ─▶ write ─▶ committed ─▶ … ─▶ done, when the last one is
 *                          ▲        │
 *                          └─ later ┘  the partition could not take it now
 *
 * Lives on a shard's thread; one a shard, for all its coordinators. A transaction over thousands of partitions is a cursor here, not a
 * message each at once.
 */
import type { PendingMarkers } from '../machine/transaction/decision.ts';
import type { Clock } from '../port/clock.ts';
import type { Logger } from '../port/log.ts';
import { ERRORS, errorName } from '../protocol/errors.ts';
import type { TransactionMarker } from '../protocol/transaction-marker.ts';

/** Markers of a shard that are on their way at the same time. */
const MAX_IN_FLIGHT = 512;
/** A partition that cannot take a marker now is asked again after so long. */
const RETRY_MS = 100;

export interface TransactionMarkersParts {
  readonly clock: Clock;
  readonly log: Logger;
  /** Calls `done` once with a code of Kafka's, in the call or later. */
  write(topic: string, partition: number, marker: TransactionMarker, done: (errorCode: number) => void): void;
}

interface Target {
  readonly topic: string;
  readonly partition: number;
}

interface Job {
  readonly transactionalId: string;
  readonly marker: TransactionMarker;
  readonly targets: Iterator<Target>;
  readonly isStopped: () => boolean;
  readonly done: () => void;
  /** Markers that are on their way or come again. */
  open: number;
  isExhausted: boolean;
  /** A later coordinator has taken over. */
  isFenced: boolean;
}

export class TransactionMarkers {
  readonly #parts: TransactionMarkersParts;
  readonly #queue: Job[] = [];
  readonly #again: { readonly job: Job; readonly target: Target }[] = [];
  #inFlight = 0;
  #isPumping = false;

  constructor(parts: TransactionMarkersParts) {
    this.#parts = parts;
  }

  /** Markers on their way, and transactions that have more to send; for limits and tests. */
  get held(): { readonly inFlight: number; readonly transactions: number } {
    return { inFlight: this.#inFlight, transactions: this.#queue.length };
  }

  /**
   * @param isStopped the coordinator has ended: the rest is not sent, and nothing is told
   * @param done called once, when every partition that still exists has its marker
   */
  send(pending: PendingMarkers, coordinatorEpoch: number, isStopped: () => boolean, done: () => void): void {
    const { transactionalId, producerId, producerEpoch, commit, transactionVersion } = pending;
    const marker = { producerId, producerEpoch, commit, coordinatorEpoch, transactionVersion };
    const targets = targetsOf(pending);
    this.#queue.push({
      transactionalId,
      marker,
      targets,
      isStopped,
      done,
      open: 0,
      isExhausted: false,
      isFenced: false,
    });
    this.#pump();
  }

  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (this.#inFlight < MAX_IN_FLIGHT) {
      const again = this.#again.shift();
      if (again !== undefined) {
        if (!again.job.isFenced && !again.job.isStopped()) this.#write(again.job, again.target);
        continue;
      }
      const job = this.#queue[0];
      if (job === undefined) break;
      const next = job.isFenced || job.isStopped() ? null : job.targets.next();
      if (next !== null && next.done !== true) {
        job.open++;
        this.#write(job, next.value);
        continue;
      }
      this.#queue.shift();
      job.isExhausted = true;
      this.#finish(job);
    }
    this.#isPumping = false;
  }

  #write(job: Job, target: Target): void {
    this.#inFlight++;
    this.#parts.write(target.topic, target.partition, job.marker, (errorCode) => {
      this.#inFlight--;
      this.#written(job, target, errorCode);
      this.#pump();
    });
  }

  #written(job: Job, target: Target, errorCode: number): void {
    const { clock, log } = this.#parts;
    const isOver = job.isFenced || job.isStopped();
    switch (errorCode) {
      case ERRORS.NONE:
      // The topic was deleted: there is nothing to end.
      case ERRORS.UNKNOWN_TOPIC_OR_PARTITION:
        break;
      // The producer is past this transaction there, so that nothing of it is open (an administrator has ended it).
      case ERRORS.INVALID_PRODUCER_EPOCH:
        this.#warn(job, target, errorCode);
        break;
      case ERRORS.TRANSACTION_COORDINATOR_FENCED:
        job.isFenced = true;
        this.#warn(job, target, errorCode);
        break;
      default:
        if (isOver) break;
        log.debug('A marker comes again', { ...target, error: errorName(errorCode) });
        clock.after(RETRY_MS, () => {
          this.#again.push({ job, target });
          this.#pump();
        });
        return;
    }
    job.open--;
    this.#finish(job);
  }

  #warn({ transactionalId }: Job, { topic, partition }: Target, errorCode: number): void {
    const at = `${topic}-${partition}`;
    this.#parts.log.warn('A partition refused the marker of a transaction', {
      transactionalId,
      partition: at,
      error: errorName(errorCode),
    });
  }

  #finish(job: Job): void {
    if (job.isExhausted && job.open === 0 && !job.isFenced && !job.isStopped()) job.done();
  }
}

function* targetsOf({ topics }: PendingMarkers): Generator<Target> {
  for (const { topic, partitionIds } of topics) for (const partition of partitionIds) yield { topic, partition };
}
