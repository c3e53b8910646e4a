/**
 * Records on their way from control to a shard: the whole image once, then what each commit added.
 *
 *   last offset f64 · epoch i32 · kraft.version i16 (-1: as before) · count u32 · (length u32 · record) …
 *
 * Machine's own byte order does not matter: both ends use the same functions.
 */
import type { ImageChanges } from './changes.ts';
import type { MetadataImage } from './image.ts';
import {
  decodeRecord,
  type MetadataRecord,
  sizeOfRecord,
  writeRecord,
} from '../../protocol/record/metadata-records.ts';
import { imageRecords } from './snapshot.ts';

const HEADER = 18;
const UNCHANGED = -1;

/** The whole image: a shard's first. */
export function encodeImage(image: MetadataImage): Buffer {
  return encode([...imageRecords(image)], image.offset, image.epoch, image.features.kraftVersion);
}

/** Committed records; `lastOffset` is the offset of the last of them. */
export function encodeDelta(records: readonly MetadataRecord[], lastOffset: number, epoch: number): Buffer {
  return encode(records, lastOffset, epoch, UNCHANGED);
}

/** Replays what either of the two encoded. Returns the offset that the image has reached. */
export function applyTransfer(image: MetadataImage, bytes: Buffer, changes?: ImageChanges): number {
  const kraftVersion = bytes.readInt16BE(12);
  if (kraftVersion !== UNCHANGED) image.features.kraftVersion = kraftVersion;
  let at = HEADER;
  for (let count = bytes.readUInt32BE(14); count > 0; count--) {
    const end = at + 4 + bytes.readUInt32BE(at);
    image.replay(decodeRecord(bytes, at + 4, end), changes);
    at = end;
  }
  image.reached(bytes.readDoubleBE(0), bytes.readInt32BE(8));
  return image.offset;
}

function encode(records: readonly MetadataRecord[], lastOffset: number, epoch: number, kraftVersion: number): Buffer {
  const sizes = records.map(sizeOfRecord);
  const bytes = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + 4 + size, HEADER));
  bytes.writeDoubleBE(lastOffset, 0);
  bytes.writeInt32BE(epoch, 8);
  bytes.writeInt16BE(kraftVersion, 12);
  bytes.writeUInt32BE(records.length, 14);
  let at = HEADER;
  records.forEach((record, index) => {
    bytes.writeUInt32BE(sizes[index] as number, at);
    at = writeRecord(record, bytes, at + 4);
  });
  return bytes;
}
