/**
 * One partition of `__consumer_offsets` in memory, as a coordinator sees it: it applies at once or later, commits later, refuses, or is
 * lost. What is committed survives every crash; of the rest, a beginning may.
 */
import assert from 'node:assert/strict';
import type { SeededRandom } from '../../../src/base/prng.ts';
import type { CoordinatorPartition } from '../../../src/coordinator/coordinator-log.ts';
import { batchesOf, NO_PRODUCER_ID } from '../../../src/protocol/batch.ts';
import { ERRORS } from '../../../src/protocol/errors.ts';
import type { VirtualClock } from '../virtual-clock.ts';

function isOfProducer(bytes: Buffer): boolean {
  return [...batchesOf(bytes)].some(({ producerId }) => producerId !== NO_PRODUCER_ID);
}

interface StoredBatch {
  readonly bytes: Buffer;
  readonly baseOffset: number;
  readonly endOffset: number;
}

export class MemoryPartition implements CoordinatorPartition {
  readonly topic = '__consumer_offsets';
  readonly partition = 0;
  readonly startOffset = 0;
  readonly maxBatchBytes = 1 << 20;
  leaderEpoch: number;
  readonly #batches: StoredBatch[];
  readonly #clock: VirtualClock;
  readonly #random: SeededRandom;
  /** Chance that an append is refused, and that the log is lost afterwards. */
  faults = 0;
  committedOffset: number;
  #isGone = false;
  #lastSettled = 0;

  constructor(clock: VirtualClock, random: SeededRandom, leaderEpoch = 0, batches: readonly StoredBatch[] = []) {
    this.#clock = clock;
    this.#random = random;
    this.leaderEpoch = leaderEpoch;
    this.#batches = [...batches];
    this.committedOffset = this.endOffset;
  }

  get endOffset(): number {
    return this.#batches.at(-1)?.endOffset ?? 0;
  }

  append(
    bytes: Buffer,
    _transactionVersion: number,
    applied: (baseOffset: number) => void,
    settled: (errorCode: number) => void,
  ): void {
    const random = this.#random;
    if (random.chance(this.faults)) {
      const codes: number[] = [ERRORS.NOT_ENOUGH_REPLICAS, ERRORS.REQUEST_TIMED_OUT, ERRORS.MESSAGE_TOO_LARGE];
      // What concerns one producer only.
      if (isOfProducer(bytes)) codes.push(ERRORS.INVALID_PRODUCER_EPOCH);
      this.#soon(() => settled(codes[random.below(codes.length)] ?? 0));
      return;
    }
    this.#soon(() => {
      const header = [...batchesOf(bytes)][0];
      assert.ok(header !== undefined);
      const baseOffset = this.endOffset;
      assert.equal(header.baseOffset, baseOffset, 'a batch says where it stands');
      const endOffset = header.lastOffset + 1;
      this.#batches.push({ bytes: Buffer.from(bytes), baseOffset, endOffset });
      // Commits come in the order of the log.
      this.#lastSettled = Math.max(this.#lastSettled, this.#clock.monotonic() + random.below(20));
      this.#clock.after(this.#lastSettled - this.#clock.monotonic(), () => {
        if (this.#isGone) return;
        this.committedOffset = endOffset;
        settled(ERRORS.NONE);
      });
      // Last: the next batch may come inside the call.
      applied(baseOffset);
    });
  }

  #soon(run: () => void): void {
    const later = (): void => {
      if (!this.#isGone) run();
    };
    if (this.#random.chance(0.5)) later();
    else this.#clock.after(this.#random.below(10), later);
  }

  makeSafe(): Promise<void> {
    return Promise.resolve();
  }

  read(offset: number): Promise<Buffer> {
    return Promise.resolve(
      Buffer.concat(this.#batches.filter(({ endOffset }) => endOffset > offset).map(({ bytes }) => bytes)),
    );
  }

  /** Nothing of this one calls back any more. What the next leader finds: all that was committed, and perhaps more. */
  next(): MemoryPartition {
    this.#isGone = true;
    const safe = this.#batches.filter(({ endOffset }) => endOffset <= this.committedOffset).length;
    const kept = safe + this.#random.below(this.#batches.length - safe + 1);
    return new MemoryPartition(this.#clock, this.#random, this.leaderEpoch + 1, this.#batches.slice(0, kept));
  }

  /** What is committed, for a coordinator that only reads. */
  copy(): MemoryPartition {
    const safe = this.#batches.filter(({ endOffset }) => endOffset <= this.committedOffset);
    return new MemoryPartition(this.#clock, this.#random, this.leaderEpoch, safe);
  }
}
