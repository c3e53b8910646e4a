/** What a seed decides before anything happens: the broker's settings, and what its disks are like. */
import type { SeededRandom } from '../../../src/base/prng.ts';
import type { Completion } from '../../../src/host/memory-disk.ts';
import { oneOf } from './actor.ts';

/** What a seed decides before anything happens. */
export interface Plan {
  readonly policy: 'kafka' | 'commit' | 'messages';
  readonly completion: Completion;
  readonly directories: number;
  readonly shards: number;
  readonly coldReads: number;
  readonly descriptorLimit: number;
  /** The level of transaction.version that the cluster is formatted with. */
  readonly transactionVersion: 0 | 1 | 2;
  /** Whether transactional ids that nobody uses are forgotten soon. */
  readonly idsExpire: boolean;
  readonly settings: Readonly<Record<string, string>>;
}

export function planOf(random: SeededRandom): Plan {
  const policy = oneOf(random, ['kafka', 'commit', 'messages'] as const);
  const directories = 1 + random.below(3);
  const shards = oneOf(random, [1, 2, 2, 2, 3]);
  const checkpointMs = String(oneOf(random, [200, 1000, 60_000]));
  const idsExpire = random.chance(0.15);
  return {
    policy,
    completion: oneOf(random, ['in-call', 'in-call', 'in-order', 'shuffled'] as const),
    directories,
    shards,
    coldReads: oneOf(random, [0, 0, 20]),
    descriptorLimit: oneOf(random, [4, 16, 1000]),
    transactionVersion: oneOf(random, [0, 1, 2, 2, 2, 2] as const),
    idsExpire,
    settings: {
      'process.roles': 'broker,controller',
      'node.id': '1',
      'controller.quorum.bootstrap.servers': '127.0.0.1:9093',
      'controller.listener.names': 'CONTROLLER',
      listeners: 'PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093',
      'log.dirs': Array.from({ length: directories }, (_, n) => `/d${n}`).join(','),
      'shard.count': String(shards),
      'shard.ring.bytes': String(oneOf(random, [32_768, 65_536, 262_144])),
      'shard.arena.bytes': String(16 * 1024 * 1024),
      'socket.request.max.bytes': '1000000',
      'auto.create.topics.enable': 'false',
      'offsets.topic.num.partitions': '3',
      'transaction.state.log.num.partitions': String(1 + random.below(3)),
      'transaction.abort.timed.out.transaction.cleanup.interval.ms': String(oneOf(random, [50, 300, 2000])),
      ...(idsExpire
        ? {
            'transactional.id.expiration.ms': '3000',
            'transaction.remove.expired.transaction.cleanup.interval.ms': '500',
          }
        : {}),
      'connections.max.idle.ms': '30000',
      'log.retention.check.interval.ms': String(oneOf(random, [200, 1000, 60_000])),
      'log.flush.offset.checkpoint.interval.ms': checkpointMs,
      'log.flush.start.offset.checkpoint.interval.ms': checkpointMs,
      'replica.high.watermark.checkpoint.interval.ms': checkpointMs,
      'log.initial.task.delay.ms': '10',
      'max.incremental.fetch.session.cache.slots': String(oneOf(random, [2, 1000])),
      ...(policy === 'commit' ? { 'shard.flush.policy': 'commit' } : {}),
      ...(policy === 'messages' ? { 'log.flush.interval.messages': '1' } : {}),
      ...(random.chance(0.3) ? { 'log.flush.scheduler.interval.ms': '100', 'log.flush.interval.ms': '300' } : {}),
      ...(random.chance(0.5) ? { 'metadata.log.max.record.bytes.between.snapshots': '3000' } : {}),
    },
  };
}
