/**
 * Appending to a log: admit, seal, write, applied, strictly in order.
 *
 *   append ─ admit ─ seal ─┬─ small: staged ───▶ one write a turn ─┐
 *                          └─ large: from where it lies ───────────┴─▶ queue ─▶ write ─▶ applied: LEO moves, complete()
 *
 * At sealing the batch gets its offsets and enters the indexes, producers and epochs in memory, so that the next one is admitted
 * against a state that holds it; readers see it once it is applied. A failed write undoes nothing: the log is offline and this
 * memory is dropped. At most one write of a log is under way.
 */
import type { DiskFault } from '../port/disk.ts';
import { SEAL, SEAL_SIZE, SEAL_TIMESTAMP } from '../port/native.ts';
import type { Append, AppendError } from './append.ts';
import { BatchHeader, readEndTransactionMarker, sealOffsets } from './batch-header.ts';
import type { LogState } from './log-state.ts';
import { finishSegment, saveIndexes } from './persistence.ts';
import { encodeProducerSnapshot } from './producer-snapshot.ts';
import { Segment, shouldRoll } from './segment.ts';
import type { WriteJob } from './staging.ts';

/** Appends up to this size are copied and wait for the end of the turn. */
const STAGE_BYTES = 16 * 1024;
/** Staged bytes of a partition that are written without waiting for the end of the turn. */
const STAGED_LIMIT_BYTES = 128 * 1024;
/** Index entries in memory that are appended to the file together. */
const INDEX_SAVE_BYTES = 4096;
/** The kernel is told to begin writing back after so many bytes. */
const WRITE_BACK_BYTES = 1024 * 1024;

const header = new BatchHeader();
const sealRow = new Float64Array(SEAL_SIZE);

interface Waiter {
  /** Null: any. */
  readonly segment: Segment | null;
  resolve(): void;
  reject(fault: DiskFault): void;
}

/** One a log. */
export class Appender {
  readonly #log: LogState;
  /** Staged, not issued. */
  #open: WriteJob | null = null;
  /** Issued, in order; the first is being written. */
  readonly #queue: WriteJob[] = [];
  #writing = false;
  #pumping = false;
  /** The job whose appends are being completed. */
  #completing: WriteJob | null = null;
  #waiters: Waiter[] = [];
  #writtenBack = 0;
  /** Of the append that is being admitted. */
  #firstOffset = 0;
  #lastOffset = 0;
  #maxTimestamp = -1n;

  constructor(log: LogState) {
    this.#log = log;
  }

  /** Whether `append` of so many bytes would be done with them when it returns. */
  takesInCall(size: number): boolean {
    if (size <= STAGE_BYTES) return true;
    if (this.#queue.length > 0 || this.#pumping) return false;
    return this.#log.active.file?.writesInCall === true;
  }

  /** True: the bytes are not needed any more. False: they are until `complete`. */
  append(append: Append): boolean {
    const log = this.#log;
    if (log.failed !== null || log.closed) {
      this.#refuse(append, 'kafka-storage-error');
      return true;
    }
    const error = this.#admit(append);
    if (error !== null || append.duplicate) {
      this.#refuse(append, error);
      return true;
    }
    const { bytes } = append;
    if (this.#mustRoll(bytes.length)) this.roll(Math.max(this.#firstOffset, log.sealedEndOffset));
    const segment = log.active;
    const position = segment.sizeInBytes;
    this.#seal(append, segment);
    if (bytes.length <= STAGE_BYTES) {
      if (this.#open === null) {
        this.#open = log.env.staging.newJob(segment, position);
        log.env.staging.flushLater(this);
      }
      log.env.staging.stage(this.#open, bytes);
      this.#open.endOffset = log.sealedEndOffset;
      this.#open.add(append, null);
      if (this.#open.sizeInBytes >= STAGED_LIMIT_BYTES) this.flushStaged();
      return true;
    }
    this.#issueStaged();
    const job = log.env.staging.newJob(segment, position);
    job.buffers.push(bytes);
    job.sizeInBytes = bytes.length;
    job.endOffset = log.sealedEndOffset;
    job.add(append, null);
    this.#queue.push(job);
    this.#pump();
    return this.#queue.length === 0;
  }

  /** Writes what is staged. */
  flushStaged(): void {
    this.#issueStaged();
    this.#pump();
  }

  /** Resolves when what was sealed for `segment` (null: for any) has been written. */
  written(segment: Segment | null): Promise<void> {
    this.flushStaged();
    return new Promise((resolve, reject) => {
      this.#waiters.push({ segment, resolve, reject });
      this.#wake();
    });
  }

  // --- admit

  /** A refused append and a duplicate are answered in their turn. */
  #refuse(append: Append, error: AppendError | null): void {
    const last = this.#open ?? this.#queue.at(-1) ?? this.#completing;
    if (last) last.add(append, error);
    else append.complete(error);
  }

  /** Decides without changing anything, and notes offsets and timestamp for the roll. */
  #admit(append: Append): AppendError | null {
    const log = this.#log;
    const { bytes, origin } = append;
    append.duplicate = false;
    if (bytes.length > log.config.segmentBytes) return 'record-list-too-large';
    let next = log.sealedEndOffset;
    this.#maxTimestamp = -1n;
    for (let position = 0; position < bytes.length; position += header.sizeInBytes) {
      header.read(bytes, position);
      if (origin === 'follower') {
        if (!(header.baseOffset >= next)) return 'unexpected-offset';
      } else {
        header.lastOffset += next - header.baseOffset;
        header.baseOffset = next;
      }
      if (position === 0) this.#firstOffset = header.baseOffset;
      next = header.lastOffset + 1;
      if (header.hasProducerId) {
        const error = this.#admitProducer(append);
        if (error !== null || append.duplicate) return error;
      }
      const timestamp = append.sealTimestamp === SEAL_TIMESTAMP.keep ? header.maxTimestamp : append.maxTimestamp;
      if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp;
    }
    this.#lastOffset = next - 1;
    return null;
  }

  #admitProducer(append: Append): AppendError | null {
    const { producers } = this.#log;
    if (!Number.isSafeInteger(header.producerId)) return 'invalid-record';
    if (append.origin === 'client') {
      const known = producers.get(header.producerId)?.duplicateOf(header);
      if (known) {
        append.duplicate = true;
        append.baseOffset = known.lastOffset - known.offsetDelta;
        append.lastOffset = known.lastOffset;
        append.duplicateTimestamp = known.timestamp;
        return null;
      }
    }
    const marker = header.isControl ? readEndTransactionMarker(append.bytes, header) : null;
    return producers.check(header, append.origin, marker, append.verification);
  }

  #mustRoll(batchesBytes: number): boolean {
    const { active, config, env } = this.#log;
    return shouldRoll(active, {
      segmentBytes: config.segmentBytes,
      segmentMs: config.compact ? Math.min(config.maxCompactionLagMs, config.segmentMs) : config.segmentMs,
      segmentIndexBytes: config.segmentIndexBytes,
      nowMs: env.clock.now(),
      batchesBytes,
      batchesMaxTimestamp: this.#maxTimestamp,
      batchesLastOffset: this.#lastOffset,
    });
  }

  // --- seal

  #seal(append: Append, segment: Segment): void {
    const log = this.#log;
    const { bytes } = append;
    const keepsOffsets = append.origin === 'follower';
    append.baseOffset = this.#firstOffset;
    append.lastOffset = this.#lastOffset;
    let next = log.sealedEndOffset;
    for (let position = 0; position < bytes.length; position += header.sizeInBytes) {
      header.read(bytes, position);
      if (!keepsOffsets) this.#sealBatch(append, position, next);
      next = header.lastOffset + 1;
      if (header.leaderEpoch > log.epochs.latest && log.epochs.assign(header.leaderEpoch, header.baseOffset)) {
        log.epochsUnsaved = true;
      }
      if (header.hasProducerId) this.#updateProducer(bytes, segment);
      segment.add(header, log.config.indexIntervalBytes);
      log.recent.push(next, header.sizeInBytes);
    }
    log.sealedEndOffset = next;
    log.producers.mapEndOffset = next;
    const index = segment.offsetIndex;
    if (index !== null && index.sizeInBytes - index.savedBytes >= INDEX_SAVE_BYTES && !segment.saving) {
      segment.saving = true;
      log.inBackground(async () => {
        segment.saving = false;
        await saveIndexes(log.env, segment);
      });
    }
  }

  #sealBatch(append: Append, position: number, baseOffset: number): void {
    const { bytes, leaderEpoch } = append;
    const lastOffsetDelta = header.lastOffset - header.baseOffset;
    header.baseOffset = baseOffset;
    header.lastOffset = baseOffset + lastOffsetDelta;
    header.leaderEpoch = leaderEpoch;
    if (append.sealTimestamp === SEAL_TIMESTAMP.keep) {
      sealOffsets(bytes, position, baseOffset, leaderEpoch);
      return;
    }
    sealRow[SEAL.position] = position;
    sealRow[SEAL.baseOffset] = baseOffset;
    sealRow[SEAL.partitionLeaderEpoch] = leaderEpoch;
    sealRow[SEAL.timestamp] = append.sealTimestamp;
    sealRow[SEAL.maxTimestampHi] = Number(append.maxTimestamp >> 32n);
    sealRow[SEAL.maxTimestampLo] = Number(append.maxTimestamp & 0xffffffffn);
    this.#log.env.native.sealBatches(bytes, sealRow, 1);
    header.maxTimestamp = append.maxTimestamp;
  }

  #updateProducer(bytes: Buffer, segment: Segment): void {
    const { producers } = this.#log;
    const marker = header.isControl ? readEndTransactionMarker(bytes, header) : null;
    const completed = producers.update(header, marker);
    if (completed === null) return;
    if (completed.aborted) {
      segment.aborted?.push({
        producerId: completed.producerId,
        firstOffset: completed.firstOffset,
        lastOffset: completed.lastOffset,
        lastStableOffset: producers.lastStableOffsetAfter(completed),
      });
    }
    producers.complete(completed);
  }

  // --- roll

  /** Ends the active segment and begins one at `baseOffset`. What is staged still goes to the old one. */
  roll(baseOffset: number): Segment {
    const log = this.#log;
    const { env } = log;
    this.#issueStaged();
    const old = log.active;
    if (old.baseOffset === baseOffset) return old;
    old.finishTimeIndex();
    log.sealedEndOffset = baseOffset;
    const segment = Segment.empty(log.directory, baseOffset, env.clock.now(), log.drawRollJitter());
    log.segments.push(segment);
    log.recent.reset(baseOffset, 0);
    this.#writtenBack = 0;
    log.producers.mapEndOffset = baseOffset;
    let snapshot: Buffer | null = null;
    if (log.producers.snapshotOffset < baseOffset) {
      log.producers.snapshotOffset = baseOffset;
      snapshot = encodeProducerSnapshot(log.producers.entries(), log.producers.size, env.native);
    }
    log.inBackground(async () => {
      await this.written(old);
      await finishSegment(log, old, baseOffset, snapshot);
    });
    return segment;
  }

  // --- write

  #issueStaged(): void {
    const job = this.#open;
    if (job === null) return;
    this.#open = null;
    this.#log.env.staging.closeRun(job);
    this.#queue.push(job);
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (!this.#writing && this.#queue.length > 0) {
      this.#writing = true;
      const { segment } = this.#queue[0] as WriteJob;
      this.#log.env.descriptors.acquire(segment as Segment, true, this.#onOpen);
    }
    this.#pumping = false;
  }

  readonly #onOpen = (fault: DiskFault | null): void => {
    if (fault !== null) {
      this.#finish(fault);
      return;
    }
    const job = this.#queue[0] as WriteJob;
    job.segment?.file?.write(job.buffers, job.position, this.#onWritten);
  };

  readonly #onWritten = (fault: DiskFault | null): void => {
    const { segment } = this.#queue[0] as WriteJob;
    if (fault === null) this.#startWriteBack(segment as Segment);
    this.#log.env.descriptors.release(segment as Segment);
    this.#finish(fault);
  };

  #startWriteBack(segment: Segment): void {
    const written = segment.writtenBytes;
    if (written - this.#writtenBack < WRITE_BACK_BYTES || segment !== this.#log.active) return;
    segment.file?.writeBack(this.#writtenBack, written - this.#writtenBack);
    this.#writtenBack = written;
  }

  #finish(fault: DiskFault | null): void {
    const log = this.#log;
    if (fault !== null) {
      // Whoever is told may ask for what is staged to be written: the pump stays held until nothing is left to write.
      log.fail(fault);
      this.#issueStaged();
      const jobs = this.#queue.splice(0);
      this.#writing = false;
      for (const job of jobs) this.#complete(job, 'kafka-storage-error');
    } else {
      this.#writing = false;
      const job = this.#queue.shift() as WriteJob;
      (job.segment as Segment).writtenBytes += job.sizeInBytes;
      log.endOffset = job.endOffset;
      this.#complete(job, null);
    }
    this.#wake();
    this.#pump();
  }

  /** What these callbacks append is queued behind, as `#pumping` holds the pump: order is kept. */
  #complete(job: WriteJob, error: AppendError | null): void {
    const outer = this.#pumping;
    this.#pumping = true;
    this.#completing = job;
    for (let index = 0; index < job.appends.length; index++) {
      (job.appends[index] as Append).complete(error ?? (job.errors[index] as AppendError | null));
    }
    this.#pumping = outer;
    this.#completing = null;
    this.#log.env.staging.recycle(job);
  }

  #wake(): void {
    if (this.#waiters.length === 0) return;
    const { failed } = this.#log;
    const still: Waiter[] = [];
    for (const waiter of this.#waiters) {
      const busy = this.#queue.some((job) => waiter.segment === null || job.segment === waiter.segment);
      if (failed !== null) waiter.reject(failed);
      else if (busy) still.push(waiter);
      else waiter.resolve();
    }
    this.#waiters = still;
  }
}
