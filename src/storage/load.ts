/**
 * Opening a log: from the files of a directory to a LogState. Cheap after a clean stop: an empty partition costs a listing and one
 * look at its only file, another one the indexes of its active segment, the headers behind their last entry, and its last snapshot. After an unclean
 * stop `recoverPartition` brings the files into that state first.
 */
import type { LogConfig } from '../config/log-config.ts';
import { BatchHeader } from './batch-header.ts';
import type { LogEnvironment } from './environment.ts';
import { ensureAborted, ensureIndexes, fileOrNull, mendIndexes } from './index-loading.ts';
import { LEADER_EPOCH_FILE, LeaderEpochs } from './leader-epochs.ts';
import { LogState } from './log-state.ts';
import { LOG_SUFFIX, SNAPSHOT_SUFFIX, segmentPath } from './names.ts';
import { isOldMessage, oldFormatFault } from './old-format.ts';
import { leased, syncSegment } from './persistence.ts';
import { loadProducers, replayProducers } from './producer-recovery.ts';
import { recallBatches } from './producer-recall.ts';
import { readInto, walkHeaders } from './batch-walk.ts';
import { Segment } from './segment.ts';
import { listSegments, tellOrphans, unlinkSegment } from './segment-files.ts';
import type { SegmentFiles } from './segment-files.ts';

/** A message of an old format that is longer is not recognized as one. */
const OLD_MESSAGE_BYTES = 16 * 1024 * 1024;

export interface OpenOptions {
  /** The partition's directory, which exists. */
  readonly directory: string;
  readonly topic: string;
  readonly partition: number;
  readonly config: LogConfig;
  /** From recovery-point-offset-checkpoint; 0 where it has none. */
  readonly recoveryPoint: number;
  /** From log-start-offset-checkpoint; 0 where it has none. */
  readonly logStartOffset: number;
  /** From replication-offset-checkpoint; cut to the log. */
  readonly highWatermark: number;
  /** Whether recovery has just been over it: of an empty log it leaves the name of the file unsynced. */
  readonly isRecovered?: boolean;
  /** producer.id.expiration.ms */
  readonly producerIdExpirationMs: number;
}

/** Rejects with a DiskFault. */
export async function loadLog(env: LogEnvironment, options: OpenOptions): Promise<LogState> {
  const { directory, topic, partition, config, producerIdExpirationMs, logStartOffset } = options;
  const log = new LogState(env, directory, topic, partition, config, producerIdExpirationMs);
  const files = await listSegments(env.disk, directory);
  tellOrphans(env.logger, directory, files);
  await loadSegments(log, files, options);
  let endOffset = await loadActive(log);
  log.startOffset = Math.max(logStartOffset, (log.segments[0] as Segment).baseOffset);
  if (endOffset < log.startOffset) {
    await startAfresh(log, files);
    endOffset = log.startOffset;
  }
  // Where nothing is left but the start offset, a checkpoint knew it; from now on the file's name does.
  if (endOffset > 0 && log.active.nameUnsynced) await syncSegment(env, log.active);
  log.endOffset = log.sealedEndOffset = endOffset;
  log.recoveryPoint = Math.min(options.recoveryPoint, endOffset);
  log.highWatermark = Math.min(Math.max(options.highWatermark, log.startOffset), endOffset);
  log.recent.reset(endOffset, log.active.sizeInBytes);
  await loadEpochs(log, files);
  await loadProducerStates(log, files);
  return log;
}

async function loadSegments(log: LogState, files: SegmentFiles, options: OpenOptions): Promise<void> {
  const { env, directory } = log;
  const now = env.clock.now();
  for (const base of files.segments) {
    const status = await env.disk.status(segmentPath(directory, base, LOG_SUFFIX));
    const size = status?.sizeInBytes ?? 0;
    const segment = size === 0 ? Segment.empty(directory, base, now, 0) : new Segment(directory, base, now, 0);
    segment.sizeInBytes = segment.writtenBytes = size;
    segment.nameUnsynced = options.isRecovered === true && size === 0 && base === 0;
    segment.modifiedMs = status?.modifiedMs ?? now;
    if (!files.transactionIndexes.has(base)) segment.aborted = [];
    log.segments.push(segment);
  }
  if (log.segments.length === 0) {
    log.segments.push(Segment.empty(directory, options.logStartOffset, now, log.drawRollJitter()));
    return;
  }
  for (const [index, segment] of log.segments.entries()) {
    const next = log.segments[index + 1];
    if (next === undefined || next.baseOffset > options.recoveryPoint) continue;
    segment.syncedBytes = segment.writtenBytes;
    segment.indexesSynced = true;
  }
}

/** The indexes of the active segment, its first timestamp, and the log end offset from the headers behind the last index entry. */
async function loadActive(log: LogState): Promise<number> {
  const { env, active } = log;
  if (active.sizeInBytes === 0) return active.baseOffset;
  await ensureIndexes(log, active);
  await ensureAborted(log, active);
  const file = await leased(env, active);
  const header = new BatchHeader();
  let endOffset = active.baseOffset;
  try {
    await walkHeaders(file, 0, active.sizeInBytes, header, () => {
      active.firstTimestamp = header.maxTimestamp;
      return false;
    });
    active.maxTimestamp = active.timeIndex?.lastTimestamp ?? -1n;
    active.offsetOfMaxTimestamp = active.timeIndex?.lastOffset ?? active.baseOffset;
    const walk = (from: number): Promise<number> =>
      walkHeaders(file, from, active.sizeInBytes, header, () => {
        endOffset = header.lastOffset + 1;
        if (header.maxTimestamp > (active.maxTimestamp as bigint)) {
          active.maxTimestamp = header.maxTimestamp;
          active.offsetOfMaxTimestamp = header.lastOffset;
        }
        return true;
      });
    const from = active.offsetIndex?.lastPosition ?? 0;
    let end = await walk(from);
    if (end < active.sizeInBytes && from > 0) {
      // Before anything is cut: it may be the index that is wrong.
      end = await walk(0);
      if (end > from) mendIndexes(log, active);
    }
    if (end < active.sizeInBytes) {
      const rest = Buffer.alloc(Math.min(active.sizeInBytes - end, OLD_MESSAGE_BYTES));
      await readInto(file, rest, end);
      if (isOldMessage(rest, 0)) throw oldFormatFault(active.path, 'open');
      env.logger.warn('bytes behind the last batch are cut off', {
        segment: active.path,
        bytes: active.sizeInBytes - end,
      });
      await file.truncate(end);
      await file.sync();
      active.sizeInBytes = active.writtenBytes = end;
    }
  } finally {
    env.descriptors.release(active);
  }
  return endOffset;
}

/** The start was moved beyond the end: nothing of what is there can be read. */
async function startAfresh(log: LogState, files: SegmentFiles): Promise<void> {
  const { env, directory } = log;
  env.logger.warn('log start offset is beyond the end of the log, which begins anew', {
    directory,
    startOffset: log.startOffset,
  });
  for (const segment of log.segments) {
    env.descriptors.drop(segment);
    await unlinkSegment(env.disk, directory, segment.baseOffset);
  }
  for (const offset of files.snapshots) await env.disk.unlink(segmentPath(directory, offset, SNAPSHOT_SUFFIX));
  log.segments = [Segment.empty(directory, log.startOffset, env.clock.now(), log.drawRollJitter())];
}

async function loadEpochs(log: LogState, files: SegmentFiles): Promise<void> {
  if (!files.names.has(LEADER_EPOCH_FILE)) return;
  const file = await fileOrNull(log.env, `${log.directory}/${LEADER_EPOCH_FILE}`);
  const epochs = file === null ? new LeaderEpochs() : LeaderEpochs.decode(file);
  if (epochs === null) {
    log.env.logger.warn('leader epoch checkpoint is damaged and is left out', { directory: log.directory });
    log.saveEpochs();
    return;
  }
  log.epochs = epochs;
  const cut = epochs.truncateFromEnd(log.endOffset);
  if (epochs.truncateFromStart(log.startOffset) || cut) log.epochsUnsaved = true;
}

async function loadProducerStates(log: LogState, files: SegmentFiles): Promise<void> {
  const { env, directory, producers, startOffset, endOffset } = log;
  if (endOffset === startOffset && files.snapshots.length === 0) {
    producers.mapEndOffset = producers.snapshotOffset = endOffset;
    return;
  }
  const source = {
    disk: env.disk,
    native: env.native,
    directory,
    snapshots: await withoutStrays(log, files.snapshots),
    now: env.clock.now(),
    producerIdExpirationMs: log.producerIdExpirationMs,
  };
  await loadProducers(source, producers, startOffset, endOffset);
  if (producers.mapEndOffset < endOffset) {
    for (const segment of log.segments.slice(Math.max(0, log.floorSegment(producers.mapEndOffset)))) {
      if (segment.sizeInBytes === 0) continue;
      const file = await leased(env, segment);
      try {
        await replayProducers(file, 0, segment.sizeInBytes, producers, endOffset);
      } finally {
        env.descriptors.release(segment);
      }
    }
    producers.mapEndOffset = endOffset;
  }
  await recallBatches(log);
  producers.onHighWatermark(log.highWatermark);
}

/** Of the snapshots that stand at no segment's base only the newest is kept, and only where it is newer than the last base. */
async function withoutStrays(log: LogState, snapshots: readonly number[]): Promise<number[]> {
  const bases = new Set(log.segments.map((segment) => segment.baseOffset));
  const newest = snapshots.findLast((offset) => !bases.has(offset)) ?? -1;
  const kept: number[] = [];
  for (const offset of snapshots) {
    if (bases.has(offset) || (offset === newest && newest > log.active.baseOffset)) kept.push(offset);
    else await log.env.disk.unlink(segmentPath(log.directory, offset, SNAPSHOT_SUFFIX));
  }
  return kept;
}
