/**
 * The header of a batch as the log reads and seals it: one object that is filled again for each batch, where protocol/batch.ts (which
 * has the layout) makes one a batch. And the arithmetic of sequence numbers (KIP-98).
 */
import { readI16, readI32, readI64, writeI32, writeI64 } from '../base/bytes.ts';
import { BATCH, BATCH_HEADER_SIZE, LOG_OVERHEAD, NO_PRODUCER_ID } from '../protocol/batch.ts';
import { readVarint, readVarlong } from '../base/varint.ts';
import type { Cursor } from '../base/varint.ts';

export { BATCH_HEADER_SIZE };

const MAX_SEQUENCE = 0x7fffffff;

/** The header of one batch. Kept by whoever walks batches and filled again for each: no object a batch. */
export class BatchHeader {
  position = 0;
  sizeInBytes = 0;
  baseOffset = 0;
  lastOffset = 0;
  leaderEpoch = 0;
  magic = 0;
  attributes = 0;
  maxTimestamp = 0n;
  producerId = NO_PRODUCER_ID;
  producerEpoch = -1;
  baseSequence = -1;
  recordsCount = 0;

  /** Reads the header at `position`; its 61 bytes must be there. */
  read(bytes: Buffer, position: number): void {
    this.position = position;
    this.baseOffset = readI64(bytes, position);
    this.sizeInBytes = LOG_OVERHEAD + readI32(bytes, position + BATCH.batchLength);
    this.leaderEpoch = readI32(bytes, position + BATCH.partitionLeaderEpoch);
    this.magic = bytes[position + BATCH.magic] as number;
    this.attributes = readI16(bytes, position + BATCH.attributes);
    this.lastOffset = this.baseOffset + readI32(bytes, position + BATCH.lastOffsetDelta);
    this.maxTimestamp = bytes.readBigInt64BE(position + BATCH.maxTimestamp);
    this.producerId = readI64(bytes, position + BATCH.producerId);
    this.producerEpoch = readI16(bytes, position + BATCH.producerEpoch);
    this.baseSequence = readI32(bytes, position + BATCH.baseSequence);
    this.recordsCount = readI32(bytes, position + BATCH.recordsCount);
  }

  get codec(): number {
    return this.attributes & 7;
  }

  get isLogAppendTime(): boolean {
    return (this.attributes & 8) !== 0;
  }

  get isTransactional(): boolean {
    return (this.attributes & 16) !== 0;
  }

  get isControl(): boolean {
    return (this.attributes & 32) !== 0;
  }

  get hasProducerId(): boolean {
    // One that is no number is an id, too: it is refused.
    return !(this.producerId <= NO_PRODUCER_ID);
  }

  get lastSequence(): number {
    return this.baseSequence < 0 ? -1 : incrementSequence(this.baseSequence, this.lastOffset - this.baseOffset);
  }
}

/** Sequence numbers go from 2^31-1 on to 0. */
export function incrementSequence(sequence: number, increment: number): number {
  return sequence > MAX_SEQUENCE - increment ? increment - (MAX_SEQUENCE - sequence) - 1 : sequence + increment;
}

export function decrementSequence(sequence: number, decrement: number): number {
  return sequence < decrement ? MAX_SEQUENCE - (decrement - sequence) + 1 : sequence - decrement;
}

/** Whether `sequence` may follow `last`. */
export function inSequence(last: number, sequence: number): boolean {
  return sequence === last + 1 || (sequence === 0 && last === MAX_SEQUENCE);
}

/** Base offset and leader epoch are outside the CRC: writing them is all there is to sealing a batch of create time. */
export function sealOffsets(bytes: Buffer, position: number, baseOffset: number, leaderEpoch: number): void {
  writeI64(bytes, position, baseOffset);
  writeI32(bytes, position + BATCH.partitionLeaderEpoch, leaderEpoch);
}

/** The record of a transaction marker. */
export interface EndTransactionMarker {
  readonly abort: boolean;
  readonly coordinatorEpoch: number;
  readonly timestamp: bigint;
}

const cursor: Cursor = { offset: 0 };

/**
 * The marker in a control batch that stands at `header.position`: key (version i16, type i16: 0 abort, 1 commit), value (version i16,
 * coordinatorEpoch i32). Null for other control records (those of Raft) and for damage.
 */
export function readEndTransactionMarker(bytes: Buffer, header: BatchHeader): EndTransactionMarker | null {
  const end = header.position + header.sizeInBytes;
  const start = header.position + BATCH_HEADER_SIZE;
  const length = readVarint(bytes, start, end, cursor);
  if (Number.isNaN(length)) return null;
  const delta = readVarlong(bytes, cursor.offset + 1, end, cursor);
  if (delta === null || Number.isNaN(readVarint(bytes, cursor.offset, end, cursor))) return null;
  const keyLength = readVarint(bytes, cursor.offset, end, cursor);
  const key = cursor.offset;
  if (!(keyLength >= 4) || key + keyLength > end) return null;
  const type = readI16(bytes, key + 2);
  const valueLength = readVarint(bytes, key + keyLength, end, cursor);
  if (!(valueLength >= 6) || cursor.offset + valueLength > end || (type !== 0 && type !== 1)) return null;
  return {
    abort: type === 0,
    coordinatorEpoch: readI32(bytes, cursor.offset + 2),
    timestamp: header.isLogAppendTime
      ? header.maxTimestamp
      : bytes.readBigInt64BE(header.position + BATCH.baseTimestamp) + delta,
  };
}
