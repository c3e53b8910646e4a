/**
 * What lies in a partition's directory, and what must go from it at start: the remains of deletions and compactions that were cut short.
 *
 *   *.deleted            was on its way out                                    → unlinked
 *   *.cleaned            output of a compaction that was not finished          → unlinked, with .swap of the same round
 *   *.swap               output of a finished one that was to replace others   → replaces them now
 *   *.index … without .log                                                     → unlinked
 */
import type { Disk, DiskFile } from '../port/disk.ts';
import type { Logger } from '../port/log.ts';
import { BatchHeader } from './batch-header.ts';
import {
  CLEANED_SUFFIX,
  DELETED_SUFFIX,
  INDEX_SUFFIX,
  LOG_SUFFIX,
  SEGMENT_SUFFIXES,
  SNAPSHOT_SUFFIX,
  SWAP_SUFFIX,
  TIME_INDEX_SUFFIX,
  TRANSACTION_INDEX_SUFFIX,
  offsetOfFile,
  segmentPath,
} from './names.ts';
import { walkHeaders } from './batch-walk.ts';

export interface SegmentFiles {
  /** Base offsets of the segments, ascending. */
  readonly segments: readonly number[];
  /** Offsets of the producer snapshots, ascending. */
  readonly snapshots: readonly number[];
  /** Base offsets of the segments that have a transaction index. */
  readonly transactionIndexes: ReadonlySet<number>;
  /** Index files that stood there without their segment, and were unlinked. */
  readonly orphans: readonly string[];
  /** All names, for what stands beside the segments. */
  readonly names: ReadonlySet<string>;
}

/** Clears away what is unfinished and lists the rest. */
export async function listSegments(disk: Disk, directory: string): Promise<SegmentFiles> {
  let names = await fileNames(disk, directory);
  if (await removeLeftovers(disk, directory, names)) names = await fileNames(disk, directory);
  const logs = new Set<number>();
  for (const name of names) if (name.endsWith(LOG_SUFFIX)) addOffset(logs, name);
  const snapshots = new Set<number>();
  const transactionIndexes = new Set<number>();
  const orphans: string[] = [];
  for (const name of names) {
    if (name.endsWith(SNAPSHOT_SUFFIX)) addOffset(snapshots, name);
    if (name.endsWith(TRANSACTION_INDEX_SUFFIX)) addOffset(transactionIndexes, name);
    const isIndex = [INDEX_SUFFIX, TIME_INDEX_SUFFIX, TRANSACTION_INDEX_SUFFIX].some((suffix) => name.endsWith(suffix));
    const offset = offsetOfFile(name);
    if (!isIndex || offset === null || logs.has(offset)) continue;
    await disk.unlink(`${directory}/${name}`);
    orphans.push(name);
  }
  return {
    segments: ascending(logs),
    snapshots: ascending(snapshots),
    transactionIndexes,
    orphans,
    names: new Set(names),
  };
}

/** An index without its segment says that records are gone. */
export function tellOrphans(logger: Logger, directory: string, { orphans }: SegmentFiles): void {
  if (orphans.length > 0) {
    logger.warn('index files were there without their segment, and are removed', {
      directory,
      files: orphans.join(' '),
    });
  }
}

/** Takes all files of a segment away, with the snapshot at its base. */
export async function unlinkSegment(disk: Disk, directory: string, baseOffset: number): Promise<void> {
  for (const suffix of [...SEGMENT_SUFFIXES, SNAPSHOT_SUFFIX]) {
    await disk.unlink(segmentPath(directory, baseOffset, suffix));
  }
}

async function fileNames(disk: Disk, directory: string): Promise<string[]> {
  const entries = await disk.list(directory);
  return entries.filter((entry) => !entry.directory).map((entry) => entry.name);
}

async function removeLeftovers(disk: Disk, directory: string, names: readonly string[]): Promise<boolean> {
  const deleted = names.filter(
    (name) => name.endsWith(DELETED_SUFFIX) && !name.endsWith(`.checkpoint${DELETED_SUFFIX}`),
  );
  const cleaned = names.filter((name) => name.endsWith(CLEANED_SUFFIX));
  const swaps = names.filter((name) => name.endsWith(SWAP_SUFFIX));
  if (deleted.length + cleaned.length + swaps.length === 0) return false;
  for (const name of [...deleted, ...cleaned]) await disk.unlink(`${directory}/${name}`);
  // A split leaves several .swap and .cleaned files: with a .cleaned left, those from it on are not complete.
  let firstCleaned = Infinity;
  for (const name of cleaned) firstCleaned = Math.min(firstCleaned, offsetOfFile(name) ?? Infinity);
  const valid: string[] = [];
  for (const name of swaps) {
    if ((offsetOfFile(name) ?? Infinity) >= firstCleaned) await disk.unlink(`${directory}/${name}`);
    else valid.push(name);
  }
  await replaceBySwaps(disk, directory, names, valid);
  return true;
}

/** Segments that the swapped ones replace go, then the swapped ones take their names. */
async function replaceBySwaps(
  disk: Disk,
  directory: string,
  names: readonly string[],
  swaps: readonly string[],
): Promise<void> {
  let from = Infinity;
  let to = -Infinity;
  for (const name of swaps) {
    const offset = offsetOfFile(name);
    if (offset === null || !name.endsWith(LOG_SUFFIX + SWAP_SUFFIX)) continue;
    from = Math.min(from, offset);
    to = Math.max(to, await nextOffsetOf(disk, `${directory}/${name}`, offset));
  }
  for (const name of names) {
    const offset = offsetOfFile(name);
    if (offset === null || offset < from || offset >= to) continue;
    if ([...SEGMENT_SUFFIXES, SNAPSHOT_SUFFIX].some((suffix) => name.endsWith(suffix))) {
      await disk.unlink(`${directory}/${name}`);
    }
  }
  for (const name of swaps) {
    await disk.rename(`${directory}/${name}`, `${directory}/${name.slice(0, -SWAP_SUFFIX.length)}`);
  }
  if (swaps.length > 0) await disk.syncDirectory(directory);
}

async function nextOffsetOf(disk: Disk, path: string, baseOffset: number): Promise<number> {
  const file = await new Promise<DiskFile>((resolve, reject) => {
    disk.open(path, { create: false, write: false }, (fault, opened) => {
      if (opened === null) reject(fault ?? new Error('a disk opens or faults'));
      else resolve(opened);
    });
  });
  const header = new BatchHeader();
  let next = baseOffset;
  await walkHeaders(file, 0, await file.size(), header, () => {
    next = header.lastOffset + 1;
    return true;
  });
  await file.close();
  return next;
}

function addOffset(offsets: Set<number>, name: string): void {
  const offset = offsetOfFile(name);
  if (offset !== null) offsets.add(offset);
}

function ascending(offsets: ReadonlySet<number>): number[] {
  return [...offsets].toSorted((a, b) => a - b);
}
