/** Broker settings of share groups (KIP-932), their coordinator, and streams groups (KIP-1071). */

import { anyOf, atLeast, between, boolean, className, int, list, long, short, someOf, string } from '../setting.ts';

export const SHARE_AND_STREAMS_SETTINGS = {
  'group.share.session.timeout.ms': int(
    '45000',
    { valid: atLeast(1) },
    'Time without heartbeat after which a share group drops a member.',
  ),
  'group.share.min.session.timeout.ms': int(
    '45000',
    { valid: atLeast(1) },
    'Smallest session timeout of a share group.',
  ),
  'group.share.max.session.timeout.ms': int(
    '60000',
    { valid: atLeast(1) },
    'Largest session timeout of a share group.',
  ),
  'group.share.heartbeat.interval.ms': int(
    '5000',
    { valid: atLeast(1) },
    'Heartbeat interval that members of share groups are told.',
  ),
  'group.share.min.heartbeat.interval.ms': int(
    '5000',
    { valid: atLeast(1) },
    'Smallest heartbeat interval of a share group.',
  ),
  'group.share.max.heartbeat.interval.ms': int(
    '15000',
    { valid: atLeast(1) },
    'Largest heartbeat interval of a share group.',
  ),
  'group.share.max.size': int('200', { valid: between(1, 1000) }, 'Most members of a share group.'),
  'group.share.assignors': list('simple', { valid: someOf() }, 'Assignors of share groups: simple, or one class name.'),
  'group.share.assignment.interval.ms': int(
    '1000',
    { valid: atLeast(0), update: 'cluster-wide' },
    'Least time between two assignments of a share group.',
  ),
  'group.share.min.assignment.interval.ms': int(
    '0',
    { valid: atLeast(0) },
    'Smallest assignment interval of a share group.',
  ),
  'group.share.max.assignment.interval.ms': int(
    '15000',
    { valid: atLeast(0) },
    'Largest assignment interval of a share group.',
  ),
  'group.share.assignor.offload.enable': boolean(
    'true',
    { update: 'cluster-wide', internal: true },
    'Whether assignments of share groups are computed in the background.',
  ),
  'group.share.initialize.retry.interval.ms': int(
    '30000',
    { valid: atLeast(1), importance: 'LOW', internal: true },
    'Time after which the initialisation of a share partition is tried again.',
  ),
  'errors.deadletterqueue.auto.create.topics.enable': boolean(
    'false',
    { update: 'cluster-wide' },
    'Whether a missing dead-letter topic of a share group is created.',
  ),
  'errors.deadletterqueue.topic.name.prefix': string(
    'dlq.',
    { update: 'cluster-wide' },
    'How the names of dead-letter topics must begin.',
  ),
  'group.streams.session.timeout.ms': int(
    '45000',
    { valid: atLeast(1) },
    'Time without heartbeat after which a streams group drops a member.',
  ),
  'group.streams.min.session.timeout.ms': int(
    '45000',
    { valid: atLeast(1) },
    'Smallest session timeout of a streams group.',
  ),
  'group.streams.max.session.timeout.ms': int(
    '60000',
    { valid: atLeast(1) },
    'Largest session timeout of a streams group.',
  ),
  'group.streams.heartbeat.interval.ms': int(
    '5000',
    { valid: atLeast(1) },
    'Heartbeat interval that members of streams groups are told.',
  ),
  'group.streams.min.heartbeat.interval.ms': int(
    '5000',
    { valid: atLeast(1) },
    'Smallest heartbeat interval of a streams group.',
  ),
  'group.streams.max.heartbeat.interval.ms': int(
    '15000',
    { valid: atLeast(1) },
    'Largest heartbeat interval of a streams group.',
  ),
  'group.streams.max.size': int('2147483647', { valid: atLeast(1) }, 'Most members of a streams group.'),
  'group.streams.num.standby.replicas': int(
    '0',
    { valid: atLeast(0) },
    'Standby copies of each stateful task of a streams group.',
  ),
  'group.streams.max.standby.replicas': int(
    '2',
    { valid: atLeast(0) },
    'Most standby copies that a streams group may ask for.',
  ),
  'group.streams.initial.rebalance.delay.ms': int(
    '3000',
    { valid: atLeast(0) },
    'How long a new streams group waits for more members before its first assignment.',
  ),
  'group.streams.assignment.interval.ms': int(
    '1000',
    { valid: atLeast(0), update: 'cluster-wide' },
    'Least time between two assignments of a streams group.',
  ),
  'group.streams.min.assignment.interval.ms': int(
    '0',
    { valid: atLeast(0) },
    'Smallest assignment interval of a streams group.',
  ),
  'group.streams.max.assignment.interval.ms': int(
    '15000',
    { valid: atLeast(0) },
    'Largest assignment interval of a streams group.',
  ),
  'group.streams.assignors': list(
    'sticky',
    { valid: someOf() },
    'Assignors of streams groups, the first being the default.',
  ),
  'group.streams.assignor.offload.enable': boolean(
    'true',
    { update: 'cluster-wide', internal: true },
    'Whether assignments of streams groups are computed in the background.',
  ),
  'group.streams.task.offset.interval.ms': int(
    '60000',
    { valid: atLeast(1), internal: true },
    'How often members of a streams group report the offsets of their tasks.',
  ),
  'group.streams.min.task.offset.interval.ms': int(
    '15000',
    { valid: atLeast(1), internal: true },
    'Smallest interval of task offset reports.',
  ),
  'group.streams.num.warmup.replicas': int(
    '2',
    { valid: atLeast(0), internal: true },
    'Copies that a streams group warms up at a time before it moves tasks.',
  ),
  'group.streams.max.warmup.replicas': int(
    '20',
    { valid: atLeast(0), internal: true },
    'Most warm-up copies that a streams group may ask for.',
  ),
  'group.streams.rack.aware.assignment.tags': list(
    '',
    { valid: anyOf(), importance: 'LOW' },
    'Client tags over which standby copies of a streams group are spread.',
  ),
  'group.streams.topology.description.plugin.class': className(
    null,
    {},
    'Class of the plug-in that stores descriptions of topologies.',
  ),
  'group.streams.acceptable.recovery.lag': long(
    '10000',
    { valid: atLeast(0), internal: true },
    'Offsets that a copy may lag behind and still count as caught up.',
  ),
  'group.share.delivery.count.limit': int(
    '5',
    { valid: between(2, 10) },
    'How often a record is offered to a share group before it is given up.',
  ),
  'group.share.max.delivery.count.limit': int(
    '10',
    { valid: between(5, 25) },
    'Largest delivery count that a share group may ask for.',
  ),
  'group.share.min.delivery.count.limit': int(
    '2',
    { valid: between(2, 5) },
    'Smallest delivery count that a share group may ask for.',
  ),
  'group.share.record.lock.duration.ms': int(
    '30000',
    { valid: between(1000, 3600000) },
    'How long a record stays acquired by one consumer of a share group.',
  ),
  'group.share.min.record.lock.duration.ms': int(
    '15000',
    { valid: between(1000, 30000) },
    'Smallest lock duration that a share group may ask for.',
  ),
  'group.share.max.record.lock.duration.ms': int(
    '60000',
    { valid: between(30000, 3600000) },
    'Largest lock duration that a share group may ask for.',
  ),
  'group.share.partition.max.record.locks': int(
    '2000',
    { valid: between(100, 10000) },
    'Records of a partition that a share group may have acquired at a time.',
  ),
  'group.share.max.partition.max.record.locks': int(
    '4000',
    { valid: between(2000, 10000) },
    'Largest number of record locks that a share group may ask for.',
  ),
  'group.share.min.partition.max.record.locks': int(
    '100',
    { valid: between(100, 2000) },
    'Smallest number of record locks that a share group may ask for.',
  ),
  'share.fetch.purgatory.purge.interval.requests': int(
    '1000',
    {},
    'Completed requests after which Apache Kafka cleans its list of waiting share fetches.',
  ),
  'group.share.max.share.sessions': int('2000', { valid: atLeast(1) }, 'How many share sessions the broker remembers.'),
  'group.share.persister.class.name': string(
    'org.apache.kafka.server.share.persister.DefaultStatePersister',
    { internal: true },
    'Class that stores the state of share groups.',
  ),
  'group.share.dlq.manager.class.name': string(
    'org.apache.kafka.server.share.dlq.DefaultShareGroupDLQManager',
    { internal: true },
    'Class that writes records to the dead-letter topics of share groups.',
  ),
  'share.coordinator.state.topic.num.partitions': int(
    '50',
    { valid: atLeast(1), importance: 'HIGH' },
    'Partitions of __share_group_state; must not change later.',
  ),
  'share.coordinator.state.topic.replication.factor': short(
    '3',
    { valid: atLeast(1), importance: 'HIGH' },
    'Replicas of __share_group_state.',
  ),
  'share.coordinator.state.topic.min.isr': short(
    '2',
    { valid: atLeast(1), importance: 'HIGH' },
    'In-sync replicas that __share_group_state needs.',
  ),
  'share.coordinator.state.topic.segment.bytes': int(
    '104857600',
    { valid: atLeast(1), importance: 'HIGH' },
    'Segment size of __share_group_state.',
  ),
  'share.coordinator.threads': int('1', { valid: atLeast(1) }, 'Threads of the share coordinator.'),
  'share.coordinator.snapshot.update.records.per.snapshot': int(
    '500',
    { valid: between(0, 500) },
    'Updates that the share coordinator writes between two snapshots of a state.',
  ),
  'share.coordinator.load.buffer.size': int(
    '5242880',
    { valid: atLeast(1), importance: 'HIGH' },
    'Bytes read at a time while the state of share groups is loaded.',
  ),
  'share.coordinator.state.topic.compression.codec': int(
    '0',
    { importance: 'HIGH' },
    'Codec of __share_group_state, by its number.',
  ),
  'share.coordinator.append.linger.ms': int(
    '-1',
    { valid: atLeast(-1) },
    'How long the share coordinator gathers records into one append; -1 adapts to the load.',
  ),
  'share.coordinator.write.timeout.ms': int(
    '5000',
    { valid: atLeast(1), importance: 'HIGH' },
    'How long a write of the share coordinator waits to be replicated.',
  ),
  'share.coordinator.state.topic.prune.interval.ms': int(
    '300000',
    { valid: atLeast(1), importance: 'LOW', internal: true },
    'Time between two deletions of records that __share_group_state no longer needs.',
  ),
  'share.coordinator.cold.partition.snapshot.interval.ms': int(
    '300000',
    { valid: atLeast(1), importance: 'LOW', internal: true },
    'Time between two snapshots of share partitions without traffic.',
  ),
  'share.coordinator.cached.buffer.max.bytes': int(
    '1048588',
    { valid: atLeast(524288), update: 'cluster-wide' },
    'Largest append buffer that the share coordinator keeps for reuse.',
  ),
};
