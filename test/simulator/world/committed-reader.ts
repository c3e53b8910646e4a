/** Reads as Java's consumer does with isolation.level=read_committed: what was aborted is filtered by the list that comes with the records. */
import { ATTRIBUTE, batchesOf } from '../../../src/protocol/batch.ts';
import { decodeControlKey } from '../../../src/protocol/record/control-records.ts';
import { recordsIn } from '../../harness/batches.ts';
import { bytesOf } from './client.ts';
import type { Bounds, PartitionHistory } from './history.ts';
import type { Ledger } from './ledger.ts';

export const READ_COMMITTED = 1;

/** One partition of an answer. */
export interface CommittedPart {
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly abortedTransactions: readonly { readonly producerId: number; readonly firstOffset: number }[] | null;
  readonly records: unknown;
}

/** Holds one partition's answer to a fetch from `from` against what is known; the offset after the last whole batch. */
export function readCommitted(
  partition: PartitionHistory,
  ledger: Ledger,
  asOf: Bounds,
  from: number,
  part: CommittedPart,
): number {
  const { highWatermark, lastStableOffset, logStartOffset, abortedTransactions } = part;
  partition.bounds(asOf, highWatermark, logStartOffset);
  partition.stable(asOf, lastStableOffset, highWatermark, logStartOffset);
  const bytes = bytesOf(part.records);
  const next = partition.read(bytes, from, lastStableOffset);
  const waiting = [...(abortedTransactions ?? [])].sort((a, b) => a.firstOffset - b.firstOffset);
  const aborted = new Set<number>();
  for (const header of batchesOf(bytes)) {
    const { producerId, lastOffset, attributes } = header;
    const isControl = (attributes & ATTRIBUTE.control) !== 0;
    const isTransactional = (attributes & ATTRIBUTE.transactional) !== 0;
    if (producerId >= 0) {
      while (waiting[0] !== undefined && waiting[0].firstOffset <= lastOffset) {
        aborted.add(waiting[0].producerId);
        waiting.shift();
      }
    }
    const records = recordsIn(bytes, header);
    if (isControl) {
      const key = records[0]?.key ?? null;
      if (key !== null && decodeControlKey(key) === 'abort') aborted.delete(producerId);
      continue;
    }
    const isShown = !(isTransactional && aborted.has(producerId));
    for (const { offset } of records) {
      const id = partition.entries.get(offset);
      if (offset >= from && id !== undefined) ledger.read(partition, offset, id, isShown);
    }
  }
  return next;
}
