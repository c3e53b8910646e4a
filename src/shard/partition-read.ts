/**
 * One partition's part of a Fetch, on the owner's thread: from the slice that the log locates to the result that the asker is told.
 */
import { DiskFault } from '../port/disk.ts';
import { ERRORS } from '../protocol/errors.ts';
import type { Log } from '../storage/log.ts';
import type { Located, ReadError, ReadRequest } from '../storage/reader.ts';
import type { FetchCall, FetchItem, FetchResult } from './owner-calls.ts';
import type { PartitionHost } from './partition.ts';

const CONSUMER = -1;
const READ_COMMITTED = 1;

/** A fetch result that carries nothing. */
export const NOTHING: FetchResult = {
  errorCode: ERRORS.NONE,
  highWatermark: -1,
  lastStableOffset: -1,
  logStartOffset: -1,
  slot: -1,
  position: 0,
  length: 0,
  firstBatchBytes: 0,
  oversized: 0,
  isBehind: 0,
  divergingEpoch: -1,
  divergingEndOffset: -1,
  leaderId: -1,
  leaderEpoch: -1,
  abortedTransactions: null,
};

export function emptyResult(log: Log, divergingEpoch: number, divergingEndOffset: number): FetchResult {
  return {
    ...NOTHING,
    highWatermark: log.highWatermark,
    lastStableOffset: log.lastStableOffset,
    logStartOffset: log.startOffset,
    divergingEpoch,
    divergingEndOffset,
  };
}

const READ_ERRORS = {
  'offset-out-of-range': ERRORS.OFFSET_OUT_OF_RANGE,
  'corrupt-message': ERRORS.CORRUPT_MESSAGE,
  'kafka-storage-error': ERRORS.KAFKA_STORAGE_ERROR,
} as const satisfies Record<ReadError, number>;

/** One read of a Fetch on its way through the log. */
export class Read implements ReadRequest {
  readonly offset: number;
  readonly maxBytes: number;
  readonly upperBound: number;
  readonly minOneMessage: boolean;
  readonly #log: Log;
  /** As the read began: what the asker is told it saw, and what its watch is compared with. They may move before it ends. */
  readonly #highWatermark: number;
  readonly #lastStableOffset: number;
  readonly #logStartOffset: number;
  readonly #isolationLevel: number;
  readonly #host: PartitionHost;
  readonly #complete: (result: FetchResult) => void;

  constructor(
    log: Log,
    item: FetchItem,
    call: FetchCall,
    wantsRecords: boolean,
    host: PartitionHost,
    complete: (result: FetchResult) => void,
  ) {
    this.#log = log;
    this.offset = item.fetchOffset;
    this.maxBytes = wantsRecords ? Math.max(0, item.maxBytes) : 0;
    this.minOneMessage = wantsRecords;
    this.#isolationLevel = call.isolationLevel;
    this.#highWatermark = log.highWatermark;
    this.#lastStableOffset = log.lastStableOffset;
    this.#logStartOffset = log.startOffset;
    if (call.replicaId !== CONSUMER && call.replicaId >= 0) this.upperBound = log.endOffset;
    else this.upperBound = call.isolationLevel === READ_COMMITTED ? this.#lastStableOffset : this.#highWatermark;
    this.#host = host;
    this.#complete = complete;
  }

  complete(located: Located): void {
    const log = this.#log;
    if (located.error !== null) {
      this.#complete({ ...NOTHING, errorCode: READ_ERRORS[located.error] });
      return;
    }
    // Without a slot no other thread can send from it: all are taken, and the next read finds one.
    const length = located.slot < 0 ? 0 : located.length;
    if (located.length > 0 && length === 0) this.#host.releaseSegment(located);
    const result: FetchResult = {
      errorCode: ERRORS.NONE,
      highWatermark: this.#highWatermark,
      lastStableOffset: this.#lastStableOffset,
      logStartOffset: this.#logStartOffset,
      slot: length > 0 ? located.slot : -1,
      position: located.position,
      length,
      firstBatchBytes: located.firstBatchBytes,
      oversized: length > this.maxBytes ? 1 : 0,
      isBehind: length > 0 && log.hasLaterSegment(located, this.upperBound) ? 1 : 0,
      divergingEpoch: -1,
      divergingEndOffset: -1,
      leaderId: -1,
      leaderEpoch: -1,
      abortedTransactions: null,
    };
    if (length > 0) {
      this.#host.useSlot(located.slot);
      this.#host.releaseSegment(located);
    }
    if (this.#isolationLevel === READ_COMMITTED) this.#listAborted(result, located);
    else this.#complete(result);
  }

  #listAborted(result: FetchResult, located: Located): void {
    this.#log.abortedTransactions(this.offset, located).then(
      (aborted) => {
        if (aborted !== null) {
          this.#complete({ ...result, abortedTransactions: [...aborted] });
          return;
        }
        // What was to be read has left the log.
        if (result.slot >= 0) this.#host.giveBackSlot(result.slot);
        this.#complete({ ...NOTHING, errorCode: ERRORS.OFFSET_OUT_OF_RANGE });
      },
      (error: unknown) => {
        // The log has gone offline by itself. Whatever is not the disk's fault is a bug.
        if (!(error instanceof DiskFault)) this.#host.crash(error);
        if (result.slot >= 0) this.#host.giveBackSlot(result.slot);
        this.#complete({ ...NOTHING, errorCode: ERRORS.KAFKA_STORAGE_ERROR });
      },
    );
  }
}
