/**
 * The effective settings of one topic's logs, typed: what `resolveTopicConfig` (topic-config.ts) makes of the broker's
 * settings, the dynamic ones and the topic's own. Storage, the partition and the produce path read this and nothing else.
 *
 * Times are milliseconds and sizes bytes. Kafka's Long.MAX_VALUE, "never" or "no limit", is `Infinity` here; -1 stays -1
 * where Kafka gives it a meaning. The comment at each field names the topic setting.
 */

/** `compression.type` of a topic: `producer` keeps each batch's own codec; the others recompress. */
export type TopicCompression = 'producer' | 'uncompressed' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

export interface LogConfig {
  /** segment.bytes */
  readonly segmentBytes: number;
  /** segment.ms: age at which the active segment is rolled, less a random part up to `segmentJitterMs`. */
  readonly segmentMs: number;
  /** segment.jitter.ms */
  readonly segmentJitterMs: number;
  /** segment.index.bytes: size limit of the offset index and of the time index, each. */
  readonly segmentIndexBytes: number;
  /** index.interval.bytes: bytes of log between two index entries. */
  readonly indexIntervalBytes: number;
  /** preallocate */
  readonly preallocate: boolean;
  /** flush.messages: records after which fsync is forced; Infinity: left to the kernel. */
  readonly flushMessages: number;
  /** flush.ms: time after which fsync is forced; Infinity: left to the kernel. */
  readonly flushMs: number;
  /** file.delete.delay.ms: between renaming to `.deleted` and unlinking. */
  readonly fileDeleteDelayMs: number;

  /** cleanup.policy contains `delete`. */
  readonly delete: boolean;
  /** cleanup.policy contains `compact`. Neither: records are kept for ever (KIP-1161). */
  readonly compact: boolean;
  /** retention.ms; -1: no limit. */
  readonly retentionMs: number;
  /** retention.bytes, per partition; -1: no limit. */
  readonly retentionBytes: number;
  /** local.retention.ms with -2 already replaced by retention.ms (KIP-405). */
  readonly localRetentionMs: number;
  /** local.retention.bytes with -2 already replaced by retention.bytes (KIP-405). */
  readonly localRetentionBytes: number;
  /** remote.storage.enable: always false here, there is no tiered storage. */
  readonly remoteStorageEnable: boolean;

  /** delete.retention.ms: how long a compacted log keeps tombstones and transaction markers. */
  readonly deleteRetentionMs: number;
  /** min.compaction.lag.ms */
  readonly minCompactionLagMs: number;
  /** max.compaction.lag.ms */
  readonly maxCompactionLagMs: number;
  /** min.cleanable.dirty.ratio, 0 to 1. */
  readonly minCleanableDirtyRatio: number;

  /** max.message.bytes: the largest batch that Produce accepts, after compression. */
  readonly maxMessageBytes: number;
  /** max.decompressed.message.bytes: the largest output of decompressing one batch. */
  readonly maxDecompressedMessageBytes: number;
  /** message.timestamp.type */
  readonly timestampType: 'CreateTime' | 'LogAppendTime';
  /** message.timestamp.before.max.ms: how far a CreateTime may lie in the past (KIP-937). */
  readonly timestampBeforeMaxMs: number;
  /** message.timestamp.after.max.ms: how far a CreateTime may lie in the future (KIP-937). */
  readonly timestampAfterMaxMs: number;

  /** compression.type */
  readonly compressionType: TopicCompression;
  /** compression.gzip.level: 1 to 9, or -1 for the library's default (KIP-390). */
  readonly gzipLevel: number;
  /** compression.lz4.level: 1 to 17. */
  readonly lz4Level: number;
  /** compression.zstd.level: -131072 to 22. */
  readonly zstdLevel: number;

  /** min.insync.replicas */
  readonly minInsyncReplicas: number;
  /** unclean.leader.election.enable */
  readonly uncleanLeaderElection: boolean;
  /** leader.replication.throttled.replicas: `*`, or pairs `partition:broker`. */
  readonly leaderThrottledReplicas: readonly string[];
  /** follower.replication.throttled.replicas: `*`, or pairs `partition:broker`. */
  readonly followerThrottledReplicas: readonly string[];
}

/** The settings of a topic that overrides nothing on a broker that sets nothing. Handy for tests and for internal logs. */
export const DEFAULT_LOG_CONFIG: LogConfig = {
  segmentBytes: 1024 * 1024 * 1024,
  segmentMs: 7 * 24 * 3600_000,
  segmentJitterMs: 0,
  segmentIndexBytes: 10 * 1024 * 1024,
  indexIntervalBytes: 4096,
  preallocate: false,
  flushMessages: Infinity,
  flushMs: Infinity,
  fileDeleteDelayMs: 60_000,
  delete: true,
  compact: false,
  retentionMs: 7 * 24 * 3600_000,
  retentionBytes: -1,
  localRetentionMs: 7 * 24 * 3600_000,
  localRetentionBytes: -1,
  remoteStorageEnable: false,
  deleteRetentionMs: 24 * 3600_000,
  minCompactionLagMs: 0,
  maxCompactionLagMs: Infinity,
  minCleanableDirtyRatio: 0.5,
  maxMessageBytes: 1048588,
  maxDecompressedMessageBytes: 2147483639,
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: Infinity,
  timestampAfterMaxMs: 3600_000,
  compressionType: 'producer',
  gzipLevel: -1,
  lz4Level: 9,
  zstdLevel: 3,
  minInsyncReplicas: 1,
  uncleanLeaderElection: false,
  leaderThrottledReplicas: [],
  followerThrottledReplicas: [],
};
