/**
 * Bringing what a log knows in memory to its files: index entries, aborted transactions, snapshots, and the flushes that make
 * a recovery point true. All of it runs in the log's serial chain.
 */
import type { DiskDone, DiskFault, DiskFile } from '../port/disk.ts';
import type { LogEnvironment } from './environment.ts';
import { LEADER_EPOCH_FILE } from './leader-epochs.ts';
import type { LogState } from './log-state.ts';
import { INDEX_SUFFIX, SNAPSHOT_SUFFIX, TIME_INDEX_SUFFIX, TRANSACTION_INDEX_SUFFIX, segmentPath } from './names.ts';
import { encodeProducerSnapshot } from './producer-snapshot.ts';
import type { Segment } from './segment.ts';
import { ABORTED_ENTRY_SIZE, encodeAborted } from './transaction-index.ts';

/** Leases the segment's file, opening it where needed. Rejects with a DiskFault. */
export function leased(env: LogEnvironment, segment: Segment, create = false): Promise<DiskFile> {
  return new Promise((resolve, reject) => {
    const done: DiskDone = (fault: DiskFault | null) => {
      if (fault === null) resolve(segment.file as DiskFile);
      else reject(fault);
    };
    env.descriptors.acquire(segment, create, done);
  });
}

/** Appends the index entries that are in memory only. `final`: the files exist afterwards, end there, and are on the medium. */
export async function saveIndexes(env: LogEnvironment, segment: Segment, final = false): Promise<void> {
  const options = { sync: final, truncate: final };
  for (const [index, suffix] of [
    [segment.offsetIndex, INDEX_SUFFIX],
    [segment.timeIndex, TIME_INDEX_SUFFIX],
  ] as const) {
    if (index === null) continue;
    const upTo = index.sizeInBytes;
    const bytes = index.unsaved();
    if (bytes.length === 0 && !final) continue;
    await env.disk.writeAt(segment.pathOf(suffix), index.savedBytes, bytes, options);
    index.markSaved(upTo);
  }
  await saveAborted(env, segment, final);
}

async function saveAborted(env: LogEnvironment, segment: Segment, sync: boolean): Promise<void> {
  const { aborted, abortedSaved } = segment;
  // What was saved before has not been synced. Without an entry there is no file.
  if (aborted === null || aborted.length === 0 || (aborted.length === abortedSaved && !sync)) return;
  const bytes = encodeAborted(aborted.slice(abortedSaved));
  const upTo = aborted.length;
  await env.disk.writeAt(segment.pathOf(TRANSACTION_INDEX_SUFFIX), abortedSaved * ABORTED_ENTRY_SIZE, bytes, {
    sync,
    truncate: true,
  });
  segment.abortedSaved = upTo;
}

/** The bytes of the segment's log that were written so far are on the medium. */
export async function syncSegment(env: LogEnvironment, segment: Segment): Promise<void> {
  const upTo = segment.writtenBytes;
  if (segment.dropped || (segment.syncedBytes >= upTo && !segment.nameUnsynced)) return;
  let file: DiskFile;
  try {
    file = await leased(env, segment, upTo === 0);
  } catch (error) {
    // Deleted while this waited: nobody needs it on the medium any more.
    if (segment.dropped) return;
    throw error;
  }
  try {
    await file.sync();
    segment.syncedBytes = Math.max(segment.syncedBytes, upTo);
  } finally {
    env.descriptors.release(segment);
  }
  if (segment.nameUnsynced) {
    await env.disk.syncDirectory(segment.directory);
    segment.nameUnsynced = false;
  }
}

/**
 * A segment has ended and all of it is written: its indexes and the snapshot at its end go to the medium, with it the recovery point. The snapshot
 * comes last: where it is, recovery takes the indexes for complete.
 */
export async function finishSegment(
  log: LogState,
  segment: Segment,
  endOffset: number,
  snapshot: Buffer | null,
): Promise<void> {
  const { env } = log;
  await saveIndexes(env, segment, true);
  segment.indexesSynced = true;
  await syncSegment(env, segment);
  if (snapshot !== null) {
    const path = segmentPath(log.directory, endOffset, SNAPSHOT_SUFFIX);
    await env.disk.writeAt(path, 0, snapshot, { sync: true, truncate: true });
  }
  await env.disk.syncDirectory(log.directory);
  await saveEpochs(log);
  if (!segment.dropped) env.indexes.used(segment);
  if (log.recoveryPoint >= segment.baseOffset && log.recoveryPoint < endOffset) log.recoveryPoint = endOffset;
}

async function syncIndexes(env: LogEnvironment, segment: Segment): Promise<void> {
  if (segment.indexesSynced) return;
  await saveIndexes(env, segment, true);
  for (const suffix of [INDEX_SUFFIX, TIME_INDEX_SUFFIX, TRANSACTION_INDEX_SUFFIX]) {
    await env.disk.syncFile(segment.pathOf(suffix));
  }
  segment.indexesSynced = true;
}

/** All that is applied goes to the medium; the recovery point follows. Segments that ended have been through `finishSegment`. */
export async function flushLog(log: LogState): Promise<void> {
  const upTo = log.endOffset;
  if (log.recoveryPoint >= upTo && !log.active.nameUnsynced) return;
  log.lastFlushMs = log.env.clock.now();
  for (const segment of log.segments.slice(Math.max(0, log.floorSegment(log.recoveryPoint)))) {
    // One that ended after this flush was asked for: its indexes must not lag behind the recovery point.
    if (segment !== log.active) await syncIndexes(log.env, segment);
    await syncSegment(log.env, segment);
  }
  await saveEpochs(log);
  if (log.recoveryPoint < upTo) log.recoveryPoint = upTo;
}

/** The epochs of what is below the recovery point are on the medium: nobody looks for them in the batches again. */
async function saveEpochs(log: LogState): Promise<void> {
  if (!log.epochsUnsaved) return;
  log.epochsUnsaved = false;
  await log.env.disk.replaceFile(`${log.directory}/${LEADER_EPOCH_FILE}`, log.epochs.encode());
}

/** Snapshot of the producers at the end of the log, where there is none yet. */
export async function saveSnapshot(log: LogState): Promise<void> {
  const { producers, env } = log;
  const offset = producers.mapEndOffset;
  if (offset <= producers.snapshotOffset) return;
  const bytes = encodeProducerSnapshot(producers.entries(), producers.size, env.native);
  const path = segmentPath(log.directory, offset, SNAPSHOT_SUFFIX);
  await env.disk.writeAt(path, 0, bytes, { sync: true, truncate: true });
  producers.snapshotOffset = offset;
}
