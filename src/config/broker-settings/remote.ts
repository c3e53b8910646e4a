/** Broker settings of tiered storage (KIP-405). Odradek has none; they are known, checked and described. */

import { atLeast, between, boolean, double, int, long, NON_EMPTY, string } from '../setting.ts';

export const REMOTE_SETTINGS = {
  'remote.log.storage.system.enable': boolean('false', {}, 'Turns tiered storage on for this broker.'),
  'remote.log.storage.manager.impl.prefix': string(
    'rsm.config.',
    { valid: NON_EMPTY },
    'Prefix of the settings that are handed to the remote storage plug-in.',
  ),
  'remote.log.metadata.manager.impl.prefix': string(
    'rlmm.config.',
    { valid: NON_EMPTY },
    'Prefix of the settings that are handed to the remote metadata plug-in.',
  ),
  'remote.log.storage.manager.class.name': string(
    null,
    { valid: NON_EMPTY },
    'Class of the plug-in that keeps segments in remote storage.',
  ),
  'remote.log.storage.manager.class.path': string(null, {}, 'Where the remote storage plug-in is loaded from.'),
  'remote.log.metadata.manager.class.name': string(
    'org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager',
    { valid: NON_EMPTY },
    'Class of the plug-in that keeps the metadata of remote segments.',
  ),
  'remote.log.metadata.manager.class.path': string(null, {}, 'Where the remote metadata plug-in is loaded from.'),
  'remote.log.metadata.manager.listener.name': string(
    null,
    { valid: NON_EMPTY },
    'Listener over which the remote metadata plug-in talks to brokers.',
  ),
  'remote.log.metadata.custom.metadata.max.bytes': int(
    '128',
    { valid: atLeast(0), importance: 'LOW' },
    'Largest custom metadata, in bytes, that a remote storage plug-in may attach to a segment.',
  ),
  'remote.log.index.file.cache.total.size.bytes': long(
    '1073741824',
    { valid: atLeast(1), importance: 'LOW', update: 'cluster-wide' },
    'Disk space for the indexes fetched from remote storage.',
  ),
  'remote.log.index.file.cache.ttl.ms': long(
    '900000',
    { valid: atLeast(-1), importance: 'LOW', internal: true },
    'How long an unused index from remote storage stays cached; -1 keeps it.',
  ),
  'remote.log.manager.thread.pool.size': int('2', { valid: atLeast(1) }, 'Threads for the tasks of tiered storage.'),
  'remote.log.manager.copier.thread.pool.size': int(
    '10',
    { valid: atLeast(1), update: 'cluster-wide' },
    'Threads that copy segments to remote storage.',
  ),
  'remote.log.manager.expiration.thread.pool.size': int(
    '10',
    { valid: atLeast(1), update: 'cluster-wide' },
    'Threads that delete expired segments from remote storage.',
  ),
  'remote.log.manager.follower.thread.pool.size': int(
    '2',
    { valid: atLeast(1), update: 'cluster-wide' },
    'Threads for the tiered-storage tasks of follower partitions.',
  ),
  'remote.log.manager.task.interval.ms': long(
    '30000',
    { valid: atLeast(1), importance: 'LOW' },
    'Time between two runs of the tiered-storage tasks.',
  ),
  'remote.log.manager.task.retry.backoff.ms': long(
    '500',
    { valid: atLeast(1), importance: 'LOW', internal: true },
    'First pause before a failed tiered-storage task runs again.',
  ),
  'remote.log.manager.task.retry.backoff.max.ms': long(
    '30000',
    { valid: atLeast(1), importance: 'LOW', internal: true },
    'Longest pause before a failed tiered-storage task runs again.',
  ),
  'remote.log.manager.task.retry.jitter': double(
    '0.2',
    { valid: between(0, 0.5), importance: 'LOW', internal: true },
    'Random part of the pause between retries of a tiered-storage task.',
  ),
  'remote.log.reader.threads': int(
    '10',
    { valid: atLeast(1), update: 'cluster-wide' },
    'Threads that serve reads from remote storage.',
  ),
  'remote.log.reader.max.pending.tasks': int(
    '100',
    { valid: atLeast(1) },
    'Reads from remote storage that may wait; more are refused.',
  ),
  'log.local.retention.ms': long(
    '-2',
    { valid: atLeast(-2), update: 'cluster-wide' },
    "How long a tiered topic keeps a segment on local disk; -2 means the topic's whole retention time.",
  ),
  'log.local.retention.bytes': long(
    '-2',
    { valid: atLeast(-2), update: 'cluster-wide' },
    "How many bytes of a tiered partition stay on local disk; -2 means the topic's whole retention size.",
  ),
  'log.remote.copy.lag.ms': long(
    '0',
    { valid: atLeast(-1), update: 'cluster-wide' },
    'Age of its newest record at which a closed segment may be copied to remote storage; 0 at once, -1 the local retention time.',
  ),
  'log.remote.copy.lag.bytes': long(
    '-1',
    { valid: atLeast(-1), update: 'cluster-wide' },
    'Newer local bytes after which a closed segment may be copied to remote storage; 0 at once, -1 the local retention size.',
  ),
  'remote.log.manager.copy.max.bytes.per.second': long(
    '9223372036854775807',
    { valid: atLeast(1), update: 'cluster-wide' },
    "Upper limit of the broker's rate of copying to remote storage.",
  ),
  'remote.log.manager.copy.quota.window.num': int(
    '11',
    { valid: atLeast(1) },
    'Samples kept for the remote copy quota.',
  ),
  'remote.log.manager.copy.quota.window.size.seconds': int(
    '1',
    { valid: atLeast(1) },
    'Length of a sample of the remote copy quota.',
  ),
  'remote.log.manager.fetch.max.bytes.per.second': long(
    '9223372036854775807',
    { valid: atLeast(1), update: 'cluster-wide' },
    "Upper limit of the broker's rate of reading from remote storage.",
  ),
  'remote.log.manager.fetch.quota.window.num': int(
    '11',
    { valid: atLeast(1) },
    'Samples kept for the remote fetch quota.',
  ),
  'remote.log.manager.fetch.quota.window.size.seconds': int(
    '1',
    { valid: atLeast(1) },
    'Length of a sample of the remote fetch quota.',
  ),
  'remote.fetch.max.wait.ms': int(
    '500',
    { valid: atLeast(1), update: 'cluster-wide' },
    'How long a fetch waits for data from remote storage.',
  ),
  'remote.list.offsets.request.timeout.ms': long(
    '30000',
    { valid: atLeast(1), update: 'cluster-wide' },
    'How long ListOffsets waits for an answer from remote storage.',
  ),
  'follower.fetch.last.tiered.offset.enable': boolean(
    'false',
    { update: 'cluster-wide' },
    'Lets an empty follower begin after the records that are already in remote storage.',
  ),
};
