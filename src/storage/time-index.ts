/**
 * The sparse index from timestamp to offset: 12 bytes an entry, kept as they stand in the file.
 *
 *   entry: timestamp i64 │ offset − base offset i32
 *
 * An entry says: no record after this offset … no earlier one up to it has a higher timestamp. So the highest timestamp so far is
 * noted with the offset of its batch, at the moments when the offset index grows and when the segment ends.
 */
import { EMPTY_BYTES, readI32, writeI32 } from '../base/bytes.ts';
import { grown } from './offset-index.ts';

export const TIME_ENTRY_SIZE = 12;

export class TimeIndex {
  readonly baseOffset: number;
  #bytes: Buffer;
  #size: number;
  #savedBytes: number;
  #lastTimestamp: bigint;

  constructor(baseOffset: number, saved: Buffer = EMPTY_BYTES) {
    this.baseOffset = baseOffset;
    this.#bytes = saved;
    this.#size = saved.length;
    this.#savedBytes = saved.length;
    this.#lastTimestamp = this.#size === 0 ? -1n : this.#timestamp(this.entries - 1);
  }

  get entries(): number {
    return this.#size / TIME_ENTRY_SIZE;
  }

  get sizeInBytes(): number {
    return this.#size;
  }

  /** -1 where there is no entry. */
  get lastTimestamp(): bigint {
    return this.#lastTimestamp;
  }

  /** The base offset where there is no entry. */
  get lastOffset(): number {
    return this.#size === 0 ? this.baseOffset : this.#offset(this.entries - 1);
  }

  /** One entry less than fits: the last is for the end of the segment. */
  isFull(maxIndexBytes: number): boolean {
    return this.entries >= Math.floor(maxIndexBytes / TIME_ENTRY_SIZE) - 1;
  }

  /** Adds the highest timestamp so far, where it is higher than that of the last entry. */
  maybeAppend(timestamp: bigint, offset: number): void {
    if (timestamp <= this.#lastTimestamp) return;
    if (this.#size + TIME_ENTRY_SIZE > this.#bytes.length) this.#bytes = grown(this.#bytes, this.#size);
    this.#bytes.writeBigInt64BE(timestamp, this.#size);
    writeI32(this.#bytes, this.#size + 8, offset - this.baseOffset);
    this.#size += TIME_ENTRY_SIZE;
    this.#lastTimestamp = timestamp;
  }

  /** The offset of the last entry whose timestamp is at most `timestamp`; the base offset where there is none. */
  floorOffset(timestamp: bigint): number {
    let low = 0;
    let high = this.entries - 1;
    if (high < 0 || this.#timestamp(0) > timestamp) return this.baseOffset;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#timestamp(middle) <= timestamp) low = middle;
      else high = middle - 1;
    }
    return this.#offset(low);
  }

  /** Keeps the entries with an offset below `offset`. */
  truncateTo(offset: number): void {
    while (this.#size > 0 && this.lastOffset >= offset) this.#size -= TIME_ENTRY_SIZE;
    this.#savedBytes = Math.min(this.#savedBytes, this.#size);
    this.#lastTimestamp = this.#size === 0 ? -1n : this.#timestamp(this.entries - 1);
  }

  unsaved(): Buffer {
    return this.#bytes.subarray(this.#savedBytes, this.#size);
  }

  get savedBytes(): number {
    return this.#savedBytes;
  }

  markSaved(upTo: number): void {
    this.#savedBytes = Math.max(this.#savedBytes, Math.min(upTo, this.#size));
  }

  entry(slot: number): { timestamp: bigint; offset: number } {
    return { timestamp: this.#timestamp(slot), offset: this.#offset(slot) };
  }

  #timestamp(slot: number): bigint {
    return this.#bytes.readBigInt64BE(slot * TIME_ENTRY_SIZE);
  }

  #offset(slot: number): number {
    return this.baseOffset + readI32(this.#bytes, slot * TIME_ENTRY_SIZE + 8);
  }
}

/**
 * From a file's bytes. Entries of zeros after the first are the tail that Kafka preallocates. Null where the file is damaged: an
 * odd length, timestamps that do not grow, offsets below the base.
 */
export function readTimeIndex(baseOffset: number, file: Buffer): TimeIndex | null {
  if (file.length % TIME_ENTRY_SIZE !== 0) return null;
  let size = file.length;
  while (size > 0 && isZero(file, size - TIME_ENTRY_SIZE)) size -= TIME_ENTRY_SIZE;
  if (size === 0 && file.length === TIME_ENTRY_SIZE) size = TIME_ENTRY_SIZE;
  for (let at = 0; at < size; at += TIME_ENTRY_SIZE) {
    if (readI32(file, at + 8) < 0) return null;
    if (at === 0) continue;
    if (file.readBigInt64BE(at) <= file.readBigInt64BE(at - TIME_ENTRY_SIZE)) return null;
    if (readI32(file, at + 8) < readI32(file, at - 4)) return null;
  }
  return new TimeIndex(baseOffset, file.subarray(0, size));
}

function isZero(file: Buffer, at: number): boolean {
  return readI32(file, at) === 0 && readI32(file, at + 4) === 0 && readI32(file, at + 8) === 0;
}
