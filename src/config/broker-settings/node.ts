/** Broker settings of the node itself: identity, roles, controller quorum, metadata log. */

import { atLeast, boolean, BOOTSTRAP_SERVERS, int, list, long, QUORUM_VOTERS, someOf, string } from '../setting.ts';

export const NODE_SETTINGS = {
  'broker.id': int(
    '-1',
    { importance: 'HIGH', effect: 'used' },
    'Older name of node.id; both must agree when both are given.',
  ),
  'broker.rack': string(
    null,
    { effect: 'used' },
    'Rack of this broker, used when replicas are placed and when consumers prefer a near replica.',
  ),
  'controlled.shutdown.enable': boolean('true', {}, 'Whether the broker hands over its leaderships before it stops.'),
  'unstable.api.versions.enable': boolean(
    'false',
    { importance: 'HIGH', internal: true },
    'Offers API versions that are not released yet.',
  ),
  'unstable.feature.versions.enable': boolean(
    'false',
    { importance: 'HIGH', internal: true },
    'Offers feature versions that are not released yet.',
  ),
  'process.roles': list(
    'broker,controller',
    { valid: someOf('broker', 'controller'), importance: 'HIGH', effect: 'used' },
    'Roles of this node: broker, controller, or both.',
  ),
  'node.id': int(
    '1',
    { valid: atLeast(0), importance: 'HIGH', effect: 'used' },
    'Number of this node, unique in the cluster.',
  ),
  'initial.broker.registration.timeout.ms': int(
    '60000',
    {},
    'How long a starting broker tries to register with the controller before it gives up.',
  ),
  'broker.heartbeat.interval.ms': int('2000', {}, 'Time between two heartbeats of a broker to the controller.'),
  'broker.session.timeout.ms': int(
    '9000',
    {},
    'Time without heartbeat after which the controller takes a broker for lost.',
  ),
  'controller.listener.names': list(
    'CONTROLLER',
    { valid: someOf(), importance: 'HIGH', effect: 'used' },
    'Listeners that controllers use; required by Apache Kafka, and not opened by a single Odradek node.',
  ),
  'controller.performance.sample.period.ms': long(
    '60000',
    { valid: atLeast(100), internal: true },
    "Time between two reports on the controller's event durations.",
  ),
  'controller.performance.always.log.threshold.ms': long(
    '2000',
    { valid: atLeast(0), internal: true },
    'Duration from which a slow controller event is always logged.',
  ),
  'server.max.startup.time.ms': long(
    '9223372036854775807',
    { valid: atLeast(0), internal: true },
    'Longest time that starting may take before the process gives up.',
  ),
  'metadata.log.max.record.bytes.between.snapshots': long(
    '20971520',
    { valid: atLeast(1), importance: 'HIGH', effect: 'used' },
    'Bytes of new metadata records after which a snapshot is written.',
  ),
  'metadata.log.max.snapshot.interval.ms': long(
    '3600000',
    { valid: atLeast(0), importance: 'HIGH', effect: 'used' },
    'Longest time between metadata snapshots while records arrive; 0 switches it off.',
  ),
  'metadata.log.dir': string(
    null,
    { importance: 'HIGH', effect: 'used' },
    'Directory of the metadata log; by default the first of log.dirs.',
  ),
  'metadata.log.segment.bytes': int(
    '1073741824',
    { valid: atLeast(8388608), importance: 'HIGH', effect: 'used' },
    'Size at which a segment of the metadata log is closed.',
  ),
  'metadata.log.segment.ms': long(
    '604800000',
    { importance: 'HIGH', effect: 'used' },
    'Age at which a segment of the metadata log is closed.',
  ),
  'metadata.max.retention.bytes': long(
    '104857600',
    { importance: 'HIGH', effect: 'used' },
    'Size of metadata log and snapshots above which the oldest are deleted.',
  ),
  'metadata.max.retention.ms': long(
    '604800000',
    { importance: 'HIGH', effect: 'used' },
    'Age at which metadata segments and snapshots are deleted.',
  ),
  'metadata.max.idle.interval.ms': int(
    '500',
    { valid: atLeast(0), importance: 'LOW' },
    'How often an idle active controller writes a no-op record; 0 never.',
  ),
  'internal.metadata.log.segment.bytes': int(
    null,
    { importance: 'LOW', internal: true },
    'Segment size of the metadata log in tests.',
  ),
  'internal.metadata.max.batch.size.in.bytes': int(
    '8388608',
    { importance: 'LOW', internal: true },
    'Largest batch of the metadata log in tests.',
  ),
  'internal.metadata.delete.delay.millis': long(
    '60000',
    { importance: 'LOW', internal: true },
    'Delay before deleted metadata files are unlinked, for tests.',
  ),
  'controller.socket.timeout.ms': int('30000', {}, 'Socket timeout of the channels between controller and brokers.'),
  'controller.quorum.voters': list(
    '',
    { valid: QUORUM_VOTERS, importance: 'HIGH' },
    'Voters of a static controller quorum, as id@host:port.',
  ),
  'controller.quorum.bootstrap.servers': list(
    '',
    { valid: BOOTSTRAP_SERVERS, importance: 'HIGH' },
    'Addresses at which the controller quorum is found first, as host:port.',
  ),
  'controller.quorum.election.timeout.ms': int(
    '1000',
    { valid: atLeast(0), importance: 'HIGH' },
    'Longest wait for the result of an election before another is started.',
  ),
  'controller.quorum.fetch.timeout.ms': int(
    '2000',
    { valid: atLeast(0), importance: 'HIGH' },
    'Time without a successful fetch from the leader after which an election is started.',
  ),
  'controller.quorum.election.backoff.max.ms': int(
    '1000',
    { valid: atLeast(0), importance: 'HIGH' },
    'Longest random pause before a new election.',
  ),
  'controller.quorum.append.linger.ms': int(
    '25',
    { valid: atLeast(0) },
    'How long the quorum leader gathers records before it writes them.',
  ),
  'controller.quorum.request.timeout.ms': int('2000', { valid: atLeast(0) }, 'Timeout of requests inside the quorum.'),
  'controller.quorum.retry.backoff.ms': int(
    '20',
    { valid: atLeast(0), importance: 'LOW' },
    'Pause before a failed request inside the quorum is repeated.',
  ),
  'controller.quorum.auto.join.enable': boolean(
    'false',
    { importance: 'LOW' },
    'Whether a new controller joins the voters by itself.',
  ),
  'controller.quorum.fetch.snapshot.max.bytes': int(
    '1048576',
    { valid: atLeast(1), importance: 'LOW' },
    'Bytes asked for in one fetch of a metadata snapshot.',
  ),
  'controller.quorum.fetch.max.bytes': int(
    '1048576',
    { valid: atLeast(1), importance: 'LOW' },
    'Bytes asked for in one fetch of the metadata log.',
  ),
};
