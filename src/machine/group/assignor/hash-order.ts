/**
 * The order in which Java's HashMap hands out its keys. Where partitions do not divide evenly, Kafka's assignors favour whoever comes
 * first in this order; we use the same, so that a group gets the same assignment from both, whatever order our members are kept in.
 *
 * Keys of one bucket come in the order in which they were put in: here, the order in which they are given.
 */
import type { Uuid } from '../../../base/uuid.ts';

const MIN_CAPACITY = 16;

/** Buckets of a map that `size` keys were put in one after the other: it doubles when more than three quarters are taken. */
export function grownCapacity(size: number): number {
  let capacity = MIN_CAPACITY;
  while (size > capacity * 0.75) capacity *= 2;
  return capacity;
}

/** Buckets of a set that was made from `size` elements at once. */
export function copiedCapacity(size: number): number {
  const wanted = Math.floor(size / 0.75) + 1;
  let capacity = MIN_CAPACITY;
  while (capacity < wanted) capacity *= 2;
  return capacity;
}

/** Java's `String.hashCode`, of UTF-16 units: a signed 32-bit number. */
export function hashOfText(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return hash;
}

/** `hashCode` of Kafka's Uuid: its four words of 32 bits, xored. */
export function hashOfUuid(uuid: Uuid): number {
  let hash = 0;
  for (let at = 0; at < 16; at++) hash ^= uuid.charCodeAt(at) << (8 * (3 - (at & 3)));
  return hash;
}

export function hashOfInt(value: number): number {
  return value;
}

/** The keys as a HashMap of this capacity iterates over them. */
export function inHashOrder<K>(keys: Iterable<K>, hashOf: (key: K) => number, capacity: number): K[] {
  const placed: { readonly key: K; readonly bucket: number }[] = [];
  for (const key of keys) {
    const hash = hashOf(key);
    placed.push({ key, bucket: (hash ^ (hash >>> 16)) & (capacity - 1) });
  }
  placed.sort((a, b) => a.bucket - b.bucket);
  return placed.map(({ key }) => key);
}
