/**
 * All settings of a topic. The order is Kafka's, and counts: of several wrong values, the first in this order is reported.
 * Their broker-wide counterparts stand in synonyms.ts.
 */

import {
  anyOf,
  atLeast,
  between,
  boolean,
  double,
  GZIP_LEVEL,
  int,
  list,
  long,
  oneOf,
  THROTTLED_REPLICAS,
} from './setting.ts';
import type { Setting, SettingTable, ValuesOf } from './setting.ts';

export const TOPIC_SETTINGS = {
  'segment.bytes': int(
    '1073741824',
    { valid: atLeast(1048576), effect: 'used' },
    'Size at which a segment is closed and a new one begun.',
  ),
  'segment.ms': long(
    '604800000',
    { valid: atLeast(1), effect: 'used' },
    'Age at which a segment is closed even when it is not full.',
  ),
  'segment.jitter.ms': long(
    '0',
    { valid: atLeast(0), effect: 'used' },
    'Random time taken off segment.ms, so that logs do not roll together.',
  ),
  'segment.index.bytes': int(
    '10485760',
    { valid: atLeast(4), effect: 'used' },
    'Size limit of an index file; a full index closes its segment.',
  ),
  'flush.messages': long(
    '9223372036854775807',
    { valid: atLeast(1), effect: 'used' },
    'Records after which the log is forced to disk.',
  ),
  'flush.ms': long(
    '9223372036854775807',
    { valid: atLeast(0), effect: 'used' },
    'Time after which the log is forced to disk.',
  ),
  'retention.bytes': long(
    '-1',
    { effect: 'used' },
    'Size of a partition above which its oldest segments are deleted; -1 is no limit.',
  ),
  'retention.ms': long(
    '604800000',
    { valid: atLeast(-1), effect: 'used' },
    'How long records are kept; -1 means for ever.',
  ),
  'max.message.bytes': int(
    '1048588',
    { valid: atLeast(0), effect: 'used' },
    'Largest record batch that is accepted, counted after compression.',
  ),
  'max.decompressed.message.bytes': int(
    '2147483639',
    { valid: between(1, 2147483639), effect: 'used' },
    'Largest size to which one compressed batch may unfold.',
  ),
  'index.interval.bytes': int('4096', { valid: atLeast(0), effect: 'used' }, 'Bytes of log between two index entries.'),
  'delete.retention.ms': long(
    '86400000',
    { valid: atLeast(0) },
    'How long a compacted log keeps tombstones and transaction markers.',
  ),
  'min.compaction.lag.ms': long(
    '0',
    { valid: atLeast(0) },
    'Age that a record reaches before it may be compacted away.',
  ),
  'max.compaction.lag.ms': long(
    '9223372036854775807',
    { valid: atLeast(1) },
    'Age at which a record must have taken part in compaction.',
  ),
  'file.delete.delay.ms': long(
    '60000',
    { valid: atLeast(0), effect: 'used' },
    'Delay between giving a file up and unlinking it.',
  ),
  'min.cleanable.dirty.ratio': double(
    '0.5',
    { valid: between(0, 1) },
    'Part of the log that must be uncompacted before it is compacted.',
  ),
  'cleanup.policy': list(
    'delete',
    { valid: anyOf('compact', 'delete'), effect: 'used' },
    'What happens to old records: delete, compact, both, or neither when empty.',
  ),
  'unclean.leader.election.enable': boolean(
    'false',
    {},
    'Whether a replica that is not in sync may become leader, at the price of lost records.',
  ),
  'min.insync.replicas': int(
    '1',
    { valid: atLeast(1), effect: 'used' },
    'In-sync replicas without which a produce with acks=all is refused.',
  ),
  'compression.type': oneOf(
    'producer',
    ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
    { effect: 'used' },
    'Codec in which batches are stored; producer keeps the codec of each batch.',
  ),
  'compression.gzip.level': int(
    '-1',
    { valid: GZIP_LEVEL, effect: 'used' },
    "Gzip level for batches that the broker compresses; -1 is the library's own default.",
  ),
  'compression.lz4.level': int(
    '9',
    { valid: between(1, 17), effect: 'used' },
    'LZ4 level for batches that the broker compresses.',
  ),
  'compression.zstd.level': int(
    '3',
    { valid: between(-131072, 22), effect: 'used' },
    'Zstandard level for batches that the broker compresses.',
  ),
  preallocate: boolean('false', {}, "Whether a new segment's file is given its full size at once."),
  'message.timestamp.type': oneOf(
    'CreateTime',
    ['CreateTime', 'LogAppendTime'],
    { effect: 'used' },
    "Whether records carry the producer's time or the time of the append.",
  ),
  'message.timestamp.before.max.ms': long(
    '9223372036854775807',
    { valid: atLeast(0), effect: 'used' },
    "How far a record's time may lie before the broker's.",
  ),
  'message.timestamp.after.max.ms': long(
    '3600000',
    { valid: atLeast(0), effect: 'used' },
    "How far a record's time may lie after the broker's.",
  ),
  'leader.replication.throttled.replicas': list(
    '',
    { valid: THROTTLED_REPLICAS },
    'Replicas whose leaders limit replication, as partition:broker pairs, or * for all.',
  ),
  'follower.replication.throttled.replicas': list(
    '',
    { valid: THROTTLED_REPLICAS },
    'Replicas whose followers limit replication, as partition:broker pairs, or * for all.',
  ),
  'remote.storage.enable': boolean('false', {}, "Whether the topic's segments are also kept in remote storage."),
  'local.retention.ms': long(
    '-2',
    { valid: atLeast(-2) },
    'How long a tiered topic keeps a segment on local disk; -2 means retention.ms.',
  ),
  'local.retention.bytes': long(
    '-2',
    { valid: atLeast(-2) },
    'How many bytes of a tiered partition stay on local disk; -2 means retention.bytes.',
  ),
  'remote.log.copy.disable': boolean(
    'false',
    {},
    'Whether a tiered topic no longer copies segments to remote storage.',
  ),
  'remote.copy.lag.ms': long(
    '0',
    { valid: atLeast(-1) },
    'Age of its newest record at which a closed segment may be copied to remote storage; 0 at once, -1 the local retention time.',
  ),
  'remote.copy.lag.bytes': long(
    '-1',
    { valid: atLeast(-1) },
    'Newer local bytes after which a closed segment may be copied to remote storage; 0 at once, -1 the local retention size.',
  ),
  'remote.log.delete.on.disable': boolean(
    'false',
    {},
    'Whether remote segments are deleted when tiered storage is switched off for the topic.',
  ),
  'errors.deadletterqueue.group.enable': boolean(
    'false',
    {},
    'Whether share groups may use this topic as their dead-letter queue.',
  ),
  'internal.segment.bytes': int(null, { internal: true }, 'Segment size in tests; goes before segment.bytes.'),
};

export type TopicSettingName = keyof typeof TOPIC_SETTINGS;

/** Every topic setting with its parsed value. */
export type TopicValues = ValuesOf<typeof TOPIC_SETTINGS>;

/** The row of a topic setting; null for a name that is not one. */
export function topicSetting(name: string): SettingTable[string] | null {
  return Object.hasOwn(TOPIC_SETTINGS, name) ? ((TOPIC_SETTINGS as SettingTable)[name] ?? null) : null;
}

/** The table as rows, for loops. */
// oxlint-disable-next-line no-unsafe-type-assertion -- the keys of the table are its names
export const TOPIC_ROWS = Object.entries(TOPIC_SETTINGS) as readonly (readonly [
  name: TopicSettingName,
  row: Setting,
])[];
