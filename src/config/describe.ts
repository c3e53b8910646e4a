/**
 * What DescribeConfigs says: for a topic, a group, and for a broker or the defaults of all brokers. Names, sources, synonyms and their
 * order are Kafka's (`ConfigHelper`), and compared with a running Kafka 4.4; the documentation is ours.
 */

import { BROKER_ROWS, brokerSetting, dynamicOnlySetting } from './broker-settings.ts';
import { type BrokerConfig, type ConfigTexts, settingText } from './broker-config.ts';
import { GROUP_ROWS, type GroupSettingName, groupSynonym } from './group-config.ts';
import { canonicalText } from './parse-value.ts';
import type { Setting, SettingType } from './setting.ts';
import { TOPIC_SYNONYMS, brokerSynonyms } from './synonyms.ts';
import { topicText } from './topic-config.ts';
import { TOPIC_ROWS, type TopicSettingName } from './topic-settings.ts';

/** `ConfigSource` of DescribeConfigs. */
export const CONFIG_SOURCE = {
  TOPIC_CONFIG: 1,
  DYNAMIC_BROKER_CONFIG: 2,
  DYNAMIC_DEFAULT_BROKER_CONFIG: 3,
  STATIC_BROKER_CONFIG: 4,
  DEFAULT_CONFIG: 5,
  DYNAMIC_BROKER_LOGGER_CONFIG: 6,
  CLIENT_METRICS_CONFIG: 7,
  GROUP_CONFIG: 8,
} as const;

/** `ConfigType` of DescribeConfigs v3 and later (KIP-569); 0 is unknown. */
export const CONFIG_TYPE: Readonly<Record<SettingType, number>> = {
  BOOLEAN: 1,
  STRING: 2,
  INT: 3,
  SHORT: 4,
  LONG: 5,
  DOUBLE: 6,
  LIST: 7,
  CLASS: 8,
  PASSWORD: 9,
};

const UNKNOWN_TYPE = 0;

export interface ConfigSynonym {
  readonly name: string;
  readonly value: string | null;
  /** One of CONFIG_SOURCE. */
  readonly source: number;
}

/** An entry of the answer, with field names as on the wire. */
export interface ConfigEntry {
  readonly name: string;
  /** Null also where it is sensitive. */
  readonly value: string | null;
  readonly readOnly: boolean;
  /** One of CONFIG_SOURCE: that of the first synonym. */
  readonly configSource: number;
  readonly isSensitive: boolean;
  /** Everything that was given or is a default, the value in force first. Sent on request only. */
  readonly synonyms: readonly ConfigSynonym[];
  /** One of CONFIG_TYPE, or 0. */
  readonly configType: number;
  /** Sent on request only. Null: a name that is no setting. */
  readonly documentation: string | null;
}

/** Which settings are asked for: null or an empty list means all. */
export type AskedNames = readonly string[] | null;

function isAsked(asked: AskedNames, name: string): boolean {
  return asked === null || asked.length === 0 || asked.includes(name);
}

/** The settings of a topic, `overrides` being its own. Internal ones show only where the topic sets them. */
export function describeTopicConfigs(config: BrokerConfig, overrides: ConfigTexts, asked: AskedNames): ConfigEntry[] {
  const entries: ConfigEntry[] = [];
  for (const [name, setting] of TOPIC_ROWS) {
    if (!isAsked(asked, name) || (setting.internal && !Object.hasOwn(overrides, name))) continue;
    const value = topicText(config, overrides, name);
    const synonyms = topicSynonyms(config, overrides, name, value);
    entries.push(entryOf(name, setting, value, synonyms, false));
  }
  return entries;
}

function topicSynonyms(
  config: BrokerConfig,
  overrides: ConfigTexts,
  name: TopicSettingName,
  value: string | null,
): ConfigSynonym[] {
  const brokerName = TOPIC_SYNONYMS[name]?.[0]?.name ?? null;
  const inherited = brokerName === null ? [] : synonymsOf(config, brokerName, false);
  if (!Object.hasOwn(overrides, name)) return inherited;
  return [{ name, value, source: CONFIG_SOURCE.TOPIC_CONFIG }, ...inherited];
}

/** The settings of a group, `overrides` being its own. Internal ones show only where the group sets them. */
export function describeGroupConfigs(config: BrokerConfig, overrides: ConfigTexts, asked: AskedNames): ConfigEntry[] {
  const entries: ConfigEntry[] = [];
  for (const [name, setting] of GROUP_ROWS) {
    if (!isAsked(asked, name) || (setting.internal && !Object.hasOwn(overrides, name))) continue;
    const own = overrides[name];
    const inherited = inheritedByGroups(config, name, setting);
    const synonyms = own === undefined ? inherited : [groupConfig(name, canonicalText(setting, own)), ...inherited];
    entries.push(entryOf(name, setting, synonyms[0]?.value ?? null, synonyms, false));
  }
  return entries;
}

function groupConfig(name: string, value: string): ConfigSynonym {
  return { name, value, source: CONFIG_SOURCE.GROUP_CONFIG };
}

/** What the broker says of a setting that a group does not have; where it has none of the kind, the table's default. */
function inheritedByGroups(config: BrokerConfig, name: GroupSettingName, setting: Setting): ConfigSynonym[] {
  const brokerName = groupSynonym(name);
  if (brokerName !== null) return synonymsOf(config, brokerName, false);
  return setting.default === null ? [] : [{ name, value: setting.default, source: CONFIG_SOURCE.DEFAULT_CONFIG }];
}

/** The settings of this broker: every one of the table, and what else was given. */
export function describeBrokerConfigs(config: BrokerConfig, asked: AskedNames): ConfigEntry[] {
  const entries: ConfigEntry[] = [];
  const given = config.texts;
  for (const [name, setting] of BROKER_ROWS) {
    if (!isAsked(asked, name) || (setting.internal && !Object.hasOwn(given, name))) continue;
    const value = settingText(config, name);
    entries.push(entryOf(name, setting, value, synonymsOf(config, name, isSensitive(setting)), isReadOnly(setting)));
  }
  for (const [name, text] of Object.entries(given)) {
    if (!isAsked(asked, name) || brokerSetting(name) !== null) continue;
    const setting = settingBehind(name);
    const readOnly = dynamicOnlySetting(name) === null;
    entries.push(entryOf(name, setting, text, synonymsOf(config, name, isSensitive(setting)), readOnly));
  }
  return entries;
}

/** The dynamic defaults of all brokers: the resource with the empty name. */
export function describeDefaultBrokerConfigs(config: BrokerConfig, asked: AskedNames): ConfigEntry[] {
  const entries: ConfigEntry[] = [];
  for (const [name, text] of Object.entries(config.layers.clusterDynamic)) {
    if (!isAsked(asked, name)) continue;
    const setting = settingBehind(name);
    const synonyms = synonymsOf(config, name, isSensitive(setting)).filter(
      (synonym) => synonym.source === CONFIG_SOURCE.DYNAMIC_DEFAULT_BROKER_CONFIG,
    );
    entries.push(entryOf(name, setting, text, synonyms, setting === null || isReadOnly(setting)));
  }
  return entries;
}

function entryOf(
  name: string,
  setting: Setting | null,
  value: string | null,
  synonyms: readonly ConfigSynonym[],
  readOnly: boolean,
): ConfigEntry {
  const sensitive = isSensitive(setting);
  return {
    name,
    value: sensitive ? null : value,
    readOnly,
    configSource: synonyms[0]?.source ?? CONFIG_SOURCE.DEFAULT_CONFIG,
    isSensitive: sensitive,
    synonyms,
    configType: setting === null ? UNKNOWN_TYPE : CONFIG_TYPE[setting.type],
    documentation: setting?.doc ?? null,
  };
}

/** A password, or something of which nobody knows that it is none. */
function isSensitive(setting: Setting | null): boolean {
  return setting === null || setting.type === 'PASSWORD';
}

function isReadOnly(setting: Setting): boolean {
  return setting.update === 'read-only';
}

/** The row of a name or, with a listener's prefix, of the setting it overrides. */
function settingBehind(name: string): Setting | null {
  const names = brokerSynonyms(name);
  return names.map(brokerSetting).find((setting) => setting !== null) ?? dynamicOnlySetting(name);
}

/**
 * Each layer's texts of all synonyms, from the strongest layer to the default, beginning with the name itself: what comes
 * before it is left out (so a time that only stands in hours gives `log.retention.ms` no synonyms at all).
 */
function synonymsOf(config: BrokerConfig, name: string, sensitive: boolean): ConfigSynonym[] {
  const names = brokerSynonyms(name);
  const layers: readonly (readonly [source: number, text: (name: string) => string | null])[] = [
    [CONFIG_SOURCE.DYNAMIC_BROKER_CONFIG, (synonym) => config.layers.brokerDynamic[synonym] ?? null],
    [CONFIG_SOURCE.DYNAMIC_DEFAULT_BROKER_CONFIG, (synonym) => config.layers.clusterDynamic[synonym] ?? null],
    [CONFIG_SOURCE.STATIC_BROKER_CONFIG, (synonym) => config.layers.static[synonym] ?? null],
    [CONFIG_SOURCE.DEFAULT_CONFIG, defaultText],
  ];
  const all: ConfigSynonym[] = [];
  for (const [source, textOf] of layers) {
    for (const synonym of names) {
      const text = textOf(synonym);
      if (text !== null) all.push({ name: synonym, value: sensitive ? null : text, source });
    }
  }
  const first = all.findIndex((synonym) => synonym.name === name);
  return first < 0 ? [] : all.slice(first);
}

function defaultText(name: string): string | null {
  const setting = brokerSetting(name);
  return setting === null || setting.default === null ? null : canonicalText(setting, setting.default);
}
