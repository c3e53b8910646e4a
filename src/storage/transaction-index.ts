/**
 * The aborted transactions of a segment: 34 bytes each, in the order in which they ended (KIP-98). A file exists only where there
 * are some.
 *
 *   version i16 = 0 │ producerId i64 │ firstOffset i64 │ lastOffset i64 │ lastStableOffset i64
 *
 * `lastOffset` is the marker's; `lastStableOffset` what it was once this transaction had ended, so that a reader knows where to stop.
 */
import { readI16, readI64, writeI16, writeI64 } from '../base/bytes.ts';

export const ABORTED_ENTRY_SIZE = 34;

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly lastStableOffset: number;
}

export function encodeAborted(entries: readonly AbortedTransaction[]): Buffer {
  const bytes = Buffer.alloc(entries.length * ABORTED_ENTRY_SIZE);
  let at = 0;
  for (const entry of entries) {
    writeI16(bytes, at, 0);
    writeI64(bytes, at + 2, entry.producerId);
    writeI64(bytes, at + 10, entry.firstOffset);
    writeI64(bytes, at + 18, entry.lastOffset);
    writeI64(bytes, at + 26, entry.lastStableOffset);
    at += ABORTED_ENTRY_SIZE;
  }
  return bytes;
}

/** Null where the file is damaged. */
export function decodeAborted(file: Buffer, baseOffset: number): AbortedTransaction[] | null {
  if (file.length % ABORTED_ENTRY_SIZE !== 0) return null;
  const entries: AbortedTransaction[] = [];
  for (let at = 0; at < file.length; at += ABORTED_ENTRY_SIZE) {
    const entry = {
      producerId: readI64(file, at + 2),
      firstOffset: readI64(file, at + 10),
      lastOffset: readI64(file, at + 18),
      lastStableOffset: readI64(file, at + 26),
    };
    if (readI16(file, at) !== 0 || !(entry.lastOffset >= baseOffset)) return null;
    entries.push(entry);
  }
  return entries;
}

/**
 * Adds those of `entries` that overlap [fetchOffset, upperBound) to `found`. True where no later segment can add any: the last
 * stable offset of an entry reaches the bound.
 */
export function collectAborted(
  entries: readonly AbortedTransaction[],
  fetchOffset: number,
  upperBound: number,
  found: AbortedTransaction[],
): boolean {
  for (const entry of entries) {
    if (entry.lastOffset >= fetchOffset && entry.firstOffset < upperBound) found.push(entry);
    if (entry.lastStableOffset >= upperBound) return true;
  }
  return false;
}
