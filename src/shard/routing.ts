/**
 * Which thread owns a partition: one function, computed nowhere else. Today a hash of the topic id that spreads a topic's partitions
 * over neighbouring shards; nothing on disk depends on it.
 */
import type { Uuid } from '../base/uuid.ts';

/** Threads below this number are the acceptor and control. */
const FIRST_SHARD = 2;

/** The number of the thread that owns partition `partition` of the topic, one of `shardCount` shards. */
export function ownerOf(topicId: Uuid, partition: number, shardCount: number): number {
  let hash = 0;
  for (let i = 8; i < 16; i++) hash = (Math.imul(hash, 31) + topicId.charCodeAt(i)) | 0;
  return FIRST_SHARD + (((hash >>> 1) + partition) % shardCount);
}
