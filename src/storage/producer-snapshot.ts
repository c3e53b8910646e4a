/**
 * The producers of a partition at one offset, as `<offset>.snapshot` keeps them (Kafka's ProducerSnapshot, version 1).
 *
 *   version i16 = 1 │ crc u32: CRC32C of all that follows │ count i32 │ entries of 46 bytes:
 *     producerId i64 │ epoch i16 │ lastSequence i32 │ lastOffset i64 │ offsetDelta i32 │ timestamp i64 │ coordinatorEpoch i32 │
 *     currentTxnFirstOffset i64 (-1: none)
 *
 * Of the five batches that a producer's state keeps only the last is written.
 */
import { readI16, readI32, readI64, readU32, writeI16, writeI32, writeI64 } from '../base/bytes.ts';
import type { BatchFunctions } from '../port/native.ts';

const HEADER_SIZE = 10;
const ENTRY_SIZE = 46;
/** Where the bytes begin that the CRC covers. */
const CRC_FROM = 6;

export interface ProducerSnapshotEntry {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** -1: no batch is known. */
  readonly lastSequence: number;
  readonly lastOffset: number;
  readonly offsetDelta: number;
  readonly timestamp: bigint;
  readonly coordinatorEpoch: number;
  readonly currentTxnFirstOffset: number;
}

export function encodeProducerSnapshot(
  entries: Iterable<ProducerSnapshotEntry>,
  count: number,
  native: BatchFunctions,
): Buffer {
  const bytes = Buffer.alloc(HEADER_SIZE + count * ENTRY_SIZE);
  writeI16(bytes, 0, 1);
  writeI32(bytes, CRC_FROM, count);
  let at = HEADER_SIZE;
  for (const entry of entries) {
    writeI64(bytes, at, entry.producerId);
    writeI16(bytes, at + 8, entry.producerEpoch);
    writeI32(bytes, at + 10, entry.lastSequence);
    writeI64(bytes, at + 14, entry.lastOffset);
    writeI32(bytes, at + 22, entry.offsetDelta);
    bytes.writeBigInt64BE(entry.timestamp, at + 26);
    writeI32(bytes, at + 34, entry.coordinatorEpoch);
    writeI64(bytes, at + 38, entry.currentTxnFirstOffset);
    at += ENTRY_SIZE;
  }
  writeI32(bytes, 2, native.crc32c(bytes, CRC_FROM, bytes.length, 0));
  return bytes;
}

/** Null where the file is damaged. */
export function decodeProducerSnapshot(file: Buffer, native: BatchFunctions): ProducerSnapshotEntry[] | null {
  if (file.length < HEADER_SIZE || readI16(file, 0) !== 1) return null;
  if (native.crc32c(file, CRC_FROM, file.length, 0) !== readU32(file, 2)) return null;
  const count = readI32(file, CRC_FROM);
  if (count < 0 || file.length < HEADER_SIZE + count * ENTRY_SIZE) return null;
  const entries: ProducerSnapshotEntry[] = [];
  for (let index = 0, at = HEADER_SIZE; index < count; index++, at += ENTRY_SIZE) {
    const entry = {
      producerId: readI64(file, at),
      producerEpoch: readI16(file, at + 8),
      lastSequence: readI32(file, at + 10),
      lastOffset: readI64(file, at + 14),
      offsetDelta: readI32(file, at + 22),
      timestamp: file.readBigInt64BE(at + 26),
      coordinatorEpoch: readI32(file, at + 34),
      currentTxnFirstOffset: readI64(file, at + 38),
    };
    const { producerId, lastOffset, currentTxnFirstOffset } = entry;
    if (Number.isNaN(producerId + lastOffset + currentTxnFirstOffset)) return null;
    entries.push(entry);
  }
  return entries;
}
