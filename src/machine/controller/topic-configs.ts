/** The settings that a topic is created with, and what changing them later (alter-configs) shares with that: the validation and the records. */
import { type BrokerConfig, withDynamicConfigs } from '../../config/broker-config.ts';
import { CONFIG_SOURCE, describeTopicConfigs } from '../../config/describe.ts';
import { TOPIC_SYNONYMS, unitSynonyms } from '../../config/synonyms.ts';
import { type TopicOverrides, validateTopicConfigs } from '../../config/topic-config.ts';
import { ERRORS } from '../../protocol/errors.ts';
import type { ResponseOf } from '../../protocol/schema/index.ts';
import { CONFIG_RESOURCE } from '../image/configs.ts';
import { ELR_VERSION } from '../image/features.ts';
import { type MetadataRecord, record } from '../../protocol/record/metadata-records.ts';
import { type ControllerState, type Refusal, refuse } from './decision.ts';

export const MIN_INSYNC_REPLICAS = 'min.insync.replicas';

type TopicResult = ResponseOf<'CreateTopics'>['topics'][number];
type DescribedConfigs = NonNullable<TopicResult['configs']>;

type Texts = ReadonlyMap<string, string>;

/** The last configuration in force, by the one it stands on: every map of the image is another one after a change. */
const inForce = new WeakMap<BrokerConfig, { cluster: Texts; broker: Texts; config: BrokerConfig }>();

/** The broker's configuration with the dynamic settings of the cluster. */
export function configInForce({ image, settings }: ControllerState): BrokerConfig {
  const cluster = image.configs.of(CONFIG_RESOURCE.broker, '');
  const broker = image.configs.of(CONFIG_RESOURCE.broker, String(settings.nodeId));
  if (cluster.size === 0 && broker.size === 0) return settings.config;
  const known = inForce.get(settings.config);
  if (known?.cluster === cluster && known.broker === broker) return known.config;
  const { config } = withDynamicConfigs(settings.config, Object.fromEntries(cluster), Object.fromEntries(broker));
  inForce.set(settings.config, { cluster, broker, config });
  return config;
}

export type NewConfigs = readonly { readonly name: string; readonly value: string | null }[];

/** Of a name that is given twice the last value counts, as in Kafka. */
export function overridesOf(configs: NewConfigs): TopicOverrides {
  return Object.fromEntries(configs.map(({ name, value }) => [name, value]));
}

export function checkTopicConfigs(config: BrokerConfig, overrides: TopicOverrides): Refusal | null {
  const result = validateTopicConfigs(config, overrides);
  return result.ok ? null : refuse(ERRORS.INVALID_CONFIG, result.message);
}

/** The records of a resource's settings; null takes one away. */
export function configRecords(resourceType: number, resourceName: string, configs: NewConfigs): MetadataRecord[] {
  return configs.map(({ name, value }) => record('config', { resourceType, resourceName, name, value }));
}

/** The records of a new topic's settings, by name, and what follows from them. */
export function topicConfigRecords(state: ControllerState, topic: string, overrides: TopicOverrides): MetadataRecord[] {
  const names = Object.keys(overrides).toSorted();
  const configs = names.map((name) => ({ name, value: overrides[name] ?? null }));
  const records = configRecords(CONFIG_RESOURCE.topic, topic, configs);
  return [...records, ...clearedElr(state, records)];
}

/** Another min.insync.replicas ends what the eligible leader replicas were worth (KIP-966): those of a topic, or of all topics. */
export function clearedElr({ image }: ControllerState, records: readonly MetadataRecord[]): MetadataRecord[] {
  if (image.features.level(ELR_VERSION) === 0) return [];
  const cleared: MetadataRecord[] = [];
  for (const { type, message } of records) {
    if (type !== 'config' || message.name !== MIN_INSYNC_REPLICAS) continue;
    const topicName = message.resourceType === CONFIG_RESOURCE.topic ? message.resourceName : '';
    cleared.push(record('clearElr', { topicName }));
  }
  return cleared;
}

/** What CreateTopics tells of the topic's effective settings, by name (KIP-525). */
export function describeNewTopic(config: BrokerConfig, overrides: TopicOverrides): DescribedConfigs {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(overrides)) if (value !== null) texts[name] = value;
  const entries = describeTopicConfigs(config, texts, null).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return entries.map(({ name, value, readOnly, configSource, isSensitive }) => ({
    name,
    value,
    readOnly,
    configSource:
      configSource === CONFIG_SOURCE.DEFAULT_CONFIG && isGivenInAnotherUnit(config, name)
        ? CONFIG_SOURCE.STATIC_BROKER_CONFIG
        : configSource,
    isSensitive,
  }));
}

/** Kafka's CreateTopics (and only it) takes a time that the broker was given in hours for a static setting of the one in milliseconds. */
function isGivenInAnotherUnit(config: BrokerConfig, name: string): boolean {
  // oxlint-disable-next-line no-unsafe-type-assertion -- a name of the table, as it comes from there
  const brokerName = TOPIC_SYNONYMS[name as keyof typeof TOPIC_SYNONYMS]?.[0]?.name;
  return brokerName !== undefined && unitSynonyms(brokerName).some((unit) => Object.hasOwn(config.layers.static, unit));
}
