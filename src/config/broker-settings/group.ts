/** Broker settings of classic and consumer groups (KIP-848) and of their committed offsets. */

import { atLeast, boolean, ignoringCase, int, list, long, short, someOf, string } from '../setting.ts';

export const GROUP_SETTINGS = {
  'group.coordinator.rebalance.protocols': list(
    'classic,consumer,streams',
    { valid: someOf('consumer', 'classic', 'share', 'streams') },
    'Group protocols that are enabled; deprecated, the feature levels decide.',
  ),
  'group.coordinator.threads': int('4', { valid: atLeast(1), importance: 'HIGH' }, 'Threads of the group coordinator.'),
  'group.coordinator.background.threads': int(
    '2',
    { valid: atLeast(1), importance: 'HIGH' },
    "Threads for the group coordinator's assignments in the background.",
  ),
  'group.coordinator.append.linger.ms': int(
    '-1',
    { valid: atLeast(-1), effect: 'used' },
    'How long the group coordinator gathers records into one append; -1 adapts to the load.',
  ),
  'offsets.commit.timeout.ms': int(
    '5000',
    { valid: atLeast(1), importance: 'HIGH', effect: 'used' },
    'How long a commit of offsets waits to be replicated.',
  ),
  'offsets.load.buffer.size': int(
    '5242880',
    { valid: atLeast(1), importance: 'HIGH', effect: 'used' },
    'Bytes read at a time while the offsets of groups are loaded.',
  ),
  'offsets.topic.replication.factor': short(
    '3',
    { valid: atLeast(1), importance: 'HIGH', effect: 'used' },
    'Replicas of __consumer_offsets.',
  ),
  'offsets.topic.num.partitions': int(
    '50',
    { valid: atLeast(1), importance: 'HIGH', effect: 'used' },
    'Partitions of __consumer_offsets; must not change later.',
  ),
  'offsets.topic.segment.bytes': int(
    '104857600',
    { valid: atLeast(1), importance: 'HIGH', effect: 'used' },
    'Segment size of __consumer_offsets.',
  ),
  'offsets.topic.compression.codec': int(
    '0',
    { importance: 'HIGH', effect: 'used' },
    'Codec of __consumer_offsets, by its number.',
  ),
  'group.coordinator.cached.buffer.max.bytes': int(
    '1048588',
    { valid: atLeast(524288), update: 'cluster-wide' },
    'Largest append buffer that the group coordinator keeps for reuse.',
  ),
  'offset.metadata.max.bytes': int(
    '4096',
    { importance: 'HIGH', effect: 'used' },
    'Longest metadata text that a client may attach to a committed offset.',
  ),
  'offsets.retention.minutes': int(
    '10080',
    { valid: atLeast(1), importance: 'HIGH', effect: 'used' },
    'How long offsets of an empty group, or of a topic it no longer subscribes to, are kept.',
  ),
  'offsets.retention.check.interval.ms': long(
    '600000',
    { valid: atLeast(1), importance: 'HIGH', effect: 'used' },
    'Time between two searches for expired offsets.',
  ),
  'group.min.session.timeout.ms': int(
    '6000',
    { effect: 'used' },
    'Smallest session timeout that a member of a classic group may ask for.',
  ),
  'group.max.session.timeout.ms': int(
    '1800000',
    { effect: 'used' },
    'Largest session timeout that a member of a classic group may ask for.',
  ),
  'group.initial.rebalance.delay.ms': int(
    '3000',
    { effect: 'used' },
    'How long a new classic group waits for more members before its first rebalance.',
  ),
  'group.max.size': int('2147483647', { valid: atLeast(1), effect: 'used' }, 'Most members of a classic group.'),
  'group.consumer.session.timeout.ms': int(
    '45000',
    { valid: atLeast(1), effect: 'used' },
    'Time without heartbeat after which a consumer group drops a member.',
  ),
  'group.consumer.min.session.timeout.ms': int(
    '45000',
    { valid: atLeast(1), effect: 'used' },
    'Smallest session timeout of a consumer group.',
  ),
  'group.consumer.max.session.timeout.ms': int(
    '60000',
    { valid: atLeast(1), effect: 'used' },
    'Largest session timeout of a consumer group.',
  ),
  'group.consumer.heartbeat.interval.ms': int(
    '5000',
    { valid: atLeast(1), effect: 'used' },
    'Heartbeat interval that members of consumer groups are told.',
  ),
  'group.consumer.min.heartbeat.interval.ms': int(
    '5000',
    { valid: atLeast(1), effect: 'used' },
    'Smallest heartbeat interval of a consumer group.',
  ),
  'group.consumer.max.heartbeat.interval.ms': int(
    '15000',
    { valid: atLeast(1), effect: 'used' },
    'Largest heartbeat interval of a consumer group.',
  ),
  'group.consumer.max.size': int(
    '2147483647',
    { valid: atLeast(1), effect: 'used' },
    'Most members of a consumer group.',
  ),
  'group.consumer.assignors': list(
    'uniform,range',
    { valid: someOf(), effect: 'used' },
    'Assignors of consumer groups, the first being the default: uniform, range, or class names.',
  ),
  'group.consumer.migration.policy': string(
    'bidirectional',
    { valid: ignoringCase('DISABLED', 'DOWNGRADE', 'UPGRADE', 'BIDIRECTIONAL'), effect: 'used' },
    'Whether groups may change between the classic and the consumer protocol while in use.',
  ),
  'group.consumer.assignment.interval.ms': int(
    '1000',
    { valid: atLeast(0), update: 'cluster-wide', effect: 'used' },
    'Least time between two assignments of a consumer group.',
  ),
  'group.consumer.min.assignment.interval.ms': int(
    '0',
    { valid: atLeast(0), effect: 'used' },
    'Smallest assignment interval of a consumer group.',
  ),
  'group.consumer.max.assignment.interval.ms': int(
    '15000',
    { valid: atLeast(0), effect: 'used' },
    'Largest assignment interval of a consumer group.',
  ),
  'group.consumer.assignor.offload.enable': boolean(
    'true',
    { update: 'cluster-wide', internal: true },
    'Whether assignments of consumer groups are computed in the background.',
  ),
  'group.consumer.regex.refresh.interval.ms': int(
    '600000',
    { valid: atLeast(10000), internal: true, effect: 'used' },
    'Time after which subscriptions by pattern are resolved again.',
  ),
};
