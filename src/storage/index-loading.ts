/**
 * Indexes of segments that are not active: loaded when asked, built anew from the log file where they are missing or damaged.
 */
import { DiskFault } from '../port/disk.ts';
import { BatchHeader } from './batch-header.ts';
import type { LogEnvironment } from './environment.ts';
import type { LogState } from './log-state.ts';
import {
  INDEX_SUFFIX,
  offsetOfFile,
  segmentPath,
  SNAPSHOT_SUFFIX,
  TIME_INDEX_SUFFIX,
  TRANSACTION_INDEX_SUFFIX,
} from './names.ts';
import { readOffsetIndex } from './offset-index.ts';
import type { OffsetIndex } from './offset-index.ts';
import { leased, saveIndexes } from './persistence.ts';
import { replayProducers } from './producer-recovery.ts';
import { decodeProducerSnapshot } from './producer-snapshot.ts';
import { ProducerStates } from './producer-state.ts';
import { walkHeaders } from './batch-walk.ts';
import { Segment } from './segment.ts';
import { readTimeIndex } from './time-index.ts';
import type { TimeIndex } from './time-index.ts';
import { decodeAborted, encodeAborted } from './transaction-index.ts';
import type { AbortedTransaction } from './transaction-index.ts';

/** The segment's offset and time index are in memory afterwards. */
export async function ensureIndexes(log: LogState, segment: Segment): Promise<void> {
  const { env } = log;
  if (segment.offsetIndex !== null && segment.timeIndex !== null) {
    if (segment !== log.active && segment.offsetIndex.unsaved().length === 0) env.indexes.used(segment);
    return;
  }
  const loaded = await readIndexes(env, segment);
  if (loaded === null) {
    env.logger.warn('index is missing or damaged and is built anew', {
      segment: segment.path,
    });
    await rebuildIndexes(log, segment);
  } else if (segment.offsetIndex === null || segment.timeIndex === null) {
    segment.offsetIndex = loaded.offsetIndex;
    segment.timeIndex = loaded.timeIndex;
  }
  if (segment !== log.active && !segment.dropped) env.indexes.used(segment);
}

/** From the files. Null where one is missing or damaged. */
export async function readIndexes(
  env: Pick<LogEnvironment, 'disk'>,
  segment: Segment,
): Promise<{ offsetIndex: OffsetIndex; timeIndex: TimeIndex } | null> {
  const offsetFile = await fileOrNull(env, segment.pathOf(INDEX_SUFFIX));
  const timeFile = await fileOrNull(env, segment.pathOf(TIME_INDEX_SUFFIX));
  if (offsetFile === null || timeFile === null) return null;
  const offsetIndex = readOffsetIndex(segment.baseOffset, offsetFile, segment.sizeInBytes);
  const timeIndex = readTimeIndex(segment.baseOffset, timeFile);
  return offsetIndex === null || timeIndex === null ? null : { offsetIndex, timeIndex };
}

export async function fileOrNull(env: Pick<LogEnvironment, 'disk'>, path: string): Promise<Buffer | null> {
  try {
    return await env.disk.readFile(path);
  } catch (error) {
    if (error instanceof DiskFault && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** Walks the headers of the segment and writes both indexes again. The log file itself is trusted: recovery checks it. */
async function rebuildIndexes(log: LogState, segment: Segment): Promise<void> {
  const { env, config } = log;
  const file = await leased(env, segment);
  const rebuilt = Segment.empty(segment.directory, segment.baseOffset, segment.createdMs, 0);
  try {
    const header = new BatchHeader();
    let next = segment.baseOffset;
    await walkHeaders(file, 0, segment.writtenBytes, header, () => {
      // Damage: who reads there will find it.
      if (header.baseOffset < next || !rebuilt.canHold(header.lastOffset)) return false;
      next = header.lastOffset + 1;
      rebuilt.add(header, config.indexIntervalBytes);
      return true;
    });
  } finally {
    env.descriptors.release(segment);
  }
  rebuilt.finishTimeIndex();
  segment.offsetIndex = rebuilt.offsetIndex;
  segment.timeIndex = rebuilt.timeIndex;
  if (segment !== log.active) await saveIndexes(env, segment, true);
}

/** The index led a reader astray: it is made again from the segment. */
export function mendIndexes(log: LogState, segment: Segment): void {
  segment.indexIsWrong = false;
  log.env.logger.warn('index does not fit its segment and is built anew', { segment: segment.path });
  log.inBackground(async () => {
    if (!segment.dropped) await rebuildIndexes(log, segment);
  });
}

/** The aborted transactions that end in the segment. */
export async function ensureAborted(log: LogState, segment: Segment): Promise<readonly AbortedTransaction[]> {
  if (segment.aborted !== null) return segment.aborted;
  const file = await fileOrNull(log.env, segment.pathOf(TRANSACTION_INDEX_SUFFIX));
  const entries = file === null ? [] : decodeAborted(file, segment.baseOffset);
  if (entries !== null) {
    segment.aborted ??= entries;
    segment.abortedSaved = segment.aborted.length;
    return segment.aborted;
  }
  log.env.logger.warn('transaction index is damaged and is built anew', { segment: segment.path });
  const rebuilt = await rebuildAborted(log, segment);
  segment.aborted ??= rebuilt;
  segment.abortedSaved = segment.aborted.length;
  const path = segment.pathOf(TRANSACTION_INDEX_SUFFIX);
  await log.env.disk.writeAt(path, 0, encodeAborted(segment.aborted), { sync: true, truncate: true });
  return segment.aborted;
}

/** Replays producers from the newest snapshot that begins below the segment, and takes what ends in it. */
async function rebuildAborted(log: LogState, segment: Segment): Promise<AbortedTransaction[]> {
  const { env, directory } = log;
  const producers = new ProducerStates();
  producers.mapEndOffset = log.segments[0]?.baseOffset ?? 0;
  const names = (await env.disk.list(directory))
    .map(({ name }) => name)
    .filter((name) => name.endsWith(SNAPSHOT_SUFFIX));
  const offsets = names.map(offsetOfFile).filter((offset) => offset !== null && offset <= segment.baseOffset);
  for (const offset of (offsets as number[]).toSorted((a, b) => b - a)) {
    const saved = await fileOrNull(env, segmentPath(directory, offset, SNAPSHOT_SUFFIX));
    const entries = saved === null ? null : decodeProducerSnapshot(saved, env.native);
    if (entries === null) continue;
    producers.load(entries, offset, env.clock.now(), Infinity);
    break;
  }
  const found: AbortedTransaction[] = [];
  for (const each of log.segments.slice(Math.max(0, log.floorSegment(producers.mapEndOffset)))) {
    if (each.baseOffset > segment.baseOffset) break;
    if (each.writtenBytes === 0) continue;
    const file = await leased(env, each);
    try {
      await replayProducers(file, 0, each.writtenBytes, producers, Infinity, (aborted) => {
        if (each === segment) found.push(aborted);
      });
    } finally {
      env.descriptors.release(each);
    }
  }
  return found;
}
