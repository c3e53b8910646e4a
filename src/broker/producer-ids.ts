/**
 * Producer ids for the producers of this shard: blocks of a thousand from control (KIP-730), handed out one by one. A block that was not
 * used up when the broker stops is lost, as in Kafka. Lives on a shard's thread; one a shard.
 */
import { ERRORS } from '../protocol/errors.ts';
import type { AllocateProducerIdsResponse } from '../protocol/schema/67-allocate-producer-ids.ts';

export class ProducerIds {
  readonly #allocate: () => Promise<AllocateProducerIdsResponse>;
  #next = 0;
  #end = 0;
  #pending: Promise<number> | null = null;

  constructor(allocate: () => Promise<AllocateProducerIdsResponse>) {
    this.#allocate = allocate;
  }

  /** The next id; or the code with which control refused a block. */
  async next(): Promise<{ errorCode: number; producerId: number }> {
    for (;;) {
      const producerId = this.take();
      if (producerId !== null) return { errorCode: ERRORS.NONE, producerId };
      const errorCode = await this.refill();
      if (errorCode !== ERRORS.NONE) return { errorCode, producerId: -1 };
    }
  }

  /** The next id, where there is one at hand. */
  take(): number | null {
    return this.#next < this.#end ? this.#next++ : null;
  }

  /** Resolves when there are ids, to NONE; or to the code with which control refused a block. */
  refill(): Promise<number> {
    if (this.#next < this.#end) return Promise.resolve(ERRORS.NONE);
    this.#pending ??= this.#fetchBlock();
    return this.#pending;
  }

  async #fetchBlock(): Promise<number> {
    try {
      const { errorCode, producerIdStart, producerIdLen } = await this.#allocate();
      if (errorCode === ERRORS.NONE) {
        this.#next = producerIdStart;
        this.#end = producerIdStart + producerIdLen;
      }
      return errorCode;
    } finally {
      this.#pending = null;
    }
  }
}
