/**
 * The settings that a topic is created with. Changing them later (AlterConfigs, IncrementalAlterConfigs) belongs beside this: the same
 * validation, the same records.
 */
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

/** The broker's configuration with the dynamic settings of the cluster. */
export function configInForce({ image, settings }: ControllerState): BrokerConfig {
  const cluster = image.configs.of(CONFIG_RESOURCE.broker, '');
  const broker = image.configs.of(CONFIG_RESOURCE.broker, String(settings.nodeId));
  if (cluster.size === 0 && broker.size === 0) return settings.config;
  return withDynamicConfigs(settings.config, Object.fromEntries(cluster), Object.fromEntries(broker)).config;
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

/**
 * The records of a topic's settings, by name. Another min.insync.replicas ends what the eligible leader replicas were worth
 * (KIP-966): they are cleared.
 */
export function topicConfigRecords(state: ControllerState, topic: string, overrides: TopicOverrides): MetadataRecord[] {
  const names = Object.keys(overrides).toSorted();
  const records: MetadataRecord[] = names.map((name) =>
    record('config', {
      resourceType: CONFIG_RESOURCE.topic,
      resourceName: topic,
      name,
      value: overrides[name] ?? null,
    }),
  );
  const clears = names.includes(MIN_INSYNC_REPLICAS) && state.image.features.level(ELR_VERSION) > 0;
  return clears ? [...records, record('clearElr', { topicName: topic })] : records;
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
