/** Broker settings of replication and leader election. */

import { atLeast, boolean, int, long, string } from '../setting.ts';

export const REPLICATION_SETTINGS = {
  'replica.lag.time.max.ms': long(
    '30000',
    { importance: 'HIGH' },
    'Time after which a follower that has not caught up leaves the in-sync replicas.',
  ),
  'replica.socket.timeout.ms': int('30000', { importance: 'HIGH' }, "Timeout of a follower's requests to its leader."),
  'replica.socket.receive.buffer.bytes': int(
    '65536',
    { importance: 'HIGH' },
    'Receive buffer of the sockets over which followers fetch.',
  ),
  'replica.fetch.max.bytes': int('1048576', { valid: atLeast(0) }, 'Bytes that a follower asks for of each partition.'),
  'replica.fetch.wait.max.ms': int(
    '500',
    { importance: 'HIGH' },
    "Longest time that a follower's fetch waits at the leader.",
  ),
  'replica.fetch.backoff.ms': int(
    '1000',
    { valid: atLeast(0) },
    'Pause of a follower after a failed fetch of a partition.',
  ),
  'replica.fetch.min.bytes': int('1', { importance: 'HIGH' }, "Bytes for which a follower's fetch waits."),
  'replica.fetch.response.max.bytes': int(
    '10485760',
    { valid: atLeast(0) },
    'Bytes that a follower asks for in one fetch.',
  ),
  'num.replica.fetchers': int(
    '1',
    { valid: atLeast(1), importance: 'HIGH', update: 'cluster-wide' },
    'Fetchers for each leader broker from which partitions are replicated.',
  ),
  'replica.high.watermark.checkpoint.interval.ms': long(
    '5000',
    { importance: 'HIGH', effect: 'used' },
    'Time between two writes of the high watermarks to disk.',
  ),
  'auto.leader.rebalance.enable': boolean(
    'true',
    { importance: 'HIGH' },
    'Whether leadership returns to preferred replicas by itself.',
  ),
  'leader.imbalance.check.interval.seconds': long(
    '300',
    { valid: atLeast(1), importance: 'HIGH' },
    'Time between two checks for partitions led by another than the preferred replica.',
  ),
  'unclean.leader.election.interval.ms': long(
    '300000',
    { valid: atLeast(1), internal: true },
    'Time between two looks for partitions that need an unclean election.',
  ),
  'unclean.leader.election.enable': boolean(
    'false',
    { importance: 'HIGH', update: 'cluster-wide' },
    'Whether a replica that is not in sync may become leader, at the price of lost records.',
  ),
  'replica.selector.class': string(null, {}, 'Class that chooses the replica from which a consumer reads.'),
};
