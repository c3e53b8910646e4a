/** What tests of coordinators share: a log in memory, and a logger that takes an error for a failure. */
import assert from 'node:assert/strict';
import type { CoordinatorPartition } from '../../../src/coordinator/coordinator-log.ts';
import type { Logger } from '../../../src/port/log.ts';
import { BATCH, batchesOf } from '../../../src/protocol/batch.ts';
import type { VirtualClock } from '../../simulator/virtual-clock.ts';

/** A partition whose batches stand in memory. */
export class MemoryPartition implements CoordinatorPartition {
  readonly topic: string;
  readonly partition = 0;
  leaderEpoch = 1;
  readonly startOffset = 0;
  endOffset = 0;
  maxBatchBytes = 1_048_588;
  bytes: Buffer;
  refuses = 0;
  /** Of the last batch. */
  transactionVersion = -1;
  /** Commits are kept back while this is a list. */
  held: (() => void)[] | null = null;

  constructor(bytes: Buffer = Buffer.alloc(0), topic = '__consumer_offsets') {
    this.topic = topic;
    this.bytes = bytes;
    for (const { lastOffset } of batchesOf(bytes)) this.endOffset = lastOffset + 1;
  }

  append(
    bytes: Buffer,
    transactionVersion: number,
    applied: (baseOffset: number) => void,
    settled: (errorCode: number) => void,
  ): void {
    this.transactionVersion = transactionVersion;
    if (this.refuses !== 0) {
      settled(this.refuses);
      return;
    }
    const baseOffset = this.endOffset;
    assert.equal(Number(bytes.readBigInt64BE(BATCH.baseOffset)), baseOffset);
    this.bytes = Buffer.concat([this.bytes, bytes]);
    this.endOffset += bytes.readInt32BE(BATCH.lastOffsetDelta) + 1;
    applied(baseOffset);
    if (this.held === null) settled(0);
    else this.held.push(() => settled(0));
  }

  /** Why the medium does not take it. */
  fault: Error | null = null;

  makeSafe(): Promise<void> {
    return this.fault === null ? Promise.resolve() : Promise.reject(this.fault);
  }

  read(offset: number, maxBytes: number): Promise<Buffer | null> {
    let from = -1;
    let to = 0;
    for (const { position, sizeInBytes, lastOffset } of batchesOf(this.bytes)) {
      if (lastOffset < offset) continue;
      if (from < 0) from = position;
      else if (position + sizeInBytes - from > maxBytes) break;
      to = position + sizeInBytes;
    }
    return Promise.resolve(this.bytes.subarray(Math.max(0, from), to));
  }
}

export const silent: Logger = {
  debug() {},
  info() {},
  warn() {},
  error(message, fields) {
    throw new Error(`${message} ${JSON.stringify(fields)}`);
  },
  child: () => silent,
};

/** Runs what waits for the end of a turn until the promise is settled. */
export async function settled<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  let isDone = false;
  const watched = promise.finally(() => (isDone = true));
  // Looked at below.
  watched.catch(() => undefined);
  while (!isDone) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.runSoon();
  }
  return watched;
}
