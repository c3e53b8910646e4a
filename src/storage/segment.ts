/**
 * One segment of a log: a run of batches from a base offset on, and its indexes.
 *
 *   00000000000000000042.log        batches ────────────────────────────▶ grows while the segment is active
 *                       .index      offset → position                      sparse, in memory while active
 *                       .timeindex  timestamp → offset                     sparse, in memory while active
 *                       .txnindex   aborted transactions that end here     only where there are some
 *
 * Lives on the thread that owns the log. It holds no descriptor by itself: see descriptors.ts.
 */
import type { DiskFile } from '../port/disk.ts';
import type { BatchHeader } from './batch-header.ts';
import type { Openable } from './descriptors.ts';
import { LOG_SUFFIX, segmentPath } from './names.ts';
import { OffsetIndex } from './offset-index.ts';
import { TimeIndex } from './time-index.ts';
import type { AbortedTransaction } from './transaction-index.ts';

/** Offsets of a segment are kept relative to its base, in 31 bits. */
const MAX_RELATIVE_OFFSET = 0x7fffffff;

export class Segment implements Openable {
  directory: string;
  readonly baseOffset: number;
  /** Bytes that are sealed for it: written, or on their way. */
  sizeInBytes = 0;
  /** Bytes of it that have been written. */
  writtenBytes = 0;
  /** Bytes of it that are on the medium. */
  syncedBytes = 0;
  /** When it was made, or found at start. */
  readonly createdMs: number;
  /** What is taken off segment.ms for it. */
  readonly rollJitterMs: number;
  /** Of its first batch; -1 where there is none or that has none; null where the file must be asked. */
  firstTimestamp: bigint | null = null;
  /** The highest timestamp so far, -1 for none; null where the time index must be asked. */
  maxTimestamp: bigint | null = null;
  /** Last offset of the batch that has it. */
  offsetOfMaxTimestamp: number;
  bytesSinceIndexEntry = 0;
  /** Null while they are not in memory. */
  offsetIndex: OffsetIndex | null = null;
  timeIndex: TimeIndex | null = null;
  aborted: AbortedTransaction[] | null = null;
  /** How many of `aborted` are in the file. */
  abortedSaved = 0;
  /** Of the file, where the segment was found at start; retention falls back on it. */
  modifiedMs: number;
  /** Whether its index files, as far as they are written, are on the medium: true of segments below the recovery point. */
  indexesSynced = false;
  /** A save of its index entries is on its way. */
  saving = false;
  /** A reader found that an entry of the offset index points to where no batch begins, or to too late a one. */
  indexIsWrong = false;
  /** Whether the name in the directory may not be on the medium yet. */
  nameUnsynced = false;

  file: DiskFile | null = null;
  slot = -1;
  leases = 0;
  lastUse = 0;
  dropped = false;

  constructor(directory: string, baseOffset: number, nowMs: number, rollJitterMs: number) {
    this.directory = directory;
    this.baseOffset = baseOffset;
    this.offsetOfMaxTimestamp = baseOffset;
    this.createdMs = nowMs;
    this.modifiedMs = nowMs;
    this.rollJitterMs = rollJitterMs;
  }

  /** A segment that nothing has been written to. */
  static empty(directory: string, baseOffset: number, nowMs: number, rollJitterMs: number): Segment {
    const segment = new Segment(directory, baseOffset, nowMs, rollJitterMs);
    segment.firstTimestamp = -1n;
    segment.maxTimestamp = -1n;
    segment.offsetIndex = new OffsetIndex(baseOffset);
    segment.timeIndex = new TimeIndex(baseOffset);
    segment.aborted = [];
    segment.nameUnsynced = true;
    return segment;
  }

  get path(): string {
    return segmentPath(this.directory, this.baseOffset, LOG_SUFFIX);
  }

  pathOf(suffix: string): string {
    return segmentPath(this.directory, this.baseOffset, suffix);
  }

  canHold(offset: number): boolean {
    const relative = offset - this.baseOffset;
    return relative >= 0 && relative <= MAX_RELATIVE_OFFSET;
  }

  /**
   * Counts a batch in that will stand at `sizeInBytes`: Kafka's rule decides batch by batch, before it is added, whether it gets
   * an index entry. For the active segment only.
   */
  add(header: BatchHeader, indexIntervalBytes: number): void {
    const offsetIndex = this.offsetIndex as OffsetIndex;
    const maxTimestamp = this.maxTimestamp as bigint;
    if (this.sizeInBytes === 0) this.firstTimestamp = header.maxTimestamp;
    if (header.maxTimestamp > maxTimestamp) {
      this.maxTimestamp = header.maxTimestamp;
      this.offsetOfMaxTimestamp = header.lastOffset;
    }
    if (this.bytesSinceIndexEntry > indexIntervalBytes) {
      offsetIndex.append(header.lastOffset, this.sizeInBytes);
      this.timeIndex?.maybeAppend(this.maxTimestamp as bigint, this.offsetOfMaxTimestamp);
      this.bytesSinceIndexEntry = 0;
    }
    this.sizeInBytes += header.sizeInBytes;
    this.bytesSinceIndexEntry += header.sizeInBytes;
  }

  /** The last entry of the time index, where the segment ends or the log is closed. */
  finishTimeIndex(): void {
    if (this.maxTimestamp !== null) this.timeIndex?.maybeAppend(this.maxTimestamp, this.offsetOfMaxTimestamp);
  }

  /** Forgets the indexes of a segment that is not active, where they are in its files. */
  unloadIndexes(): void {
    this.offsetIndex = null;
    this.timeIndex = null;
  }
}

/** What is known of a log when the next batches come: see `shouldRoll`. */
export interface RollQuestion {
  readonly segmentBytes: number;
  readonly segmentMs: number;
  readonly segmentIndexBytes: number;
  readonly nowMs: number;
  readonly batchesBytes: number;
  readonly batchesMaxTimestamp: bigint;
  readonly batchesLastOffset: number;
}

/**
 * Whether the batches must go into a new segment: no room left, too old, an index full, or the offset too far from the base. Age
 * counts from the first batch's timestamp to that of the new batches, so that a replayed topic rolls as it did when it was written; without
 * timestamps from the segment's creation. (`firstTimestamp` must be known.)
 */
export function shouldRoll(segment: Segment, question: RollQuestion): boolean {
  const size = segment.sizeInBytes;
  if (size > question.segmentBytes - question.batchesBytes) return true;
  if (size > 0) {
    const first = segment.firstTimestamp ?? -1n;
    const waited = first >= 0n ? Number(question.batchesMaxTimestamp - first) : question.nowMs - segment.createdMs;
    if (waited > question.segmentMs - segment.rollJitterMs) return true;
  }
  if (segment.offsetIndex?.isFull(question.segmentIndexBytes)) return true;
  if (segment.timeIndex?.isFull(question.segmentIndexBytes)) return true;
  return !segment.canHold(question.batchesLastOffset);
}
