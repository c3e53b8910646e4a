/**
 * The configuration of a topic: Kafka's validation of the settings that CreateTopics and AlterConfigs give it, and the
 * `LogConfig` that its logs follow.
 *
 *     table default  <  broker setting in force (synonyms.ts)  <  the topic's own setting
 */

import { type BrokerConfig, type ConfigTexts, settingText } from './broker-config.ts';
import type { BrokerValues } from './broker-settings.ts';
import type { LogConfig } from './log-config.ts';
import { canonicalText, parseValue } from './parse-value.ts';
import type { Setting, SettingValue } from './setting.ts';
import { TOPIC_SYNONYMS } from './synonyms.ts';
import { TOPIC_ROWS, TOPIC_SETTINGS, type TopicSettingName, type TopicValues, topicSetting } from './topic-settings.ts';

/** What a client gives: null asks for "no value", which topics do not have. */
export type TopicOverrides = Readonly<Record<string, string | null>>;

export type TopicValidation =
  | { readonly ok: true }
  /** INVALID_CONFIG with this message. `name` is empty where several settings are meant. */
  | { readonly ok: false; readonly name: string; readonly message: string };

/** Checks the settings that a topic is given, all of them together, over the broker's. The messages are Kafka's. */
export function validateTopicConfigs(config: BrokerConfig, overrides: TopicOverrides): TopicValidation {
  const nulls = Object.keys(overrides).filter((name) => overrides[name] === null);
  if (nulls.length > 0) {
    return {
      ok: false,
      name: nulls[0] ?? '',
      message: `Null value not supported for topic configs: ${nulls.join(',')}`,
    };
  }
  const unknown = Object.keys(overrides).find((name) => topicSetting(name) === null);
  if (unknown !== undefined) return { ok: false, name: unknown, message: `Unknown topic config name: ${unknown}` };
  for (const [name, setting] of TOPIC_ROWS) {
    const text = overrides[name] ?? null;
    const parsed = text === null ? null : parseValue(name, setting, text);
    if (parsed !== null && !parsed.ok) return { ok: false, name, message: parsed.message };
  }
  return checkTogether(config, overrides);
}

function checkTogether(config: BrokerConfig, overrides: TopicOverrides): TopicValidation {
  const values = topicValues(config, overrides);
  const least = values['min.compaction.lag.ms'];
  const most = values['max.compaction.lag.ms'];
  if (least > most) {
    const text = (name: TopicSettingName): string | null => topicText(config, overrides, name);
    const message = `conflict topic config setting min.compaction.lag.ms (${text('min.compaction.lag.ms')}) > max.compaction.lag.ms (${text('max.compaction.lag.ms')})`;
    return { ok: false, name: 'min.compaction.lag.ms', message };
  }
  if (values['remote.storage.enable']) {
    const message =
      'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.';
    return { ok: false, name: 'remote.storage.enable', message };
  }
  return { ok: true };
}

/** The text in force of a topic setting as Kafka prints it; null: no value. */
export function topicText(config: BrokerConfig, overrides: TopicOverrides, name: TopicSettingName): string | null {
  const text = overrides[name] ?? null;
  return text === null ? defaultTopicText(config, name) : canonicalText(TOPIC_SETTINGS[name], text);
}

/** What a topic has that does not set it: the first of its synonyms with a value, else the table's default. */
function defaultTopicText(config: BrokerConfig, name: TopicSettingName): string | null {
  for (const synonym of TOPIC_SYNONYMS[name] ?? []) {
    const text = settingText(config, synonym.name);
    if (text === null) continue;
    const scaled = synonym.factor === 1 ? text : String(Number(text) * synonym.factor);
    // A negative retention time is "no limit", whatever its unit.
    return name === 'retention.ms' && Number(scaled) < 0 ? '-1' : scaled;
  }
  return TOPIC_SETTINGS[name].default;
}

/** What topics have that set nothing, of each broker configuration in use: parsed once, not once a topic. */
const defaultsOf = new WeakMap<BrokerValues, TopicValues>();

function defaultTopicValues(config: BrokerConfig): TopicValues {
  const known = defaultsOf.get(config.values);
  if (known !== undefined) return known;
  const values: Record<string, SettingValue> = {};
  for (const [name, setting] of TOPIC_ROWS) {
    values[name] = firstValid(name, setting, [defaultTopicText(config, name), setting.default]);
  }
  // oxlint-disable-next-line no-unsafe-type-assertion -- built row by row from the table that the type is inferred from
  const defaults = values as TopicValues;
  defaultsOf.set(config.values, defaults);
  return defaults;
}

function firstValid(name: string, setting: Setting, texts: readonly (string | null)[]): SettingValue {
  for (const text of texts) {
    const parsed = text === null ? null : parseValue(name, setting, text);
    if (parsed !== null && parsed.ok) return parsed.value;
  }
  return null;
}

/** Values in force. An override that is unknown or wrong (another version may have allowed it) leaves the default. */
function topicValues(config: BrokerConfig, overrides: TopicOverrides): TopicValues {
  const values: Record<string, SettingValue> = { ...defaultTopicValues(config) };
  for (const [name, text] of Object.entries(overrides)) {
    const setting = topicSetting(name);
    const parsed = setting === null || text === null ? null : parseValue(name, setting, text);
    if (parsed !== null && parsed.ok) values[name] = parsed.value;
  }
  // oxlint-disable-next-line no-unsafe-type-assertion -- built row by row from the table that the type is inferred from
  return values as TopicValues;
}

/** The settings that the logs of a topic follow. `overrides` are the topic's own, as the metadata keeps them. */
export function resolveTopicConfig(config: BrokerConfig, overrides: ConfigTexts): LogConfig {
  const values = topicValues(config, overrides);
  const retentionMs = values['retention.ms'];
  const retentionBytes = values['retention.bytes'];
  const localMs = values['local.retention.ms'];
  const localBytes = values['local.retention.bytes'];
  return {
    segmentBytes: values['internal.segment.bytes'] ?? values['segment.bytes'],
    segmentMs: values['segment.ms'],
    segmentJitterMs: values['segment.jitter.ms'],
    segmentIndexBytes: values['segment.index.bytes'],
    indexIntervalBytes: values['index.interval.bytes'],
    preallocate: values.preallocate,
    flushMessages: values['flush.messages'],
    flushMs: values['flush.ms'],
    fileDeleteDelayMs: values['file.delete.delay.ms'],
    delete: values['cleanup.policy'].includes('delete'),
    compact: values['cleanup.policy'].includes('compact'),
    retentionMs,
    retentionBytes,
    localRetentionMs: localMs === -2 ? retentionMs : localMs,
    localRetentionBytes: localBytes === -2 ? retentionBytes : localBytes,
    remoteStorageEnable: values['remote.storage.enable'],
    deleteRetentionMs: values['delete.retention.ms'],
    minCompactionLagMs: values['min.compaction.lag.ms'],
    maxCompactionLagMs: values['max.compaction.lag.ms'],
    minCleanableDirtyRatio: values['min.cleanable.dirty.ratio'],
    maxMessageBytes: values['max.message.bytes'],
    maxDecompressedMessageBytes: values['max.decompressed.message.bytes'],
    timestampType: values['message.timestamp.type'],
    timestampBeforeMaxMs: values['message.timestamp.before.max.ms'],
    timestampAfterMaxMs: values['message.timestamp.after.max.ms'],
    compressionType: values['compression.type'],
    gzipLevel: values['compression.gzip.level'],
    lz4Level: values['compression.lz4.level'],
    zstdLevel: values['compression.zstd.level'],
    minInsyncReplicas: values['min.insync.replicas'],
    uncleanLeaderElection: values['unclean.leader.election.enable'],
    leaderThrottledReplicas: values['leader.replication.throttled.replicas'],
    followerThrottledReplicas: values['follower.replication.throttled.replicas'],
  };
}
