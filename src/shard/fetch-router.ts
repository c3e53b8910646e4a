/**
 * A Fetch on the side of the connection: asks the owners, waits where there is too little, and cuts the slices to the response's limit.
 *
 *   read ─▶ enough, an error, or no time to wait? ── yes ─▶ cut (KIP-74) ─▶ done
 *    ▲                    │ no                                              ▲
 *    └── first wake ◀── one watch an owner, and one timer ── connection closed, or stop
 *
 * Every owner offers what each partition's own limit allows, until its slices alone fill the response; what the response cannot carry is given
 * back.
 * Lives on the thread of the connection; one object a Fetch that waits.
 */
import type { Clock, Timer } from '../port/clock.ts';
import { ERRORS } from '../protocol/errors.ts';
import type { Records } from '../protocol/records.ts';
import type { FetchCall, FetchItem, FetchQuestion, FetchResult, WatchCall } from './owner-calls.ts';
import type { Scatter } from './scatter.ts';

/** A partition's part of the answer: the owner's result, and the records as far as the response carries them. */
export interface FetchedPartition {
  readonly result: FetchResult;
  readonly records: Records;
}

export interface FetchLimits {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
}

export interface FetchRouterParts {
  readonly clock: Clock;
  readonly scatter: Scatter;
  /** Gives back a use of a slot that nothing will be sent from. */
  readonly giveBack: (slot: number) => void;
  /** Puts a watch on an owner: `wake` is called once, possibly at once. Returns how to take it off. */
  watch(owner: number, call: WatchCall, wake: () => void): () => void;
}

const EMPTY: Records = { kind: 'memory', bytes: Buffer.alloc(0) };

export class FetchRouter {
  readonly #parts: FetchRouterParts;
  readonly #waiting = new Set<Waiting>();
  #isStopped = false;

  constructor(parts: FetchRouterParts) {
    this.#parts = parts;
  }

  /**
   * Calls `done` once with a result for each item, in order. No item's `maxBytes` may be above the response's, so that an owner's
   * `oversized` says the truth for the first slice of the response too. Returns what ends the waiting: `done` is called then, without records.
   */
  fetch(question: FetchQuestion, limits: FetchLimits, done: (partitions: FetchedPartition[]) => void): () => void {
    const { scatter, giveBack } = this.#parts;
    const call: FetchCall = { ...question, maxBytes: limits.maxBytes };
    let waiting: Waiting | null = null;
    let mayWait = limits.maxWaitMs > 0;
    scatter.ask('fetch', call, (results) => {
      if (!mayWait || this.#isStopped || isEnough(call.items, results, limits.minBytes)) {
        done(cut(call.items, results, limits.maxBytes, giveBack));
        return;
      }
      waiting = new Waiting(this.#parts, call, limits, (partitions) => {
        if (waiting !== null) this.#waiting.delete(waiting);
        done(partitions);
      });
      this.#waiting.add(waiting);
      waiting.start(results);
    });
    return () => {
      mayWait = false;
      waiting?.end();
    };
  }

  /** Answers every Fetch that waits, and lets no other wait: the broker stops. */
  stop(): void {
    this.#isStopped = true;
    for (const waiting of this.#waiting) waiting.end();
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.size;
  }
}

/** Whether Kafka would answer at once: bytes, an error, a divergence, a partition at its own limit or at the end of an old segment. */
function isEnough(items: readonly FetchItem[], results: readonly FetchResult[], minBytes: number): boolean {
  if (items.length === 0) return true;
  let bytes = 0;
  for (let i = 0; i < results.length; i++) {
    const result = results[i] as FetchResult;
    if (result.errorCode !== ERRORS.NONE || result.divergingEpoch >= 0 || result.isBehind !== 0) return true;
    bytes += result.length;
    if (result.length > 0 && result.length >= (items[i] as FetchItem).maxBytes) return true;
  }
  return bytes >= minBytes;
}

/** KIP-74: request order, the response's limit, and never an empty answer because the first batch is larger than a limit. */
function cut(
  items: readonly FetchItem[],
  results: readonly FetchResult[],
  maxBytes: number,
  giveBack: (slot: number) => void,
): FetchedPartition[] {
  let left = maxBytes;
  let isFirst = true;
  const partitions: FetchedPartition[] = [];
  for (let i = 0; i < items.length; i++) {
    const result = results[i] as FetchResult;
    const { slot, position, firstBatchBytes } = result;
    let { length } = result;
    if (length > 0) {
      if (isFirst) length = result.oversized === 0 ? Math.min(length, left) : length;
      else length = result.oversized === 0 ? Math.min(length, Math.max(0, left)) : 0;
      // Kafka answers no part of a batch alone.
      if (length < firstBatchBytes) length = 0;
    }
    if (length > 0) {
      isFirst = false;
      left -= length;
      partitions.push({ result, records: { kind: 'file', slot, position, sizeInBytes: length } });
    } else {
      if (slot >= 0) giveBack(slot);
      // As Kafka: of a batch that the rest of the response has no room for nothing is told. Where there is no rest, the transactions are.
      const isCut = left > 0 && slot >= 0;
      partitions.push({ result: isCut ? { ...result, abortedTransactions: null } : result, records: EMPTY });
    }
  }
  return partitions;
}

class Waiting {
  readonly #parts: FetchRouterParts;
  readonly #call: FetchCall;
  readonly #limits: FetchLimits;
  readonly #done: (partitions: FetchedPartition[]) => void;
  readonly #deadline: number;
  #timer: Timer | null = null;
  #unwatch: (() => void)[] = [];
  /** As they were read last; their slices have been given back. */
  #results: readonly FetchResult[] = [];
  #isReading = false;
  /** The time is over, or nobody waits any more: what is being read is the answer. */
  #isDue = false;
  /** While watches are put up: a wake then is remembered and acted on when all are up. */
  #isArming = false;
  #wasWoken = false;

  constructor(
    parts: FetchRouterParts,
    call: FetchCall,
    limits: FetchLimits,
    done: (partitions: FetchedPartition[]) => void,
  ) {
    this.#parts = parts;
    this.#call = call;
    this.#limits = limits;
    this.#done = done;
    this.#deadline = parts.clock.monotonic() + limits.maxWaitMs;
  }

  start(results: readonly FetchResult[]): void {
    this.#timer = this.#parts.clock.after(this.#limits.maxWaitMs, () => {
      this.#isDue = true;
      this.#readAgain();
    });
    this.#wait(results);
  }

  /** Answers now, with what a reading under way brings or without records. */
  end(): void {
    this.#isDue = true;
    if (this.#isReading || this.#timer === null) return;
    this.#stopWatching();
    this.#answer(this.#results.map((result) => ({ result, records: EMPTY })));
  }

  #answer(partitions: FetchedPartition[]): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#done(partitions);
  }

  /** Gives the slices back (they will be read again) and watches every owner. */
  #wait(results: readonly FetchResult[]): void {
    this.#results = results;
    let missing = this.#limits.minBytes;
    const byOwner = new Map<number, WatchCall>();
    for (let i = 0; i < results.length; i++) {
      const item = this.#call.items[i] as FetchItem;
      const { slot, length, highWatermark, lastStableOffset } = results[i] as FetchResult;
      missing -= length;
      if (slot >= 0) this.#parts.giveBack(slot);
      const owner = this.#parts.scatter.owner(item.topicId, item.partition);
      let watch = byOwner.get(owner);
      if (!watch) {
        watch = { isolationLevel: this.#call.isolationLevel, missingBytes: 0, items: [] };
        byOwner.set(owner, watch);
      }
      watch.items.push({ topicId: item.topicId, partition: item.partition, highWatermark, lastStableOffset });
    }
    this.#isArming = true;
    this.#wasWoken = false;
    const wake = (): void => {
      if (this.#isArming) this.#wasWoken = true;
      else this.#readAgain();
    };
    for (const [owner, watch] of byOwner) {
      // Once all of it is there, some owner has its share; the others may have less.
      watch.missingBytes = Math.max(1, Math.ceil(missing / byOwner.size));
      this.#unwatch.push(this.#parts.watch(owner, watch, wake));
    }
    this.#isArming = false;
    if (this.#wasWoken) this.#parts.clock.soon(() => this.#readAgain());
  }

  #stopWatching(): void {
    for (const unwatch of this.#unwatch.splice(0)) unwatch();
  }

  #readAgain(): void {
    if (this.#isReading || this.#timer === null) return;
    this.#isReading = true;
    this.#stopWatching();
    this.#parts.scatter.ask('fetch', this.#call, (results) => {
      this.#isReading = false;
      const isLate = this.#isDue || this.#parts.clock.monotonic() >= this.#deadline;
      if (isLate || isEnough(this.#call.items, results, this.#limits.minBytes)) {
        this.#answer(cut(this.#call.items, results, this.#limits.maxBytes, this.#parts.giveBack));
      } else {
        this.#wait(results);
      }
    });
  }
}
