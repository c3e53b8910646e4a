/**
 * Indexes of segments that are not active: loaded when asked, built anew from the log file where they are missing or damaged.
 */
import { DiskFault } from '../port/disk.ts';
import { BatchHeader } from './batch-header.ts';
import type { LogEnvironment } from './environment.ts';
import type { LogState } from './log-state.ts';
import { INDEX_SUFFIX, TIME_INDEX_SUFFIX, TRANSACTION_INDEX_SUFFIX } from './names.ts';
import { readOffsetIndex } from './offset-index.ts';
import type { OffsetIndex } from './offset-index.ts';
import { leased, saveIndexes } from './persistence.ts';
import { walkHeaders } from './batch-walk.ts';
import { Segment } from './segment.ts';
import { readTimeIndex } from './time-index.ts';
import type { TimeIndex } from './time-index.ts';
import { decodeAborted } from './transaction-index.ts';
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
    await walkHeaders(file, 0, segment.writtenBytes, header, () => {
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

/** The aborted transactions that end in the segment. */
export async function ensureAborted(log: LogState, segment: Segment): Promise<readonly AbortedTransaction[]> {
  if (segment.aborted !== null) return segment.aborted;
  const file = await fileOrNull(log.env, segment.pathOf(TRANSACTION_INDEX_SUFFIX));
  const entries = file === null ? [] : decodeAborted(file, segment.baseOffset);
  if (entries === null) {
    log.env.logger.warn('transaction index is damaged and is left out', { segment: segment.path });
  }
  segment.aborted ??= entries ?? [];
  segment.abortedSaved = segment.aborted.length;
  return segment.aborted;
}
