/**
 * Recovery of one partition after an unclean stop. Needs a disk and the batch functions only, so that a pool thread can run it; its
 * result is in the files, which then open as after a clean stop.
 *
 *   segments below the recovery point │ from it on: every batch's CRC, in order
 *   trusted, with their indexes       │ ok ok ok ✗ ─▶ cut here; later segments go
 *                                     │ indexes, aborted transactions, epochs, producer snapshots are written again
 */
import type { LogConfig } from '../config/log-config.ts';
import type { Disk, DiskFile } from '../port/disk.ts';
import type { Logger } from '../port/log.ts';
import { BATCH_ERROR, ROW, ROW_SIZE, SCAN } from '../port/native.ts';
import type { BatchFunctions } from '../port/native.ts';
import { BatchHeader, readEndTransactionMarker } from './batch-header.ts';
import { fileOrNull } from './index-loading.ts';
import { LEADER_EPOCH_FILE, LeaderEpochs } from './leader-epochs.ts';
import { INDEX_SUFFIX, SNAPSHOT_SUFFIX, TIME_INDEX_SUFFIX, TRANSACTION_INDEX_SUFFIX, segmentPath } from './names.ts';
import { isOldMessage, oldFormatFault } from './old-format.ts';
import { loadProducers, replayProducers } from './producer-recovery.ts';
import { encodeProducerSnapshot } from './producer-snapshot.ts';
import { ProducerStates } from './producer-state.ts';
import { readInto } from './batch-walk.ts';
import { Segment } from './segment.ts';
import { listSegments, tellOrphans, unlinkSegment } from './segment-files.ts';
import { encodeAborted } from './transaction-index.ts';

const CHUNK_BYTES = 4 * 1024 * 1024;
const ROWS = 4096;

export interface RecoveryOptions {
  readonly directory: string;
  readonly recoveryPoint: number;
  readonly logStartOffset: number;
  /** Without `compact` gaps between segments are taken for what compaction left. */
  readonly config: Pick<LogConfig, 'indexIntervalBytes'> & Partial<Pick<LogConfig, 'compact'>>;
  readonly producerIdExpirationMs: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Called after each piece of a file. */
  readonly onProgress?: (progress: RecoveryProgress) => void;
}

export interface RecoveryProgress {
  readonly segments: number;
  readonly segmentsDone: number;
  readonly scannedBytes: number;
}

export interface Recovered {
  readonly startOffset: number;
  readonly endOffset: number;
  /** The recovery point that is true now: at most the one given. */
  readonly recoveryPoint: number;
  readonly scannedBytes: number;
  /** What was cut off as damaged or torn. */
  readonly truncatedBytes: number;
  readonly removedSegments: number;
}

/** What recovery needs of the world. */
export interface RecoveryPorts {
  readonly disk: Disk;
  readonly native: BatchFunctions;
  readonly logger: Logger;
}

/** Rejects with a DiskFault. */
export function recoverPartition(ports: RecoveryPorts, options: RecoveryOptions): Promise<Recovered> {
  return new Recovery(ports, options).run();
}

/** One run; short-lived. */
class Recovery {
  readonly #ports: RecoveryPorts;
  readonly #options: RecoveryOptions;
  readonly #producers = new ProducerStates();
  #epochs = new LeaderEpochs();
  #segments = 0;
  #segmentsDone = 0;
  #scannedBytes = 0;
  #truncatedBytes = 0;
  #removedSegments = 0;

  constructor(ports: RecoveryPorts, options: RecoveryOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  async run(): Promise<Recovered> {
    const { disk, native } = this.#ports;
    const { directory, recoveryPoint, logStartOffset, now, producerIdExpirationMs } = this.#options;
    const files = await listSegments(disk, directory);
    tellOrphans(this.#ports.logger, directory, files);
    const saved = await fileOrNull({ disk }, `${directory}/${LEADER_EPOCH_FILE}`);
    this.#epochs = (saved === null ? null : LeaderEpochs.decode(saved)) ?? new LeaderEpochs();
    const bases = files.segments;
    const first = Math.max(
      0,
      bases.findLastIndex((base) => base <= recoveryPoint),
    );
    const scanFrom = bases[first] ?? logStartOffset;
    const startOffset = Math.max(logStartOffset, bases[0] ?? 0);
    const source = { disk, native, directory, snapshots: files.snapshots, now, producerIdExpirationMs };
    await loadProducers(source, this.#producers, Math.min(startOffset, scanFrom), scanFrom);
    for (const base of bases.slice(0, first)) {
      if (this.#nextBase(bases, base) > this.#producers.mapEndOffset) await this.#replay(base, scanFrom);
    }
    this.#producers.mapEndOffset = scanFrom;
    const endOffset = await this.#scanFrom(bases.slice(first), scanFrom);
    return this.#finish(bases, startOffset, endOffset);
  }

  #nextBase(bases: readonly number[], base: number): number {
    return bases[bases.indexOf(base) + 1] ?? Infinity;
  }

  async #replay(base: number, endOffset: number): Promise<void> {
    const file = await this.#open(base);
    try {
      await replayProducers(file, 0, await file.size(), this.#producers, endOffset);
    } finally {
      await file.close();
    }
  }

  /** Resolves to the log end offset. */
  async #scanFrom(bases: readonly number[], from: number): Promise<number> {
    let endOffset = from;
    this.#segments = bases.length;
    for (const [index, base] of bases.entries()) {
      if (base > endOffset && this.#options.config.compact === false) {
        // Writes behind it survived a power failure, and those at the end of the segment before did not.
        await this.#removeFrom(bases.slice(index), endOffset);
        break;
      }
      await this.#snapshotAt(base);
      const segment = Segment.empty(this.#options.directory, base, this.#options.now, 0);
      const file = await this.#open(base);
      let cut: number;
      try {
        endOffset = Math.max(endOffset, base, await this.#scanSegment(file, segment));
        cut = (await file.size()) - segment.sizeInBytes;
        if (cut > 0) {
          await file.truncate(segment.sizeInBytes);
          // What is cut must not come back under a clean stop, which nobody recovers from.
          await file.sync();
        }
      } finally {
        await file.close();
      }
      await this.#writeIndexes(segment);
      this.#segmentsDone = index + 1;
      this.#progress();
      if (cut === 0) continue;
      this.#truncatedBytes += cut;
      this.#tellCut({ segment: segment.path, bytes: cut, endOffset, laterSegments: bases.length - index - 1 });
      await this.#removeFrom(bases.slice(index + 1), endOffset);
      break;
    }
    return endOffset;
  }

  /** Takes segments away that stand behind the end of what is valid. */
  async #removeFrom(bases: readonly number[], endOffset: number): Promise<void> {
    const { directory } = this.#options;
    for (const base of bases) {
      this.#ports.logger.warn('recovery removed a segment behind the end', { directory, base, endOffset });
      await unlinkSegment(this.#ports.disk, directory, base);
      this.#removedSegments++;
    }
  }

  /** A torn tail is what a crash leaves; below the recovery point nothing should be missing. */
  #tellCut(cut: { segment: string; bytes: number; endOffset: number; laterSegments: number }): void {
    const { logger } = this.#ports;
    const { recoveryPoint } = this.#options;
    if (cut.endOffset >= recoveryPoint) logger.warn('recovery cut off the end of a segment', cut);
    else {
      const fields = { ...cut, recoveryPoint };
      logger.error('recovery cut off the end of a segment: records that had been flushed are lost', fields);
    }
  }

  /** Fills `segment` with what is valid. Resolves to the offset after its last batch. */
  async #scanSegment(file: DiskFile, segment: Segment): Promise<number> {
    const { native } = this.#ports;
    const size = await file.size();
    const rows = new Float64Array(SCAN.firstRow + ROWS * ROW_SIZE);
    let buffer = Buffer.allocUnsafe(Math.min(size, CHUNK_BYTES));
    let next = segment.baseOffset;
    for (let position = 0; position < size; ) {
      const filled = await readInto(file, buffer.subarray(0, Math.min(buffer.length, size - position)), position);
      const count = native.scanBatches(buffer, 0, filled, next, rows, Infinity, 0);
      next = this.#take(buffer, rows, count, segment, next);
      const stopped = rows[SCAN.stoppedAt] as number;
      this.#scannedBytes += stopped;
      position += stopped;
      if (count > 0) {
        this.#progress();
        continue;
      }
      if (isOldMessage(buffer.subarray(0, filled), 0)) throw oldFormatFault(segment.path, 'recover');
      const needed = rows[SCAN.bytesNeeded] as number;
      const whole = rows[SCAN.reason] === BATCH_ERROR.incomplete && needed <= size - position && needed > buffer.length;
      if (!whole) break;
      buffer = Buffer.allocUnsafe(needed);
    }
    return next;
  }

  #take(buffer: Buffer, rows: Float64Array, count: number, segment: Segment, from: number): number {
    const header = new BatchHeader();
    let next = from;
    for (let row = 0; row < count; row++) {
      header.read(buffer, rows[SCAN.firstRow + row * ROW_SIZE + ROW.position] as number);
      if (header.leaderEpoch > this.#epochs.latest) this.#epochs.assign(header.leaderEpoch, header.baseOffset);
      if (header.hasProducerId) {
        const marker = header.isControl ? readEndTransactionMarker(buffer, header) : null;
        const completed = this.#producers.update(header, marker);
        if (completed?.aborted) {
          const lastStableOffset = this.#producers.lastStableOffsetAfter(completed);
          const { producerId, firstOffset, lastOffset } = completed;
          segment.aborted?.push({ producerId, firstOffset, lastOffset, lastStableOffset });
        }
        if (completed !== null) this.#producers.complete(completed);
      }
      segment.add(header, this.#options.config.indexIntervalBytes);
      next = header.lastOffset + 1;
      this.#producers.mapEndOffset = next;
    }
    return next;
  }

  async #writeIndexes(segment: Segment): Promise<void> {
    const { disk } = this.#ports;
    segment.finishTimeIndex();
    const options = { sync: false, truncate: true };
    if (segment.offsetIndex)
      await disk.writeAt(segment.pathOf(INDEX_SUFFIX), 0, segment.offsetIndex.unsaved(), options);
    if (segment.timeIndex) {
      await disk.writeAt(segment.pathOf(TIME_INDEX_SUFFIX), 0, segment.timeIndex.unsaved(), options);
    }
    const path = segment.pathOf(TRANSACTION_INDEX_SUFFIX);
    if (segment.aborted === null || segment.aborted.length === 0) await disk.unlink(path);
    else await disk.writeAt(path, 0, encodeAborted(segment.aborted), options);
  }

  async #snapshotAt(offset: number): Promise<void> {
    const producers = this.#producers;
    if (offset <= producers.snapshotOffset) return;
    const bytes = encodeProducerSnapshot(producers.entries(), producers.size, this.#ports.native);
    const path = segmentPath(this.#options.directory, offset, SNAPSHOT_SUFFIX);
    await this.#ports.disk.writeAt(path, 0, bytes, { sync: true, truncate: true });
    producers.snapshotOffset = offset;
  }

  async #finish(bases: readonly number[], startOffset: number, scannedEnd: number): Promise<Recovered> {
    const { disk } = this.#ports;
    const { directory } = this.#options;
    let endOffset = scannedEnd;
    if (endOffset < startOffset) {
      // The start was moved beyond what survived: all of it would be below the start.
      for (const base of bases) await unlinkSegment(disk, directory, base);
      this.#epochs.clear();
      this.#producers.clear();
      endOffset = startOffset;
    } else {
      this.#epochs.truncateFromEnd(endOffset);
      this.#epochs.truncateFromStart(startOffset);
    }
    if (this.#epochs.size > 0 || (await disk.status(`${directory}/${LEADER_EPOCH_FILE}`)) !== null) {
      await disk.replaceFile(`${directory}/${LEADER_EPOCH_FILE}`, this.#epochs.encode());
    }
    await this.#snapshotAt(endOffset);
    await disk.syncDirectory(directory);
    return {
      startOffset,
      endOffset,
      recoveryPoint: Math.min(this.#options.recoveryPoint, endOffset),
      scannedBytes: this.#scannedBytes,
      truncatedBytes: this.#truncatedBytes,
      removedSegments: this.#removedSegments,
    };
  }

  #open(base: number): Promise<DiskFile> {
    const path = segmentPath(this.#options.directory, base, '.log');
    return new Promise((resolve, reject) => {
      this.#ports.disk.open(path, { create: false, write: true }, (fault, file) => {
        if (file === null) reject(fault ?? new Error('a disk opens or faults'));
        else resolve(file);
      });
    });
  }

  #progress(): void {
    this.#options.onProgress?.({
      segments: this.#segments,
      segmentsDone: this.#segmentsDone,
      scannedBytes: this.#scannedBytes,
    });
  }
}
