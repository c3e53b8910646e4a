/**
 * XXH3 with 64 bits and seed 0, as its specification says. For small things that are hashed seldom: it counts in bigints.
 *
 * https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
 */
import { assert } from './assert.ts';

const MASK = (1n << 64n) - 1n;
const PRIME32_1 = 0x9e3779b1n;
const PRIME32_2 = 0x85ebca77n;
const PRIME32_3 = 0xc2b2ae3dn;
const PRIME64_1 = 0x9e3779b185ebca87n;
const PRIME64_2 = 0xc2b2ae3d27d4eb4fn;
const PRIME64_3 = 0x165667b19e3779f9n;
const PRIME64_4 = 0x85ebca77c2b2ae63n;
const PRIME64_5 = 0x27d4eb2f165667c5n;
const PRIME_MX1 = 0x165667919e3779f9n;
const PRIME_MX2 = 0x9fb21c651e98df25n;

const SECRET = Buffer.from(
  'b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c' +
    '3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364ea' +
    'c5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e',
  'hex',
);
assert(SECRET.length === 192, 'the secret of XXH3 has 192 bytes');

const secret32 = (at: number): bigint => BigInt(SECRET.readUInt32LE(at));
const secret64 = (at: number): bigint => SECRET.readBigUInt64LE(at);

function avalanche(hash: bigint): bigint {
  let value = hash ^ (hash >> 37n);
  value = (value * PRIME_MX1) & MASK;
  return value ^ (value >> 32n);
}

function finish64(hash: bigint): bigint {
  let value = hash ^ (hash >> 33n);
  value = (value * PRIME64_2) & MASK;
  value ^= value >> 29n;
  value = (value * PRIME64_3) & MASK;
  return value ^ (value >> 32n);
}

function swap64(value: bigint): bigint {
  let swapped = 0n;
  for (let byte = 0n; byte < 8n; byte++) swapped |= ((value >> (8n * byte)) & 0xffn) << (56n - 8n * byte);
  return swapped;
}

const rotate64 = (value: bigint, by: bigint): bigint => ((value << by) | (value >> (64n - by))) & MASK;

/** The product of 128 bits, its halves xored. */
function fold(a: bigint, b: bigint): bigint {
  const product = a * b;
  return (product & MASK) ^ (product >> 64n);
}

const mix16 = (bytes: Buffer, at: number, secretAt: number): bigint =>
  fold(bytes.readBigUInt64LE(at) ^ secret64(secretAt), bytes.readBigUInt64LE(at + 8) ^ secret64(secretAt + 8));

function upTo16(bytes: Buffer): bigint {
  const { length } = bytes;
  if (length > 8) {
    const low = bytes.readBigUInt64LE(0) ^ secret64(24) ^ secret64(32);
    const high = bytes.readBigUInt64LE(length - 8) ^ secret64(40) ^ secret64(48);
    return avalanche((BigInt(length) + swap64(low) + high + fold(low, high)) & MASK);
  }
  if (length >= 4) {
    const first = BigInt(bytes.readUInt32LE(0));
    const last = BigInt(bytes.readUInt32LE(length - 4));
    let value = secret64(8) ^ secret64(16) ^ ((last + (first << 32n)) & MASK);
    value ^= rotate64(value, 49n) ^ rotate64(value, 24n);
    value = (value * PRIME_MX2) & MASK;
    value ^= (value >> 35n) + BigInt(length);
    value = (value * PRIME_MX2) & MASK;
    return value ^ (value >> 28n);
  }
  if (length === 0) return finish64(secret64(56) ^ secret64(64));
  const [first = 0, middle = 0, last = 0] = [bytes[0], bytes[length >> 1], bytes[length - 1]];
  const combined = BigInt(((first << 16) | (middle << 24) | last | (length << 8)) >>> 0);
  return finish64(combined ^ (secret32(0) ^ secret32(4)));
}

function upTo128(bytes: Buffer): bigint {
  const { length } = bytes;
  let hash = (BigInt(length) * PRIME64_1) & MASK;
  for (let round = Math.floor((length - 1) / 32); round >= 0; round--) {
    hash += mix16(bytes, 16 * round, 32 * round) + mix16(bytes, length - 16 * (round + 1), 32 * round + 16);
  }
  return avalanche(hash & MASK);
}

function upTo240(bytes: Buffer): bigint {
  const { length } = bytes;
  let hash = (BigInt(length) * PRIME64_1) & MASK;
  for (let round = 0; round < 8; round++) hash += mix16(bytes, 16 * round, 16 * round);
  hash = avalanche(hash & MASK);
  for (let round = 8; round < Math.floor(length / 16); round++) hash += mix16(bytes, 16 * round, 16 * (round - 8) + 3);
  return avalanche((hash + mix16(bytes, length - 16, 136 - 17)) & MASK);
}

function accumulate(sums: bigint[], bytes: Buffer, at: number, secretAt: number): void {
  for (let lane = 0; lane < 8; lane++) {
    const value = bytes.readBigUInt64LE(at + 8 * lane);
    const keyed = value ^ secret64(secretAt + 8 * lane);
    sums[lane ^ 1] = ((sums[lane ^ 1] ?? 0n) + value) & MASK;
    sums[lane] = ((sums[lane] ?? 0n) + (keyed & 0xffffffffn) * (keyed >> 32n)) & MASK;
  }
}

function long(bytes: Buffer): bigint {
  const { length } = bytes;
  const sums = [PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3, PRIME64_4, PRIME32_2, PRIME64_5, PRIME32_1];
  const stripesABlock = (SECRET.length - 64) / 8;
  const blocks = Math.floor((length - 1) / (64 * stripesABlock));
  for (let block = 0; block < blocks; block++) {
    for (let stripe = 0; stripe < stripesABlock; stripe++) {
      accumulate(sums, bytes, 64 * (block * stripesABlock + stripe), 8 * stripe);
    }
    for (let lane = 0; lane < 8; lane++) {
      const sum = sums[lane] ?? 0n;
      sums[lane] = ((sum ^ (sum >> 47n) ^ secret64(SECRET.length - 64 + 8 * lane)) * PRIME32_1) & MASK;
    }
  }
  const rest = Math.floor((length - 1 - 64 * stripesABlock * blocks) / 64);
  for (let stripe = 0; stripe < rest; stripe++) {
    accumulate(sums, bytes, 64 * (blocks * stripesABlock + stripe), 8 * stripe);
  }
  accumulate(sums, bytes, length - 64, SECRET.length - 64 - 7);
  let hash = (BigInt(length) * PRIME64_1) & MASK;
  for (let pair = 0; pair < 4; pair++) {
    hash += fold(
      (sums[2 * pair] ?? 0n) ^ secret64(11 + 16 * pair),
      (sums[2 * pair + 1] ?? 0n) ^ secret64(19 + 16 * pair),
    );
  }
  return avalanche(hash & MASK);
}

/** As a signed number of 64 bits. */
export function xxh3(bytes: Buffer): bigint {
  const { length } = bytes;
  const hash =
    length <= 16 ? upTo16(bytes) : length <= 128 ? upTo128(bytes) : length <= 240 ? upTo240(bytes) : long(bytes);
  return BigInt.asIntN(64, hash);
}
