/**
 * From an offset to a slice of a file.
 *
 *   offset in the ring of newest batches ──────────────────────────────▶ slice, inside the call
 *   older: segment → offset index → walk batch headers → page cache ──▶ slice, later
 *
 * A slice begins with the batch that holds the offset and may end inside a batch; it never passes the caller's bound (high watermark
 * or last stable offset), nor the end of a segment.
 */
import { assert } from '../base/assert.ts';
import { DiskFault } from '../port/disk.ts';
import type { DiskFile } from '../port/disk.ts';
import { DAMAGED, findBatch } from './batch-walk.ts';
import { ensureIndexes, mendIndexes } from './index-loading.ts';
import type { LogState } from './log-state.ts';
import { leased } from './persistence.ts';
import type { Segment } from './segment.ts';

/** How much of a cold slice is brought into the page cache before it is answered. */
const PREFETCH_BYTES = 1024 * 1024;
/** What a Fetch asks of a partition. The caller's own object. */
export interface ReadRequest {
  readonly offset: number;
  readonly maxBytes: number;
  /** High watermark, last stable offset or log end offset: nothing at or above it is answered. */
  readonly upperBound: number;
  /** Answer the first batch even where it is larger than `maxBytes` (KIP-74). */
  readonly minOneMessage: boolean;
  complete(result: Located): void;
}

export type ReadError = 'offset-out-of-range' | 'corrupt-message' | 'kafka-storage-error';

/**
 * Where `length` > 0, `segment` is leased: the caller calls `env.descriptors.release(segment)` once, when it has counted the slot's
 * use or read the bytes.
 */
export type Located =
  | { readonly error: ReadError }
  | {
      readonly error: null;
      /** Null where there is nothing to read. */
      readonly segment: Segment | null;
      /** -1 where descriptors are not shared. */
      readonly slot: number;
      readonly position: number;
      readonly length: number;
      /** Of the first batch: where `length` is less it is cut. */
      readonly firstBatchBytes: number;
    };

const NOTHING: Located = { error: null, segment: null, slot: -1, position: 0, length: 0, firstBatchBytes: 0 };
const OUT_OF_RANGE: Located = { error: 'offset-out-of-range' };
const CORRUPT: Located = { error: 'corrupt-message' };
const STORAGE_ERROR: Located = { error: 'kafka-storage-error' };

export function locate(log: LogState, request: ReadRequest): void {
  if (log.failed !== null) {
    request.complete(STORAGE_ERROR);
    return;
  }
  const { offset } = request;
  if (offset < log.startOffset || offset > log.endOffset) {
    request.complete(OUT_OF_RANGE);
    return;
  }
  const upperBound = Math.min(request.upperBound, log.endOffset);
  if (offset >= upperBound || (request.maxBytes <= 0 && !request.minOneMessage)) {
    request.complete(NOTHING);
    return;
  }
  const { active, recent } = log;
  if (!recent.covers(offset) || offset < active.baseOffset || active.file === null) {
    locateInFiles(log, request, upperBound).then(
      (located) => request.complete(located),
      (error: unknown) => {
        if (!(error instanceof DiskFault)) throw error;
        request.complete(refusalOf(log, error));
      },
    );
    return;
  }
  const first = recent.find(offset);
  const position = recent.position(first);
  const end = upperBound === log.endOffset ? active.writtenBytes : recent.position(recent.find(upperBound));
  const firstBatchBytes = recent.position(first + 1) - position;
  const length = sliceLength(request, position, firstBatchBytes, end);
  if (length <= 0) {
    request.complete(NOTHING);
    return;
  }
  log.env.descriptors.acquire(active, false, leaseOnly);
  request.complete({ error: null, segment: active, slot: active.slot, position, length, firstBatchBytes });
}

/** Bytes that are no batch, once a log in a line; any other fault takes the log offline. */
function refusalOf(log: LogState, fault: DiskFault): Located {
  if (fault.code !== DAMAGED) {
    log.fail(fault);
    return STORAGE_ERROR;
  }
  if (!log.damageIsTold)
    log.env.logger.error('A segment is damaged, and reads of what is behind fail', { reason: fault.message });
  log.damageIsTold = true;
  return CORRUPT;
}

/** The file is open: acquiring it only counts. */
function leaseOnly(fault: DiskFault | null): void {
  assert(fault === null, 'an open file is acquired without a fault');
}

function sliceLength(request: ReadRequest, position: number, firstBatchBytes: number, end: number): number {
  const wanted = request.minOneMessage ? Math.max(request.maxBytes, firstBatchBytes) : request.maxBytes;
  return Math.min(wanted, end - position);
}

async function locateInFiles(log: LogState, request: ReadRequest, upperBound: number): Promise<Located> {
  const { offset } = request;
  for (let index = Math.max(0, log.floorSegment(offset)); index < log.segments.length; ) {
    const segment = log.segments[index] as Segment;
    let file: DiskFile;
    try {
      await ensureIndexes(log, segment);
      file = await leased(log.env, segment);
    } catch (error) {
      if (log.segments.includes(segment)) throw error;
      // Deleted meanwhile: what it held is below the log's start, or the next segment has it.
      if (offset < log.startOffset) return OUT_OF_RANGE;
      index = Math.max(0, log.floorSegment(offset));
      continue;
    }
    const located = await locateInSegment(log, segment, file, request, upperBound);
    if (located !== null) return located;
    log.env.descriptors.release(segment);
    // Compaction took the end of the segment away: the offset lies in the gap before the next one.
    index = log.segments.indexOf(segment) + 1;
    if (index === 0) return OUT_OF_RANGE;
  }
  return NOTHING;
}

/** Keeps the lease where there is something to read. Null: the offset lies behind the last batch of the segment. */
async function locateInSegment(
  log: LogState,
  segment: Segment,
  file: DiskFile,
  request: ReadRequest,
  upperBound: number,
): Promise<Located | null> {
  let kept = false;
  try {
    const first = await findBatch(segment, file, request.offset);
    if (segment.indexIsWrong) mendIndexes(log, segment);
    if (first === null) {
      kept = true;
      return null;
    }
    const end = await endPosition(log, segment, file, upperBound);
    const length = sliceLength(request, first.position, first.sizeInBytes, end);
    if (length <= 0) return NOTHING;
    const wanted = Math.min(length, PREFETCH_BYTES);
    if (!file.isCached(first.position, wanted)) await prefetched(file, first.position, wanted);
    kept = true;
    const { position, sizeInBytes: firstBatchBytes } = first;
    return { error: null, segment, slot: segment.slot, position, length, firstBatchBytes };
  } finally {
    if (!kept) log.env.descriptors.release(segment);
  }
}

async function endPosition(log: LogState, segment: Segment, file: DiskFile, upperBound: number): Promise<number> {
  const next = log.segments[log.segments.indexOf(segment) + 1];
  if (upperBound >= log.endOffset || (next !== undefined && upperBound >= next.baseOffset)) return segment.writtenBytes;
  if (next === undefined && log.recent.covers(upperBound)) return log.recent.position(log.recent.find(upperBound));
  const batch = await findBatch(segment, file, upperBound);
  return batch === null ? segment.writtenBytes : batch.position;
}

function prefetched(file: DiskFile, position: number, length: number): Promise<void> {
  return new Promise((resolve, reject) => {
    file.prefetch(position, length, (fault) => {
      if (fault) reject(fault);
      else resolve();
    });
  });
}
