/** Walking the batches of a segment's file by their headers: a few bytes of each, whatever its size. */
import { DiskFault, type DiskFile } from '../port/disk.ts';
import { BATCH_HEADER_SIZE, BatchHeader } from './batch-header.ts';
import type { Segment } from './segment.ts';

/** The code of a fault of the bytes, not of the medium: what is asked fails, the directory stays. */
export const DAMAGED = 'EBADMSG';

/** Read at once while walking headers: small batches are passed without a read each. */
const WALK_BYTES = 8 * 1024;

/** A batch in a segment's file. */
export interface FoundBatch {
  readonly position: number;
  readonly sizeInBytes: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
}

/**
 * The first batch that ends at or after `offset`; null where the segment has none. Its indexes must be loaded. A DiskFault of `DAMAGED`
 * where the walk meets bytes that are no batch before it gets there.
 */
export async function findBatch(segment: Segment, file: DiskFile, offset: number): Promise<FoundBatch | null> {
  const from = segment.offsetIndex?.floorPosition(offset) ?? 0;
  const near = await findFrom(segment, file, offset, from);
  if (typeof near !== 'number' && (near === null || near.baseOffset <= offset || from === 0)) return near;
  // The entry of the index may be what is wrong: from the beginning, then.
  const found = from > 0 ? await findFrom(segment, file, offset, 0) : near;
  if (typeof found === 'number') {
    throw new DiskFault(DAMAGED, segment.path, 'read', `byte ${found} begins no batch`);
  }
  if (found !== null && (near === null || typeof near === 'number' || found.position !== near.position)) {
    segment.indexIsWrong = true;
  }
  return found;
}

/** A number: where bytes stand that are no batch. */
async function findFrom(
  segment: Segment,
  file: DiskFile,
  offset: number,
  from: number,
): Promise<FoundBatch | null | number> {
  const header = new BatchHeader();
  const { writtenBytes } = segment;
  let found: FoundBatch | null = null;
  const end = await walkHeaders(file, from, writtenBytes, header, () => {
    if (header.lastOffset < offset) return true;
    found = {
      position: header.position,
      sizeInBytes: header.sizeInBytes,
      baseOffset: header.baseOffset,
      lastOffset: header.lastOffset,
    };
    return false;
  });
  return found === null && end < writtenBytes ? end : found;
}

/**
 * Calls `visit` for each batch between two positions, with its header (its `position` that in the file), while that answers true.
 * Ends where the bytes do not look like a batch. Resolves to where it ended: after the last batch that was visited.
 */
export async function walkHeaders(
  file: DiskFile,
  from: number,
  to: number,
  header: BatchHeader,
  visit: () => boolean,
): Promise<number> {
  const window = Buffer.allocUnsafe(WALK_BYTES);
  let windowAt = 0;
  let windowEnd = 0;
  let position = from;
  while (position + BATCH_HEADER_SIZE <= to) {
    if (position < windowAt || position + BATCH_HEADER_SIZE > windowEnd) {
      windowAt = position;
      windowEnd = position + (await readInto(file, window.subarray(0, Math.min(WALK_BYTES, to - position)), position));
      if (position + BATCH_HEADER_SIZE > windowEnd) break;
    }
    header.read(window, position - windowAt);
    header.position = position;
    if (header.sizeInBytes < BATCH_HEADER_SIZE || position + header.sizeInBytes > to || header.magic !== 2) break;
    position += header.sizeInBytes;
    if (!visit()) break;
  }
  return position;
}

/** Resolves to the bytes read. */
export function readInto(file: DiskFile, target: Buffer, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    file.read(target, position, (fault, bytesRead) => {
      if (fault) reject(fault);
      else resolve(bytesRead);
    });
  });
}
