/** Broker settings of running the broker: threads, purgatories, metrics, quotas. */

import { anyOf, atLeast, className, int, list, long, string } from '../setting.ts';

export const OPERATION_SETTINGS = {
  'num.io.threads': int(
    '8',
    { valid: atLeast(1), importance: 'HIGH', update: 'cluster-wide' },
    'Threads that handle requests in Apache Kafka.',
  ),
  'background.threads': int(
    '10',
    { valid: atLeast(1), importance: 'HIGH', update: 'cluster-wide' },
    'Threads for background tasks.',
  ),
  'config.providers': list(
    '',
    { valid: anyOf(), importance: 'LOW', update: 'cluster-wide' },
    'Names of the providers that replace variables in settings.',
  ),
  'fetch.purgatory.purge.interval.requests': int(
    '1000',
    {},
    'Completed requests after which Apache Kafka cleans its list of waiting fetches.',
  ),
  'producer.purgatory.purge.interval.requests': int(
    '1000',
    {},
    'Completed requests after which Apache Kafka cleans its list of waiting produces.',
  ),
  'delete.records.purgatory.purge.interval.requests': int(
    '1',
    {},
    'Completed requests after which Apache Kafka cleans its list of waiting record deletions.',
  ),
  'metrics.num.samples': int(
    '2',
    { valid: atLeast(1), importance: 'LOW' },
    'Samples kept for metrics that are computed over windows.',
  ),
  'metrics.sample.window.ms': long(
    '30000',
    { valid: atLeast(1), importance: 'LOW' },
    'Length of a sample of metrics that are computed over windows.',
  ),
  'metric.reporters': list(
    'org.apache.kafka.common.metrics.JmxReporter',
    { valid: anyOf(), importance: 'LOW', update: 'cluster-wide' },
    'Classes that receive the metrics.',
  ),
  'metrics.recording.level': string('INFO', { importance: 'LOW' }, 'Which metrics are recorded: INFO, DEBUG or TRACE.'),
  'kafka.metrics.reporters': list(
    '',
    { valid: anyOf(), importance: 'LOW' },
    "Classes that receive Apache Kafka's older server metrics.",
  ),
  'kafka.metrics.polling.interval.secs': int(
    '10',
    { valid: atLeast(1), importance: 'LOW' },
    'Polling interval of the older metrics reporters.',
  ),
  'telemetry.max.bytes': int(
    '1048576',
    { valid: atLeast(1), importance: 'LOW' },
    'Largest telemetry push, compressed, that a client may send.',
  ),
  'quota.window.num': int('11', { valid: atLeast(1), importance: 'LOW' }, 'Samples kept for client quotas.'),
  'replication.quota.window.num': int(
    '11',
    { valid: atLeast(1), importance: 'LOW' },
    'Samples kept for replication quotas.',
  ),
  'alter.log.dirs.replication.quota.window.num': int(
    '11',
    { valid: atLeast(1), importance: 'LOW' },
    'Samples kept for the quota on moves between log directories.',
  ),
  'controller.quota.window.num': int(
    '11',
    { valid: atLeast(1), importance: 'LOW' },
    'Samples kept for the quota on controller mutations.',
  ),
  'quota.window.size.seconds': int(
    '1',
    { valid: atLeast(1), importance: 'LOW' },
    'Length of a sample of client quotas.',
  ),
  'replication.quota.window.size.seconds': int(
    '1',
    { valid: atLeast(1), importance: 'LOW' },
    'Length of a sample of replication quotas.',
  ),
  'alter.log.dirs.replication.quota.window.size.seconds': int(
    '1',
    { valid: atLeast(1), importance: 'LOW' },
    'Length of a sample of the quota on moves between log directories.',
  ),
  'controller.quota.window.size.seconds': int(
    '1',
    { valid: atLeast(1), importance: 'LOW' },
    'Length of a sample of the quota on controller mutations.',
  ),
  'client.quota.callback.class': className(null, { importance: 'LOW' }, 'Class that decides about client quotas.'),
};
