/**
 * The producers of a log from its snapshots and batches: the newest snapshot at or below an offset, then the batches from there.
 */
import type { Disk, DiskFile } from '../port/disk.ts';
import type { BatchFunctions } from '../port/native.ts';
import { BATCH_HEADER_SIZE, BatchHeader, readEndTransactionMarker } from './batch-header.ts';
import { SNAPSHOT_SUFFIX, segmentPath } from './names.ts';
import { decodeProducerSnapshot } from './producer-snapshot.ts';
import type { ProducerStates } from './producer-state.ts';
import { readInto, walkHeaders } from './batch-walk.ts';
import type { AbortedTransaction } from './transaction-index.ts';

export interface SnapshotSource {
  readonly disk: Disk;
  readonly native: BatchFunctions;
  readonly directory: string;
  /** Offsets of the snapshots that exist, ascending. */
  readonly snapshots: readonly number[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly producerIdExpirationMs: number;
}

/**
 * Loads the newest snapshot within [startOffset, endOffset] that can be read; those that cannot, and those outside, are deleted. Without
 * one the state is empty at `startOffset`. (Kafka drops the one at the start as well, and forgets the producers of a log whose
 * records have all been deleted: a batch that is sent again is appended again then.)
 */
export async function loadProducers(
  source: SnapshotSource,
  producers: ProducerStates,
  startOffset: number,
  endOffset: number,
): Promise<void> {
  for (const offset of source.snapshots.toReversed()) {
    const path = segmentPath(source.directory, offset, SNAPSHOT_SUFFIX);
    if (offset <= endOffset && offset >= startOffset) {
      const entries = decodeProducerSnapshot(await source.disk.readFile(path), source.native);
      if (entries !== null) {
        producers.load(entries, offset, source.now, source.producerIdExpirationMs);
        return;
      }
    }
    await source.disk.unlink(path);
  }
  producers.load([], startOffset, source.now, source.producerIdExpirationMs);
}

/** Takes the batches of one segment's file in that end at or after `producers.mapEndOffset` and begin before `endOffset`. */
export async function replayProducers(
  file: DiskFile,
  from: number,
  to: number,
  producers: ProducerStates,
  endOffset: number,
  onAborted: (aborted: AbortedTransaction) => void = () => {},
): Promise<void> {
  const header = new BatchHeader();
  const controls: { position: number; sizeInBytes: number }[] = [];
  let position = from;
  // Control batches need their record: the walk pauses before each, reads it, and goes on behind it.
  for (;;) {
    const reached = await walkHeaders(file, position, to, header, () => {
      if (header.baseOffset >= endOffset) return false;
      if (header.lastOffset < producers.mapEndOffset || !header.hasProducerId) return true;
      if (header.isControl) {
        controls.push({ position: header.position, sizeInBytes: header.sizeInBytes });
        return false;
      }
      producers.update(header, null);
      return true;
    });
    const control = controls.pop();
    if (control === undefined) return;
    await replayControl(file, control.position, control.sizeInBytes, producers, onAborted);
    position = reached;
  }
}

async function replayControl(
  file: DiskFile,
  position: number,
  sizeInBytes: number,
  producers: ProducerStates,
  onAborted: (aborted: AbortedTransaction) => void,
): Promise<void> {
  const bytes = Buffer.allocUnsafe(sizeInBytes);
  const read = await readInto(file, bytes, position);
  if (read < BATCH_HEADER_SIZE || read < sizeInBytes) return;
  const header = new BatchHeader();
  header.read(bytes, 0);
  const completed = producers.update(header, readEndTransactionMarker(bytes, header));
  if (completed === null) return;
  if (completed.aborted) {
    const { producerId, firstOffset, lastOffset } = completed;
    onAborted({ producerId, firstOffset, lastOffset, lastStableOffset: producers.lastStableOffsetAfter(completed) });
  }
  producers.complete(completed);
}
