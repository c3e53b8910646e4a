/** Settings of a group (KIP-848, KIP-932, KIP-1071), set by IncrementalAlterConfigs of the GROUP resource. */

import { anyOf, atLeast, boolean, int, list, long, oneOf, SHARE_OFFSET_RESET, string } from './setting.ts';

export const GROUP_SETTINGS = {
  'consumer.assignment.interval.ms': int(
    '1000',
    { valid: atLeast(0), effect: 'used' },
    'Least time between two assignments of the consumer group.',
  ),
  'consumer.assignor.offload.enable': boolean(
    'true',
    { internal: true },
    'Whether assignments of the consumer group are computed in the background.',
  ),
  'consumer.heartbeat.interval.ms': int(
    '5000',
    { valid: atLeast(1), effect: 'used' },
    'Heartbeat interval that members of the consumer group are told.',
  ),
  'consumer.session.timeout.ms': int(
    '45000',
    { valid: atLeast(1), effect: 'used' },
    'Time without heartbeat after which the consumer group drops a member.',
  ),
  'errors.deadletterqueue.copy.record.enable': boolean(
    'false',
    {},
    'Whether a dead letter carries the whole record, not only its whereabouts.',
  ),
  'errors.deadletterqueue.topic.name': string(
    '',
    {},
    'Topic that receives the records that the share group has given up.',
  ),
  'share.assignment.interval.ms': int(
    '1000',
    { valid: atLeast(0) },
    'Least time between two assignments of the share group.',
  ),
  'share.assignor.offload.enable': boolean(
    'true',
    { internal: true },
    'Whether assignments of the share group are computed in the background.',
  ),
  'share.auto.offset.reset': string(
    'latest',
    { valid: SHARE_OFFSET_RESET },
    'Where the share group starts on a partition that is new to it: latest, earliest, or by_duration:PnDTnHnMn.nS.',
  ),
  'share.delivery.count.limit': int(
    '5',
    { valid: atLeast(2) },
    'How often a record is offered to the share group before it is given up.',
  ),
  'share.heartbeat.interval.ms': int(
    '5000',
    { valid: atLeast(1) },
    'Heartbeat interval that members of the share group are told.',
  ),
  'share.isolation.level': oneOf(
    'read_uncommitted',
    ['read_committed', 'read_uncommitted'],
    {},
    'Whether the share group sees records of open transactions.',
  ),
  'share.partition.max.record.locks': int(
    '2000',
    { valid: atLeast(100) },
    'Records of a partition that the share group may have acquired at a time.',
  ),
  'share.record.lock.duration.ms': int(
    '30000',
    { valid: atLeast(1000) },
    'How long a record stays acquired by one consumer of the share group.',
  ),
  'share.renew.acknowledge.enable': boolean(
    'true',
    {},
    'Whether consumers of the share group may renew their record locks.',
  ),
  'share.session.timeout.ms': int(
    '45000',
    { valid: atLeast(1) },
    'Time without heartbeat after which the share group drops a member.',
  ),
  'streams.acceptable.recovery.lag': long(
    '10000',
    { valid: atLeast(0), internal: true },
    'Offsets that a copy may lag behind and still count as caught up.',
  ),
  'streams.assignment.interval.ms': int(
    '1000',
    { valid: atLeast(0) },
    'Least time between two assignments of the streams group.',
  ),
  'streams.assignor.name': string(
    null,
    {},
    'Assignor of the streams group; by default the first of group.streams.assignors.',
  ),
  'streams.assignor.offload.enable': boolean(
    'true',
    { internal: true },
    'Whether assignments of the streams group are computed in the background.',
  ),
  'streams.heartbeat.interval.ms': int(
    '5000',
    { valid: atLeast(1) },
    'Heartbeat interval that members of the streams group are told.',
  ),
  'streams.initial.rebalance.delay.ms': int(
    '3000',
    { valid: atLeast(0) },
    'How long the new group waits for more members before its first assignment.',
  ),
  'streams.num.standby.replicas': int('0', { valid: atLeast(0) }, 'Standby copies of each stateful task.'),
  'streams.num.warmup.replicas': int(
    '2',
    { valid: atLeast(0), internal: true },
    'Copies that the group warms up at a time before it moves tasks.',
  ),
  'streams.rack.aware.assignment.tags': list(
    '',
    { valid: anyOf(), importance: 'LOW' },
    'Client tags over which standby copies are spread.',
  ),
  'streams.session.timeout.ms': int(
    '45000',
    { valid: atLeast(1) },
    'Time without heartbeat after which the streams group drops a member.',
  ),
  'streams.task.offset.interval.ms': int(
    '60000',
    { valid: atLeast(1), internal: true },
    'How often members report the offsets of their tasks.',
  ),
};
