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
import { BATCH_HEADER_SIZE, BatchHeader, readEndTransactionMarker } from './batch-header.ts';
import { fileOrNull } from './index-loading.ts';
import { LEADER_EPOCH_FILE, LeaderEpochs } from './leader-epochs.ts';
import {
  INDEX_SUFFIX,
  LOG_SUFFIX,
  SNAPSHOT_SUFFIX,
  TIME_INDEX_SUFFIX,
  TRANSACTION_INDEX_SUFFIX,
  offsetName,
  segmentPath,
} from './names.ts';
import { isOldMessage, oldFormatFault } from './old-format.ts';
import { loadProducers, replayProducers } from './producer-recovery.ts';
import { encodeProducerSnapshot } from './producer-snapshot.ts';
import { ProducerStates } from './producer-state.ts';
import { readInto } from './batch-walk.ts';
import { Segment } from './segment.ts';
import { listSegments, tellOrphans, unlinkSegment } from './segment-files.ts';
import type { SegmentFiles } from './segment-files.ts';
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
export async function recoverPartition(ports: RecoveryPorts, options: RecoveryOptions): Promise<Recovered> {
  return (await new Recovery(ports, options).run(Infinity)) as Recovered;
}

/**
 * The same, where at most `maxBytes` of segments must be looked at; else nothing is done, and the answer is null. For the thread that owns the log:
 * after a crash most of ten thousand logs are empty or short, and a task in the pool costs more than they do.
 */
export function recoverIfSmall(
  ports: RecoveryPorts,
  options: RecoveryOptions,
  maxBytes: number,
): Promise<Recovered | null> {
  return new Recovery(ports, options).run(maxBytes);
}

/** One run; short-lived. */
class Recovery {
  readonly #ports: RecoveryPorts;
  readonly #options: RecoveryOptions;
  readonly #producers = new ProducerStates();
  #epochs = new LeaderEpochs();
  #savedEpochs: Buffer | null = null;
  #names: ReadonlySet<string> = new Set();
  #segments = 0;
  #segmentsDone = 0;
  #scannedBytes = 0;
  #truncatedBytes = 0;
  #removedSegments = 0;

  constructor(ports: RecoveryPorts, options: RecoveryOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  /** Null: more than `maxBytes` would have to be read. */
  async run(maxBytes: number): Promise<Recovered | null> {
    const { disk, native } = this.#ports;
    const { directory, logStartOffset, now, producerIdExpirationMs } = this.#options;
    const files = await listSegments(disk, directory);
    this.#names = files.names;
    tellOrphans(this.#ports.logger, directory, files);
    const bases = files.segments;
    const first = this.#firstToScan(files);
    if (maxBytes < Infinity && (await this.#bytesToRead(files, first)) > maxBytes) return null;
    if (files.names.has(LEADER_EPOCH_FILE)) {
      this.#savedEpochs = await fileOrNull({ disk }, `${directory}/${LEADER_EPOCH_FILE}`);
      const known = this.#savedEpochs === null ? null : LeaderEpochs.decode(this.#savedEpochs);
      if (known !== null) this.#epochs = known;
    }
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

  /**
   * The segment of the recovery point. Where one begins just there, the one before may have ended when all of it had been flushed, and its indexes
   * not yet: they have been where there is a snapshot between the two.
   */
  #firstToScan({ segments, snapshots }: SegmentFiles): number {
    const { recoveryPoint } = this.#options;
    const first = segments.findLastIndex((base) => base <= recoveryPoint);
    const isUnfinished = first > 0 && segments[first] === recoveryPoint && !snapshots.includes(recoveryPoint);
    return Math.max(0, isUnfinished ? first - 1 : first);
  }

  /** Of the segments from the recovery point on, and of those whose producers no snapshot has. */
  async #bytesToRead({ segments, snapshots }: SegmentFiles, first: number): Promise<number> {
    const snapshot = snapshots.findLast((offset) => offset <= (segments[first] ?? 0)) ?? -1;
    let bytes = 0;
    for (const [index, base] of segments.entries()) {
      if (index < first && this.#nextBase(segments, base) <= snapshot) continue;
      const path = segmentPath(this.#options.directory, base, LOG_SUFFIX);
      bytes += (await this.#ports.disk.status(path))?.sizeInBytes ?? 0;
    }
    return bytes;
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
      endOffset = Math.max(endOffset, base);
      let cut = 0;
      if (((await this.#ports.disk.status(segment.path))?.sizeInBytes ?? 0) > 0) {
        const found = await this.#scanAndCut(segment, bases[index + 1] ?? Infinity);
        endOffset = Math.max(endOffset, found.endOffset);
        ({ cut } = found);
      }
      // Nobody flushes what lies below the recovery point again.
      await this.#writeIndexes(segment, (bases[index + 1] ?? Infinity) <= this.#options.recoveryPoint);
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

  /** What is not valid is cut off: so many bytes. */
  async #scanAndCut(segment: Segment, nextBase: number): Promise<{ endOffset: number; cut: number }> {
    const file = await this.#open(segment.baseOffset);
    try {
      const endOffset = await this.#scanSegment(file, segment, nextBase);
      const cut = (await file.size()) - segment.sizeInBytes;
      if (cut > 0) {
        await file.truncate(segment.sizeInBytes);
        // What is cut must not come back under a clean stop, which nobody recovers from.
        await file.sync();
      }
      return { endOffset, cut };
    } finally {
      await file.close();
    }
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
  async #scanSegment(file: DiskFile, segment: Segment, nextBase: number): Promise<number> {
    const { native } = this.#ports;
    const size = await file.size();
    const rows = new Float64Array(SCAN.firstRow + Math.min(ROWS, Math.ceil(size / BATCH_HEADER_SIZE)) * ROW_SIZE);
    let buffer = Buffer.allocUnsafe(Math.min(size, CHUNK_BYTES));
    let next = segment.baseOffset;
    for (let position = 0; position < size; ) {
      const filled = await readInto(file, buffer.subarray(0, Math.min(buffer.length, size - position)), position);
      const count = native.scanBatches(buffer, 0, filled, next, rows, Infinity, 0);
      next = this.#take(buffer, rows, count, segment, next, nextBase);
      const stopped = rows[SCAN.stoppedAt] as number;
      this.#scannedBytes += stopped;
      position += stopped;
      if (segment.sizeInBytes < position) break;
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

  /** Ends before a batch that does not belong here: the CRC does not cover its offset. */
  #take(buffer: Buffer, rows: Float64Array, count: number, segment: Segment, from: number, nextBase: number): number {
    const header = new BatchHeader();
    let next = from;
    for (let row = 0; row < count; row++) {
      header.read(buffer, rows[SCAN.firstRow + row * ROW_SIZE + ROW.position] as number);
      if (header.lastOffset >= nextBase || !segment.canHold(header.lastOffset)) break;
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

  async #writeIndexes(segment: Segment, sync: boolean): Promise<void> {
    segment.finishTimeIndex();
    const { offsetIndex, timeIndex, aborted } = segment;
    if (offsetIndex !== null) await this.#writeIndex(segment, INDEX_SUFFIX, offsetIndex.unsaved(), sync);
    if (timeIndex !== null) await this.#writeIndex(segment, TIME_INDEX_SUFFIX, timeIndex.unsaved(), sync);
    if (aborted !== null && aborted.length > 0) {
      await this.#writeIndex(segment, TRANSACTION_INDEX_SUFFIX, encodeAborted(aborted), sync);
    } else if (this.#has(segment, TRANSACTION_INDEX_SUFFIX)) {
      await this.#ports.disk.unlink(segment.pathOf(TRANSACTION_INDEX_SUFFIX));
    }
    if (sync) await this.#ports.disk.syncDirectory(this.#options.directory);
  }

  /** One of an empty segment that is empty, or not there, is left as it is. */
  async #writeIndex(segment: Segment, suffix: string, bytes: Buffer, sync: boolean): Promise<void> {
    const { disk } = this.#ports;
    const path = segment.pathOf(suffix);
    if (segment.sizeInBytes === 0) {
      if (!this.#has(segment, suffix) || (await disk.status(path))?.sizeInBytes === 0) return;
    }
    await disk.writeAt(path, 0, bytes, { sync, truncate: true });
  }

  #has(segment: Segment, suffix: string): boolean {
    return this.#names.has(`${offsetName(segment.baseOffset)}${suffix}`);
  }

  async #snapshotAt(offset: number): Promise<void> {
    const producers = this.#producers;
    if (offset <= producers.snapshotOffset) return;
    const bytes = encodeProducerSnapshot(producers.entries(), producers.size, this.#ports.native);
    const path = segmentPath(this.#options.directory, offset, SNAPSHOT_SUFFIX);
    // One without producers says nothing that its loss would take away.
    await this.#ports.disk.writeAt(path, 0, bytes, { sync: producers.size > 0, truncate: true });
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
    await this.#snapshotAt(endOffset);
    const epochs = this.#epochs.encode();
    const isSaved = this.#savedEpochs === null ? this.#epochs.size === 0 : this.#savedEpochs.equals(epochs);
    // The names are on the medium, too, before anything builds upon them. A log that was never written to has none that count.
    if (!isSaved) await disk.replaceFile(`${directory}/${LEADER_EPOCH_FILE}`, epochs);
    else if (endOffset > 0 || bases.length > 1) await disk.syncDirectory(directory);
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
