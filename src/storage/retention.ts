/**
 * What leaves a log: old segments, by age, by size and below the start offset; and ends that turn out not to be the leader's.
 *
 * Files go in two steps: renamed to `.deleted` at once, unlinked after `file.delete.delay.ms`, so that readers that have them open finish.
 */
import type { DiskFile } from '../port/disk.ts';
import type { Appender } from './appender.ts';
import { ensureAborted, ensureIndexes } from './index-loading.ts';
import type { LogState } from './log-state.ts';
import { maxTimestampOf } from './lookup.ts';
import { DELETED_SUFFIX, SEGMENT_SUFFIXES, SNAPSHOT_SUFFIX, TRANSACTION_INDEX_SUFFIX, segmentPath } from './names.ts';
import { leased, saveIndexes, syncSegment } from './persistence.ts';
import { loadProducers, replayProducers } from './producer-recovery.ts';
import { BatchHeader } from './batch-header.ts';
import { findBatch, walkHeaders } from './batch-walk.ts';
import { Segment } from './segment.ts';
import { listSegments } from './segment-files.ts';
import { ABORTED_ENTRY_SIZE } from './transaction-index.ts';

/** Moves the start of the log up. True where it moved. */
export function raiseStartOffset(log: LogState, offset: number): boolean {
  if (offset <= log.startOffset) return false;
  log.startOffset = offset;
  if (log.highWatermark < offset) log.highWatermark = offset;
  if (log.epochs.truncateFromStart(offset)) log.saveEpochs();
  log.producers.onStartOffset(offset);
  return true;
}

/** Deletes what the topic's settings say. Resolves to the number of segments. */
export async function applyRetention(log: LogState, appender: Appender, now: number): Promise<number> {
  const { config } = log;
  let deleted = 0;
  if (config.delete) {
    if (config.retentionMs >= 0) {
      deleted += await deleteWhile(log, appender, async (segment) => {
        const newest = await maxTimestampOf(log, segment);
        return now - (newest >= 0n ? Number(newest) : segment.modifiedMs) > config.retentionMs;
      });
    }
    if (config.retentionBytes >= 0) {
      let excess = log.sizeInBytes - config.retentionBytes;
      deleted += await deleteWhile(log, appender, async (segment) => {
        if (excess - segment.sizeInBytes < 0) return false;
        excess -= segment.sizeInBytes;
        return true;
      });
    }
  }
  deleted += await deleteWhile(log, appender, async (_segment, next) => {
    return next !== undefined && next.baseOffset <= log.startOffset;
  });
  return deleted;
}

/** From the oldest on, as long as `expired` says so and all of the segment is committed. An empty active segment stays. */
async function deleteWhile(
  log: LogState,
  appender: Appender,
  expired: (segment: Segment, next: Segment | undefined) => Promise<boolean>,
): Promise<number> {
  const candidates = [...log.segments];
  let count = 0;
  let sizeOfLast = 0;
  for (const [index, segment] of candidates.entries()) {
    const next = candidates[index + 1];
    const upperBound = next?.baseOffset ?? log.endOffset;
    if (log.highWatermark < upperBound || (next === undefined && segment.sizeInBytes === 0)) break;
    sizeOfLast = segment.sizeInBytes;
    if (!(await expired(segment, next))) break;
    count++;
  }
  if (count === 0 || log.closed || log.failed !== null || log.segments[0] !== candidates[0]) return 0;
  if (count === candidates.length) {
    // The active one goes only where nothing has come to it since it was looked at, rolled or not.
    const isSettled = log.segments.length === count && log.sealedEndOffset === log.endOffset;
    if (isSettled && log.active.sizeInBytes === sizeOfLast) appender.roll(log.endOffset);
    else count--;
  }
  if (count === 0) return 0;
  const gone = log.segments.splice(0, count);
  raiseStartOffset(log, (log.segments[0] as Segment).baseOffset);
  for (const segment of gone) {
    log.env.indexes.forget(segment);
    log.env.descriptors.drop(segment);
  }
  const [first] = log.segments;
  log.inBackground(async () => {
    // The name of the first that stays is all that tells where the log ends while nothing has been written to it.
    if (first?.nameUnsynced) await syncSegment(log.env, first);
    await moveAway(log, gone);
  });
  return count;
}

/** Renames the files of segments to `.deleted`, and unlinks them after the delay. */
export async function moveAway(log: LogState, gone: readonly Segment[]): Promise<void> {
  const { env, directory } = log;
  const present = new Set((await env.disk.list(directory)).map((entry) => entry.name));
  const moved: string[] = [];
  for (const segment of gone) {
    for (const suffix of [...SEGMENT_SUFFIXES, SNAPSHOT_SUFFIX]) {
      const path = segment.pathOf(suffix);
      if (!present.has(path.slice(directory.length + 1))) continue;
      await env.disk.rename(path, path + DELETED_SUFFIX);
      moved.push(path + DELETED_SUFFIX);
    }
  }
  env.clock.after(log.config.fileDeleteDelayMs, () => {
    // What cannot be unlinked now is unlinked at the next start.
    for (const path of moved) env.disk.unlink(path).catch(() => undefined);
  });
}

/**
 * Cuts everything at and after `offset`, a batch that contains it as a whole. For a follower whose leader has another end. Nothing may be
 * staged or under way.
 */
export async function truncateTo(log: LogState, offset: number): Promise<void> {
  if (offset >= log.endOffset) return;
  const { env } = log;
  if ((log.segments[0] as Segment).baseOffset > offset) {
    await truncateFully(log, offset, Math.min(log.startOffset, offset));
    return;
  }
  const index = log.floorSegment(offset);
  const gone = log.segments.splice(index + 1);
  for (const segment of gone) {
    env.indexes.forget(segment);
    env.descriptors.drop(segment);
  }
  await moveAway(log, gone);
  await cutSegment(log, log.active, offset);
  log.endOffset = log.sealedEndOffset = offset;
  log.recoveryPoint = Math.min(log.recoveryPoint, offset);
  log.highWatermark = Math.min(log.highWatermark, offset);
  log.startOffset = Math.min(log.startOffset, offset);
  log.recent.reset(offset, log.active.sizeInBytes);
  if (log.epochs.truncateFromEnd(offset)) log.saveEpochs();
  await reloadProducers(log);
}

async function cutSegment(log: LogState, segment: Segment, offset: number): Promise<void> {
  const { env } = log;
  await ensureIndexes(log, segment);
  env.indexes.forget(segment);
  const aborted = await ensureAborted(log, segment);
  const file = await leased(env, segment);
  try {
    const batch = await findBatch(segment, file, offset);
    const size = batch?.position ?? segment.writtenBytes;
    await file.truncate(size);
    await file.sync();
    segment.sizeInBytes = segment.writtenBytes = size;
    segment.syncedBytes = Math.min(segment.syncedBytes, size);
    if (size === 0) segment.firstTimestamp = -1n;
    else if (segment.firstTimestamp === null) segment.firstTimestamp = await firstTimestampOf(file, size);
  } finally {
    env.descriptors.release(segment);
  }
  segment.offsetIndex?.truncateTo(offset);
  segment.timeIndex?.truncateTo(offset);
  segment.maxTimestamp = segment.timeIndex?.lastTimestamp ?? -1n;
  segment.offsetOfMaxTimestamp = segment.timeIndex?.lastOffset ?? segment.baseOffset;
  segment.bytesSinceIndexEntry = 0;
  segment.indexesSynced = false;
  await saveIndexes(env, segment, true);
  const kept = aborted.filter((entry) => entry.lastOffset < offset);
  if (kept.length < aborted.length) {
    segment.aborted = kept;
    segment.abortedSaved = kept.length;
    const path = segment.pathOf(TRANSACTION_INDEX_SUFFIX);
    await env.disk.writeAt(path, kept.length * ABORTED_ENTRY_SIZE, Buffer.alloc(0), { sync: true, truncate: true });
  }
}

/** Of the first batch in the file. */
async function firstTimestampOf(file: DiskFile, size: number): Promise<bigint> {
  const header = new BatchHeader();
  let first = -1n;
  await walkHeaders(file, 0, size, header, () => {
    first = header.maxTimestamp;
    return false;
  });
  return first;
}

async function reloadProducers(log: LogState): Promise<void> {
  const { env, directory, producers } = log;
  const { snapshots } = await listSegments(env.disk, directory);
  const source = {
    disk: env.disk,
    native: env.native,
    directory,
    snapshots,
    now: env.clock.now(),
    producerIdExpirationMs: log.producerIdExpirationMs,
  };
  await loadProducers(source, producers, log.startOffset, log.endOffset);
  for (const segment of log.segments.slice(Math.max(0, log.floorSegment(producers.mapEndOffset)))) {
    if (segment.writtenBytes === 0) continue;
    const file = await leased(env, segment);
    try {
      await replayProducers(file, 0, segment.writtenBytes, producers, log.endOffset);
    } finally {
      env.descriptors.release(segment);
    }
  }
  producers.mapEndOffset = log.endOffset;
  producers.onHighWatermark(log.highWatermark);
}

/** Empties the log, which begins at `offset` then. */
export async function truncateFully(log: LogState, offset: number, startOffset: number): Promise<void> {
  const { env } = log;
  const gone = log.segments;
  for (const segment of gone) {
    env.indexes.forget(segment);
    env.descriptors.drop(segment);
  }
  await moveAway(log, gone);
  log.segments = [Segment.empty(log.directory, offset, env.clock.now(), log.drawRollJitter())];
  log.startOffset = startOffset;
  log.endOffset = log.sealedEndOffset = offset;
  log.highWatermark = offset;
  log.recoveryPoint = Math.min(log.recoveryPoint, offset);
  log.recent.reset(offset, 0);
  log.epochs.clear();
  log.saveEpochs();
  const { snapshots } = await listSegments(env.disk, log.directory);
  for (const snapshot of snapshots) {
    await env.disk.unlink(segmentPath(log.directory, snapshot, SNAPSHOT_SUFFIX));
  }
  log.producers.clear();
  log.producers.mapEndOffset = log.producers.snapshotOffset = offset;
}
