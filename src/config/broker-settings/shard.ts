/** Broker settings that Apache Kafka does not have: how Odradek uses the machine. */

import { anyOf, atLeast, between, int, list, long, oneOf } from '../setting.ts';

export const SHARD_SETTINGS = {
  'shard.count': int(
    '0',
    { valid: between(0, 30), importance: 'HIGH', effect: 'used' },
    'Shards, each a thread with its own connections and partitions; 0 means one for each processor, at most 16.',
  ),
  'shard.arena.bytes': long(
    '268435456',
    { valid: atLeast(16 * 1024 * 1024), effect: 'used' },
    'Memory of one shard for requests that are being received or written; raised to socket.request.max.bytes when not given.',
  ),
  'shard.ring.bytes': int(
    '262144',
    { valid: between(16 * 1024, 64 * 1024 * 1024), importance: 'LOW', effect: 'used' },
    'Size of the message ring from one thread to another, a power of two; every pair of threads has two.',
  ),
  'shard.cpu.affinity': list(
    '',
    { valid: anyOf(), importance: 'LOW', effect: 'used' },
    'Processors to which the shards are pinned, in turn, by number; empty pins none.',
  ),
  'shard.flush.policy': oneOf(
    'kafka',
    ['kafka', 'commit'],
    { importance: 'HIGH', effect: 'used' },
    'kafka forces logs to disk by log.flush.*; commit also acknowledges an append only after it was forced to disk.',
  ),
  'shard.stall.timeout.ms': long(
    '30000',
    { valid: atLeast(0), effect: 'used' },
    'Time without a turn of one thread after which the whole process ends; 0 waits for ever.',
  ),
};
