/** Bytes that were something and are not quite that any more. */
import type { SeededRandom } from '../../src/base/prng.ts';

/** Values that decoders stumble over: extremes of lengths, counts and offsets in 1, 2, 4 and 8 bytes, and long varints. */
const TELLING: readonly Buffer[] = [
  '00',
  '01',
  '7f',
  '80',
  'ff',
  'ffff',
  '7fff',
  '8000',
  '00000000',
  '00000001',
  'ffffffff',
  'fffffffe',
  '7fffffff',
  '80000000',
  '000f4241',
  'ffffffffffffffff',
  '7fffffffffffffff',
  '8000000000000000',
  '0020000000000000',
  'ffffffff0f',
  'ffffffff07',
  '8080808010',
  '80808080808080808001',
].map((hex) => Buffer.from(hex, 'hex'));

function piece(random: SeededRandom, from: Buffer): Buffer {
  const start = random.below(from.length + 1);
  return from.subarray(start, start + random.below(Math.min(64, from.length - start) + 1));
}

function once(random: SeededRandom, bytes: Buffer, other: Buffer): Buffer {
  const at = random.below(bytes.length + 1);
  const rest = (skip: number): Buffer => bytes.subarray(Math.min(bytes.length, at + skip));
  const put = (insert: Buffer, skip: number): Buffer => Buffer.concat([bytes.subarray(0, at), insert, rest(skip)]);
  const telling = TELLING[random.below(TELLING.length)] ?? bytes;
  switch (random.below(8)) {
    case 0:
      return put(Buffer.of(random.below(256)), 1);
    case 1:
      return put(Buffer.of((bytes[at] ?? 0) ^ (1 << random.below(8))), 1);
    case 2:
    case 3:
      return put(telling, telling.length);
    case 4:
      return put(telling, 0);
    case 5:
      return bytes.subarray(0, at);
    case 6:
      return put(piece(random, other), random.below(32));
    default:
      return put(random.bytes(random.below(16)), random.below(16));
  }
}

/** A few changes of `bytes`; pieces of `other` may come in. Sometimes none, sometimes nothing but noise. */
export function mutated(random: SeededRandom, bytes: Buffer, other: Buffer = bytes): Buffer {
  if (random.chance(0.02)) return random.bytes(random.below(300));
  let result = bytes;
  for (let changes = random.below(5); changes > 0; changes--) result = once(random, result, other);
  return result;
}
