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
    while (this.#next >= this.#end) {
      this.#pending ??= this.#fetchBlock();
      const errorCode = await this.#pending;
      if (errorCode !== ERRORS.NONE) return { errorCode, producerId: -1 };
    }
    return { errorCode: ERRORS.NONE, producerId: this.#next++ };
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
