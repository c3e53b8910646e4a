/**
 * The batches before the last one of each producer, read again from the end of the log when it is opened from a snapshot.
 *
 * A snapshot holds one batch a producer (its format is Kafka's), but five are remembered, as five requests may be in flight: answers that a
 * stop lost make the producer send all of them again. Without the older ones the first would be out of order, the producer would take a new
 * epoch, and what had been written would be written again. (Kafka forgets them.)
 */
import { BatchHeader } from './batch-header.ts';
import { walkHeaders } from './batch-walk.ts';
import { ensureIndexes } from './index-loading.ts';
import type { LogState } from './log-state.ts';
import { leased } from './persistence.ts';
import type { ProducerBatch } from './producer-state.ts';
import type { Segment } from './segment.ts';

/** As many as an entry remembers. */
const MOST_KEPT = 5;
/** How far from the end batches are looked for: five large requests of one producer, or hundreds of small ones. */
const RECALLED_BYTES = 1024 * 1024;

interface Recalled {
  producerEpoch: number;
  /** The oldest first. */
  batches: ProducerBatch[];
}

/** Rejects with a DiskFault. To be called when the producers are those at the end of the log. */
export async function recallBatches(log: LogState): Promise<void> {
  const { producers, segments } = log;
  if (producers.size === 0) return;
  const tail: { segment: Segment; from: number }[] = [];
  let wanted = RECALLED_BYTES;
  for (const segment of segments.toReversed()) {
    if (wanted <= 0) break;
    if (segment.sizeInBytes === 0) continue;
    const from = segment.sizeInBytes <= wanted ? 0 : await boundaryBefore(log, segment, segment.sizeInBytes - wanted);
    tail.unshift({ segment, from });
    wanted -= segment.sizeInBytes - from;
  }
  const recalled = new Map<number, Recalled>();
  for (const { segment, from } of tail) await readTail(log, segment, from, recalled);
  for (const entry of producers.entries()) {
    const found = recalled.get(entry.producerId);
    const isSame =
      found?.producerEpoch === entry.producerEpoch && found.batches.at(-1)?.lastOffset === entry.lastOffset;
    if (found && isSame) entry.recall(found.batches);
  }
}

/** The last position at or before `position` at which the index says that a batch begins. */
async function boundaryBefore(log: LogState, segment: Segment, position: number): Promise<number> {
  await ensureIndexes(log, segment);
  const index = segment.offsetIndex;
  if (index === null) return 0;
  for (let slot = index.entries - 1; slot >= 0; slot--) {
    const entry = index.entry(slot);
    if (entry.position <= position) return entry.position;
  }
  return 0;
}

async function readTail(log: LogState, segment: Segment, from: number, recalled: Map<number, Recalled>): Promise<void> {
  const file = await leased(log.env, segment);
  const header = new BatchHeader();
  try {
    await walkHeaders(file, from, segment.sizeInBytes, header, () => {
      if (!header.hasProducerId || header.isControl) return true;
      let found = recalled.get(header.producerId);
      if (found?.producerEpoch !== header.producerEpoch) {
        recalled.set(header.producerId, (found = { producerEpoch: header.producerEpoch, batches: [] }));
      }
      const { lastSequence, lastOffset, baseOffset, maxTimestamp } = header;
      found.batches.push({ lastSequence, lastOffset, offsetDelta: lastOffset - baseOffset, timestamp: maxTimestamp });
      if (found.batches.length > MOST_KEPT) found.batches.shift();
      return true;
    });
  } finally {
    log.env.descriptors.release(segment);
  }
}
