/**
 * Record bytes as everything outside the log sees them: one opaque value.
 *
 * A Produce request carries a piece of the buffer that it was received into; a Fetch response carries pieces of memory and
 * slices of files, which the socket sends without anybody reading them. Made by protocol (decoding) and shard, sent by network,
 * passed on by api.
 */

/** A piece of memory: in a decoded request a view, valid as long as the request is. */
export interface MemoryRecords {
  readonly kind: 'memory';
  readonly bytes: Buffer;
}

/** A slice of a segment file, named by the slot that shares its descriptor between threads (shard/slots). */
export interface FileRecords {
  readonly kind: 'file';
  readonly slot: number;
  readonly position: number;
  readonly sizeInBytes: number;
}

export type Records = MemoryRecords | FileRecords;

/** What a socket sends, in this order: bytes, and slices of files. */
export type ResponsePart = Buffer | FileRecords;

export function sizeInBytesOf(records: Records): number {
  return records.kind === 'memory' ? records.bytes.length : records.sizeInBytes;
}

export function memoryRecords(bytes: Buffer): MemoryRecords {
  return { kind: 'memory', bytes };
}
