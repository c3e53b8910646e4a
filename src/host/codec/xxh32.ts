/** XXH32 with seed 0: the checksums of LZ4 frames. */

const PRIME1 = 0x9e3779b1 | 0;
const PRIME2 = 0x85ebca77 | 0;
const PRIME3 = 0xc2b2ae3d | 0;
const PRIME4 = 0x27d4eb2f;
const PRIME5 = 0x165667b1;

/** Of the whole buffer, unsigned. */
export function xxh32(bytes: Buffer): number {
  const { length } = bytes;
  let at = 0;
  let hash = PRIME5;
  if (length >= 16) {
    let one = (PRIME1 + PRIME2) | 0;
    let two = PRIME2;
    let three = 0;
    let four = -PRIME1 | 0;
    for (; at + 16 <= length; at += 16) {
      one = round(one, bytes.readInt32LE(at));
      two = round(two, bytes.readInt32LE(at + 4));
      three = round(three, bytes.readInt32LE(at + 8));
      four = round(four, bytes.readInt32LE(at + 12));
    }
    hash = (rotate(one, 1) + rotate(two, 7) + rotate(three, 12) + rotate(four, 18)) | 0;
  }
  hash = (hash + length) | 0;
  for (; at + 4 <= length; at += 4) {
    hash = Math.imul(rotate((hash + Math.imul(bytes.readInt32LE(at), PRIME3)) | 0, 17), PRIME4);
  }
  for (; at < length; at++) {
    hash = Math.imul(rotate((hash + Math.imul(bytes[at] ?? 0, PRIME5)) | 0, 11), PRIME1);
  }
  hash = Math.imul(hash ^ (hash >>> 15), PRIME2);
  hash = Math.imul(hash ^ (hash >>> 13), PRIME3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function round(sum: number, lane: number): number {
  return Math.imul(rotate((sum + Math.imul(lane, PRIME2)) | 0, 13), PRIME1);
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}
