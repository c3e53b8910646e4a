/**
 * The sparse index from offset to file position: 8 bytes an entry, kept as they stand in the file.
 *
 *   entry: offset − base offset i32 │ position i32        grows by one each `index.interval.bytes` of log
 *
 * The offset is the last of its batch, the position the batch's first byte, so a reader starts at the entry at or below
 * its offset and walks batch headers from there.
 */
import { assert } from '../base/assert.ts';
import { EMPTY_BYTES, readI32, writeI32 } from '../base/bytes.ts';

export const OFFSET_ENTRY_SIZE = 8;

/** Kafka looks into the last entries first, as they are in its processor's cache. */
const WARM_ENTRIES = 1024;

export class OffsetIndex {
  readonly baseOffset: number;
  #bytes: Buffer;
  #size: number;
  #savedBytes: number;

  /** `saved`: the content of the file, without a zero tail (see `readOffsetIndex`). */
  constructor(baseOffset: number, saved: Buffer = EMPTY_BYTES) {
    this.baseOffset = baseOffset;
    this.#bytes = saved;
    this.#size = saved.length;
    this.#savedBytes = saved.length;
  }

  get entries(): number {
    return this.#size / OFFSET_ENTRY_SIZE;
  }

  get sizeInBytes(): number {
    return this.#size;
  }

  /** The offset of the last entry; the base offset where there is none. */
  get lastOffset(): number {
    return this.#size === 0 ? this.baseOffset : this.#offset(this.entries - 1);
  }

  get lastPosition(): number {
    return this.#size === 0 ? 0 : this.#position(this.entries - 1);
  }

  isFull(maxIndexBytes: number): boolean {
    return this.entries >= Math.floor(maxIndexBytes / OFFSET_ENTRY_SIZE);
  }

  append(offset: number, position: number): void {
    assert(this.#size === 0 || offset > this.lastOffset, 'offsets of an index grow');
    if (this.#size + OFFSET_ENTRY_SIZE > this.#bytes.length) this.#bytes = grown(this.#bytes, this.#size);
    writeI32(this.#bytes, this.#size, offset - this.baseOffset);
    writeI32(this.#bytes, this.#size + 4, position);
    this.#size += OFFSET_ENTRY_SIZE;
  }

  /** The position of the last entry whose offset is at most `offset`; 0 where there is none. */
  floorPosition(offset: number): number {
    const slot = this.#floor(offset);
    return slot < 0 ? 0 : this.#position(slot);
  }

  /**
   * What Kafka takes for the end of a slice up to `position`: the offset of the first entry at or behind it. Where an entry stands just there it
   * depends on the way of Kafka's binary search whether that one is taken or the next. Null: none.
   */
  ceilingOffset(position: number): number | null {
    const { entries } = this;
    if (entries === 0) return null;
    const firstWarm = Math.max(0, entries - 1 - WARM_ENTRIES);
    const isWarm = this.#position(firstWarm) < position;
    if (!isWarm && this.#position(0) > position) return this.#offset(0);
    let low = isWarm ? firstWarm : 0;
    let high = isWarm ? entries - 1 : firstWarm;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      const found = this.#position(middle);
      if (found === position) return this.#offset(middle);
      if (found > position) high = middle - 1;
      else low = middle;
    }
    return low < entries - 1 ? this.#offset(low + 1) : null;
  }

  /** Keeps the entries with an offset below `offset`. */
  truncateTo(offset: number): void {
    const slot = this.#floor(offset - 1);
    this.#size = (slot + 1) * OFFSET_ENTRY_SIZE;
    this.#savedBytes = Math.min(this.#savedBytes, this.#size);
  }

  /** The entries that are not in the file yet; they go to position `savedBytes`. */
  unsaved(): Buffer {
    return this.#bytes.subarray(this.#savedBytes, this.#size);
  }

  get savedBytes(): number {
    return this.#savedBytes;
  }

  markSaved(upTo: number): void {
    this.#savedBytes = Math.max(this.#savedBytes, Math.min(upTo, this.#size));
  }

  /** Offset and position of entry `slot`, for dump-log. */
  entry(slot: number): { offset: number; position: number } {
    return { offset: this.#offset(slot), position: this.#position(slot) };
  }

  #floor(offset: number): number {
    const relative = offset - this.baseOffset;
    let low = 0;
    let high = this.entries - 1;
    if (high < 0 || readI32(this.#bytes, 0) > relative) return -1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (readI32(this.#bytes, middle * OFFSET_ENTRY_SIZE) <= relative) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #offset(slot: number): number {
    return this.baseOffset + readI32(this.#bytes, slot * OFFSET_ENTRY_SIZE);
  }

  #position(slot: number): number {
    return readI32(this.#bytes, slot * OFFSET_ENTRY_SIZE + 4);
  }
}

export function grown(bytes: Buffer, used: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(Math.max(256, bytes.length * 2));
  bytes.copy(larger, 0, 0, used);
  return larger;
}

/**
 * From a file's bytes. Kafka preallocates and leaves a tail of zeros where it is killed: an entry of zeros is none, as no
 * batch at position 0 is indexed. Null where the file is damaged: an odd length, offsets or positions that do not grow.
 */
export function readOffsetIndex(baseOffset: number, file: Buffer, segmentBytes: number): OffsetIndex | null {
  if (file.length % OFFSET_ENTRY_SIZE !== 0) return null;
  let size = file.length;
  while (size > 0 && readI32(file, size - 8) === 0 && readI32(file, size - 4) === 0) size -= OFFSET_ENTRY_SIZE;
  let offset = -1;
  let position = -1;
  for (let at = 0; at < size; at += OFFSET_ENTRY_SIZE) {
    const nextOffset = readI32(file, at);
    const nextPosition = readI32(file, at + 4);
    if (nextOffset <= offset || nextPosition <= position) return null;
    offset = nextOffset;
    position = nextPosition;
  }
  if (position >= segmentBytes && size > 0) return null;
  return new OffsetIndex(baseOffset, file.subarray(0, size));
}
