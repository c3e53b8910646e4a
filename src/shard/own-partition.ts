/** A partition of this shard, as its coordinator sees it, for as long as it has this log. */
import type { LogConfig } from '../config/log-config.ts';
import type { CoordinatorPartition } from '../coordinator/coordinator-log.ts';
import type { Log } from '../storage/log.ts';
import type { Partition } from './partition.ts';

export class OwnPartition implements CoordinatorPartition {
  readonly topic: string;
  readonly partition: number;
  readonly #partition: Partition;
  readonly #log: Log;

  constructor(partition: Partition, log: Log) {
    this.topic = partition.topic;
    this.partition = partition.index;
    this.#partition = partition;
    this.#log = log;
  }

  get leaderEpoch(): number {
    return this.#partition.state.leaderEpoch;
  }

  get startOffset(): number {
    return this.#log.startOffset;
  }

  get endOffset(): number {
    return this.#log.sealedEndOffset;
  }

  get maxBatchBytes(): number {
    const { maxMessageBytes, segmentBytes }: LogConfig = this.#partition.config;
    return Math.min(maxMessageBytes, segmentBytes);
  }

  append(
    bytes: Buffer,
    transactionVersion: number,
    applied: (baseOffset: number) => void,
    settled: (errorCode: number) => void,
  ): void {
    this.#partition.appendOwn(bytes, transactionVersion, applied, settled);
    // The turn's records are together already.
    this.#partition.log?.flushStaged();
  }

  async read(offset: number, maxBytes: number): Promise<Buffer | null> {
    const read = await this.#log.read(offset, maxBytes, this.#log.endOffset);
    return read.error === null ? read.bytes : null;
  }

  makeSafe(): Promise<void> {
    return this.#partition.makeSafe(this.#log);
  }
}
