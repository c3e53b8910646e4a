/** Broker settings of topics and their logs: directories, segments, retention, flush, compression, compaction. */

import {
  anyOf,
  atLeast,
  between,
  boolean,
  className,
  double,
  GZIP_LEVEL,
  int,
  list,
  long,
  oneOf,
  someOf,
} from '../setting.ts';

export const LOG_SETTINGS = {
  'message.max.bytes': int(
    '1048588',
    { valid: atLeast(0), importance: 'HIGH', update: 'cluster-wide', effect: 'used' },
    'Largest record batch that the broker accepts, counted after compression.',
  ),
  'max.decompressed.message.bytes': int(
    '2147483639',
    { valid: between(1, 2147483639), update: 'cluster-wide', effect: 'used' },
    'Largest size to which one compressed batch may unfold.',
  ),
  'num.replica.alter.log.dirs.threads': int(
    null,
    { importance: 'HIGH' },
    'Threads that move replicas between log directories; by default one a directory.',
  ),
  'delete.topic.enable': boolean('true', { importance: 'HIGH', effect: 'used' }, 'Whether topics may be deleted.'),
  'compression.type': oneOf(
    'producer',
    ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
    { importance: 'HIGH', update: 'cluster-wide', effect: 'used' },
    'Codec in which batches are stored; producer keeps the codec of each batch.',
  ),
  'compression.gzip.level': int(
    '-1',
    { valid: GZIP_LEVEL, update: 'cluster-wide', effect: 'used' },
    "Gzip level for batches that the broker compresses; -1 is the library's own default.",
  ),
  'compression.lz4.level': int(
    '9',
    { valid: between(1, 17), update: 'cluster-wide', effect: 'used' },
    'LZ4 level for batches that the broker compresses.',
  ),
  'compression.zstd.level': int(
    '3',
    { valid: between(-131072, 22), update: 'cluster-wide', effect: 'used' },
    'Zstandard level for batches that the broker compresses.',
  ),
  'default.replication.factor': int(
    '1',
    { effect: 'used' },
    'Replicas of topics that are created without saying how many.',
  ),
  'log.cleaner.threads': int('1', { valid: atLeast(0), update: 'cluster-wide' }, 'Threads that compact logs.'),
  'log.cleaner.io.max.bytes.per.second': double(
    '1.7976931348623157E308',
    { update: 'cluster-wide' },
    'Bytes a second that compaction may read and write together.',
  ),
  'log.cleaner.dedupe.buffer.size': long(
    '134217728',
    { update: 'cluster-wide' },
    'Memory for the key maps of all compaction threads.',
  ),
  'log.cleaner.io.buffer.size': int(
    '524288',
    { valid: atLeast(0), update: 'cluster-wide' },
    'Memory for the read and write buffers of all compaction threads.',
  ),
  'log.cleaner.io.buffer.load.factor': double(
    '0.9',
    { update: 'cluster-wide' },
    'How full a compaction key map may become, from 0 to 1.',
  ),
  'log.cleaner.backoff.ms': long(
    '15000',
    { valid: atLeast(0), update: 'cluster-wide' },
    'Pause of a compaction thread that finds nothing to do.',
  ),
  'log.cleaner.min.cleanable.ratio': double(
    '0.5',
    { valid: between(0, 1), update: 'cluster-wide' },
    'Part of a log that must be uncompacted before it is compacted.',
  ),
  'log.cleaner.enable': boolean('true', {}, 'Switches the log cleaner on; deprecated, compacted topics need it.'),
  'log.cleaner.delete.retention.ms': long(
    '86400000',
    { valid: atLeast(0), update: 'cluster-wide' },
    'How long a compacted log keeps tombstones and transaction markers.',
  ),
  'log.cleaner.min.compaction.lag.ms': long(
    '0',
    { valid: atLeast(0), update: 'cluster-wide' },
    'Age that a record reaches before it may be compacted away.',
  ),
  'log.cleaner.max.compaction.lag.ms': long(
    '9223372036854775807',
    { valid: atLeast(1), update: 'cluster-wide' },
    'Age at which a record must have taken part in compaction.',
  ),
  'num.partitions': int(
    '1',
    { valid: atLeast(1), effect: 'used' },
    'Partitions of topics that are created without saying how many.',
  ),
  'log.dir': list(
    '/tmp/kafka-logs',
    { valid: someOf(), importance: 'HIGH', effect: 'used' },
    'Directory of the logs, used when log.dirs is not given.',
  ),
  'log.dirs': list(
    null,
    { valid: someOf(), importance: 'HIGH', effect: 'used' },
    'Directories of the logs, separated by commas.',
  ),
  'cordoned.log.dirs': list(
    '',
    { valid: anyOf(), update: 'per-broker' },
    'Log directories that receive no new partitions; * means all.',
  ),
  'log.segment.bytes': int(
    '1073741824',
    { valid: atLeast(1048576), importance: 'HIGH', update: 'cluster-wide', effect: 'used' },
    'Size at which a log segment is closed and a new one begun.',
  ),
  'log.roll.ms': long(
    null,
    { importance: 'HIGH', update: 'cluster-wide', effect: 'used' },
    'Age at which a log segment is closed; goes before log.roll.hours.',
  ),
  'log.roll.hours': int(
    '168',
    { valid: atLeast(1), importance: 'HIGH', effect: 'used' },
    'Age in hours at which a log segment is closed.',
  ),
  'log.roll.jitter.ms': long(
    null,
    { importance: 'HIGH', update: 'cluster-wide', effect: 'used' },
    'Random time taken off the age at which a segment is closed; goes before log.roll.jitter.hours.',
  ),
  'log.roll.jitter.hours': int(
    '0',
    { valid: atLeast(0), importance: 'HIGH', effect: 'used' },
    'Random hours taken off the age at which a segment is closed.',
  ),
  'log.retention.ms': long(
    null,
    { importance: 'HIGH', update: 'cluster-wide', effect: 'used' },
    'How long records are kept; goes before minutes and hours; -1 means for ever.',
  ),
  'log.retention.minutes': int(
    null,
    { importance: 'HIGH', effect: 'used' },
    'How many minutes records are kept; goes before hours.',
  ),
  'log.retention.hours': int('168', { importance: 'HIGH', effect: 'used' }, 'How many hours records are kept.'),
  'log.retention.bytes': long(
    '-1',
    { importance: 'HIGH', update: 'cluster-wide', effect: 'used' },
    'Size of a partition above which its oldest segments are deleted; -1 is no limit.',
  ),
  'log.retention.check.interval.ms': long(
    '300000',
    { valid: atLeast(1), effect: 'used' },
    'Time between two searches for segments to delete.',
  ),
  'log.cleanup.policy': list(
    'delete',
    { valid: anyOf('compact', 'delete'), update: 'cluster-wide', effect: 'used' },
    'What happens to old records: delete, compact, both, or neither when empty.',
  ),
  'log.index.size.max.bytes': int(
    '10485760',
    { valid: atLeast(4), update: 'cluster-wide', effect: 'used' },
    'Size limit of an index file; a full index closes its segment.',
  ),
  'log.index.interval.bytes': int(
    '4096',
    { valid: atLeast(0), update: 'cluster-wide', effect: 'used' },
    'Bytes of log between two index entries.',
  ),
  'log.flush.interval.messages': long(
    '9223372036854775807',
    { valid: atLeast(1), importance: 'HIGH', update: 'cluster-wide', effect: 'used' },
    'Records after which a log is forced to disk.',
  ),
  'log.segment.delete.delay.ms': long(
    '60000',
    { valid: atLeast(0), importance: 'HIGH', update: 'cluster-wide', effect: 'used' },
    'Delay between giving a file up and unlinking it.',
  ),
  'log.flush.scheduler.interval.ms': long(
    '9223372036854775807',
    { importance: 'HIGH', effect: 'used' },
    'Time between two searches for logs that must be forced to disk.',
  ),
  'log.flush.interval.ms': long(
    null,
    { importance: 'HIGH', update: 'cluster-wide', effect: 'used' },
    "Longest time that a record stays in memory before it is forced to disk; by default the scheduler's interval.",
  ),
  'log.flush.offset.checkpoint.interval.ms': int(
    '60000',
    { valid: atLeast(0), importance: 'HIGH', effect: 'used' },
    'Time between two writes of the recovery points.',
  ),
  'log.flush.start.offset.checkpoint.interval.ms': int(
    '60000',
    { valid: atLeast(0), importance: 'HIGH', effect: 'used' },
    'Time between two writes of the log start offsets.',
  ),
  'log.preallocate': boolean(
    'false',
    { update: 'cluster-wide' },
    "Whether a new segment's file is given its full size at once.",
  ),
  'num.recovery.threads.per.data.dir': int(
    '2',
    { valid: atLeast(1), importance: 'HIGH', update: 'cluster-wide' },
    'How many logs of a directory are opened, recovered or flushed at a time.',
  ),
  'auto.create.topics.enable': boolean(
    'true',
    { importance: 'HIGH', effect: 'used' },
    'Whether asking for an unknown topic may create it.',
  ),
  'min.insync.replicas': int(
    '1',
    { valid: atLeast(1), importance: 'HIGH', update: 'cluster-wide', effect: 'used' },
    'In-sync replicas without which a produce with acks=all is refused.',
  ),
  'log.message.timestamp.type': oneOf(
    'CreateTime',
    ['CreateTime', 'LogAppendTime'],
    { update: 'cluster-wide', effect: 'used' },
    "Whether records carry the producer's time or the time of the append.",
  ),
  'log.message.timestamp.before.max.ms': long(
    '9223372036854775807',
    { valid: atLeast(0), update: 'cluster-wide', effect: 'used' },
    "How far a record's time may lie before the broker's.",
  ),
  'log.message.timestamp.after.max.ms': long(
    '3600000',
    { valid: atLeast(0), update: 'cluster-wide', effect: 'used' },
    "How far a record's time may lie after the broker's.",
  ),
  'create.topic.policy.class.name': className(
    null,
    { importance: 'LOW' },
    'Class that may refuse the creation of a topic.',
  ),
  'alter.config.policy.class.name': className(
    null,
    { importance: 'LOW' },
    'Class that may refuse a change of settings.',
  ),
  'log.dir.failure.timeout.ms': long(
    '30000',
    { valid: atLeast(1), importance: 'LOW' },
    'How long a broker may fail to report a broken log directory before it stops.',
  ),
  'log.initial.task.delay.ms': long(
    '30000',
    { valid: atLeast(0), importance: 'LOW', effect: 'used', internal: true },
    'Delay of the first retention, flush and checkpoint runs after the start.',
  ),
};
