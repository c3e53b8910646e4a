/**
 * Settings of the broker under test beyond the defaults. Kafka's own are what the broker that expected/ was recorded from was given: DescribeConfigs
 * tells them from defaults.
 */
export const OVERRIDES: Readonly<Record<string, string | number>> = {
  'shard.count': 2,
  'node.id': 1,
  'num.network.threads': 3,
  'num.io.threads': 8,
  'socket.send.buffer.bytes': 102_400,
  'socket.receive.buffer.bytes': 102_400,
  'socket.request.max.bytes': 104_857_600,
  'num.partitions': 1,
  'offsets.topic.replication.factor': 1,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'log.retention.hours': 168,
  'log.segment.bytes': 1_073_741_824,
  'log.retention.check.interval.ms': 300_000,
};

/** Those that the scenarios of the classic protocol were recorded under: short waits. */
export const CLASSIC_OVERRIDES: Readonly<Record<string, string | number>> = {
  ...OVERRIDES,
  'group.initial.rebalance.delay.ms': 300,
  'group.min.session.timeout.ms': 100,
};

/** Those that the scenarios of transactions were recorded under: what is open for too long is found soon. */
export const TRANSACTION_OVERRIDES: Readonly<Record<string, string | number>> = {
  ...OVERRIDES,
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': 100,
};

/** The same where ids are forgotten that were not used for four seconds. */
export const EXPIRATION_OVERRIDES: Readonly<Record<string, string | number>> = {
  ...TRANSACTION_OVERRIDES,
  'transactional.id.expiration.ms': 4000,
  'transaction.remove.expired.transaction.cleanup.interval.ms': 100,
};
