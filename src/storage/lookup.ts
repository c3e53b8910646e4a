/**
 * Offsets by timestamp, as ListOffsets asks (KIP-79, KIP-734): from the time index to a batch, and from there to the record.
 */
import type { Disk, DiskFile } from '../port/disk.ts';
import { BatchHeader } from './batch-header.ts';
import { ensureIndexes } from './index-loading.ts';
import type { LogState } from './log-state.ts';
import { TIME_INDEX_SUFFIX } from './names.ts';
import { leased } from './persistence.ts';
import { readInto, walkHeaders } from './batch-walk.ts';
import { lookUpRecord } from './records.ts';
import type { Segment } from './segment.ts';
import { TIME_ENTRY_SIZE, readTimeIndex } from './time-index.ts';

export interface TimestampAndOffset {
  readonly timestamp: bigint;
  readonly offset: number;
  /** -1: not known. */
  readonly leaderEpoch: number;
}

/** The first record at or after the log start whose timestamp is at least `target`; null where there is none. */
export async function offsetForTimestamp(log: LogState, target: bigint): Promise<TimestampAndOffset | null> {
  for (const segment of log.segments.slice()) {
    if (segment.writtenBytes === 0 || segment.dropped) continue;
    if ((await maxTimestampOf(log, segment)) < target) continue;
    await ensureIndexes(log, segment);
    const found = await searchSegment(log, segment, target);
    if (found !== null) return found;
  }
  return null;
}

async function searchSegment(log: LogState, segment: Segment, target: bigint): Promise<TimestampAndOffset | null> {
  const from = Math.max(segment.timeIndex?.floorOffset(target) ?? 0, log.startOffset);
  const position = segment.offsetIndex?.floorPosition(from) ?? 0;
  let found: TimestampAndOffset | null = null;
  await eachBatch(log, segment, position, async (header, readBatch) => {
    if (header.maxTimestamp < target || header.lastOffset < log.startOffset) return true;
    found = await firstRecord(log, header, await readBatch(), target);
    return found === null;
  });
  return found;
}

/** The first record with the highest timestamp of the log; null where no record has one. */
export async function offsetOfMaxTimestamp(log: LogState): Promise<TimestampAndOffset | null> {
  let best: Segment | null = null;
  let highest = -1n;
  for (const segment of log.segments.slice()) {
    if (segment.dropped) continue;
    const timestamp = await maxTimestampOf(log, segment);
    if (timestamp <= highest) continue;
    best = segment;
    highest = timestamp;
  }
  if (best === null) return null;
  await ensureIndexes(log, best);
  const position = best.offsetIndex?.floorPosition(best.offsetOfMaxTimestamp) ?? 0;
  let found: TimestampAndOffset | null = null;
  await eachBatch(log, best, position, async (header, readBatch) => {
    if (header.maxTimestamp !== highest) return true;
    const { lastOffset: offset, leaderEpoch } = header;
    found = (await firstRecord(log, header, await readBatch(), highest)) ?? { timestamp: highest, offset, leaderEpoch };
    return false;
  });
  return found;
}

/**
 * The highest timestamp of the segment; -1 where it has none. Of one that is not active, what its time index says last: one entry is
 * read, as retention asks every log for its oldest segment.
 */
export async function maxTimestampOf(log: LogState, segment: Segment): Promise<bigint> {
  if (segment.maxTimestamp !== null) return segment.maxTimestamp;
  const last = segment.timeIndex === null ? await readLastEntry(log, segment) : null;
  if (last !== null) {
    segment.offsetOfMaxTimestamp = last.offset;
    return (segment.maxTimestamp ??= last.timestamp);
  }
  await ensureIndexes(log, segment);
  segment.offsetOfMaxTimestamp = segment.timeIndex?.lastOffset ?? segment.baseOffset;
  return (segment.maxTimestamp ??= segment.timeIndex?.lastTimestamp ?? -1n);
}

/** The last entry of the time index's file; null where it is empty, missing, or ends in what is no entry. */
async function readLastEntry(log: LogState, segment: Segment): Promise<{ timestamp: bigint; offset: number } | null> {
  const path = segment.pathOf(TIME_INDEX_SUFFIX);
  const status = await log.env.disk.status(path);
  const size = status?.sizeInBytes ?? 0;
  if (size === 0 || size % TIME_ENTRY_SIZE !== 0) return null;
  const file = await opened(log.env.disk, path);
  if (file === null) return null;
  try {
    const bytes = Buffer.alloc(TIME_ENTRY_SIZE);
    await readInto(file, bytes, size - TIME_ENTRY_SIZE);
    const entry = readTimeIndex(segment.baseOffset, bytes)?.entry(0);
    return entry === undefined || entry.timestamp <= 0n ? null : entry;
  } finally {
    await file.close();
  }
}

function opened(disk: Disk, path: string): Promise<DiskFile | null> {
  return new Promise((resolve, reject) => {
    disk.open(path, { create: false, write: false }, (fault, file) => {
      if (fault !== null && fault.code !== 'ENOENT') reject(fault);
      else resolve(file);
    });
  });
}

/** The first record of the batch at or after the log start with at least this timestamp. */
async function firstRecord(
  log: LogState,
  header: BatchHeader,
  bytes: Buffer,
  timestamp: bigint,
): Promise<TimestampAndOffset | null> {
  const { baseOffset, leaderEpoch } = header;
  const minDelta = Math.max(0, log.startOffset - baseOffset);
  const found = await lookUpRecord(log.env, { bytes, timestamp, minDelta });
  if (typeof found !== 'number') {
    return found && { timestamp: found.timestamp, offset: baseOffset + found.offsetDelta, leaderEpoch };
  }
  log.env.logger.warn('the records of a batch are damaged', { directory: log.directory, baseOffset });
  return null;
}

/** Walks batches from a position; `readBatch` gives the bytes of the one that is visited. */
async function eachBatch(
  log: LogState,
  segment: Segment,
  position: number,
  visit: (header: BatchHeader, readBatch: () => Promise<Buffer>) => Promise<boolean>,
): Promise<void> {
  const file: DiskFile = await leased(log.env, segment);
  try {
    const header = new BatchHeader();
    let at = position;
    for (let goOn = true; goOn; ) {
      goOn = false;
      await walkHeaders(file, at, segment.writtenBytes, header, () => {
        goOn = true;
        return false;
      });
      if (!goOn) break;
      at = header.position + header.sizeInBytes;
      goOn = await visit(header, async () => {
        const bytes = Buffer.allocUnsafe(header.sizeInBytes);
        await readInto(file, bytes, header.position);
        return bytes;
      });
    }
  } finally {
    log.env.descriptors.release(segment);
  }
}
