/**
 * The configuration of a broker: from the text of a `server.properties` and overrides to typed values, or to everything that
 * is wrong with it. A `BrokerConfig` is plain data: it is cloned to every thread, and replaced, never changed.
 *
 *     default  <  server.properties  <  --override  <  dynamic, all brokers  <  dynamic, this broker
 *     \_______ static: parseBrokerConfig ________/     \________ withDynamicConfigs __________/
 */

import { checkBroker, connectionsPerIp } from './broker-checks.ts';
import {
  BROKER_ROWS,
  BROKER_SETTINGS,
  type BrokerSettingName,
  type BrokerValues,
  brokerSetting,
} from './broker-settings.ts';
import { allowedText } from './describe-setting.ts';
import type { Listener } from './listeners.ts';
import { canonicalText, parseValue } from './parse-value.ts';
import { parseProperties } from './properties.ts';
import type { Setting, SettingValue } from './setting.ts';
import { unitSynonyms } from './synonyms.ts';

/** Settings as they were written, by name. */
export type ConfigTexts = Readonly<Record<string, string>>;

/** What was given, and where. Names that are no settings are kept in `static`. */
export interface ConfigLayers {
  /** The properties file with the overrides over it. */
  readonly static: ConfigTexts;
  /** Dynamic settings of all brokers (KIP-226). */
  readonly clusterDynamic: ConfigTexts;
  /** Dynamic settings of this broker (KIP-226). */
  readonly brokerDynamic: ConfigTexts;
}

/** What follows from several settings together. */
export interface DerivedConfig {
  readonly nodeId: number;
  /** The listeners that are opened for clients and brokers. */
  readonly listeners: readonly Listener[];
  /** Listeners named in controller.listener.names: known, and not opened by a single node. */
  readonly controllerListeners: readonly Listener[];
  /** What clients are told. Where the host is empty, the broker fills in the machine's name. */
  readonly advertisedListeners: readonly Listener[];
  readonly interBrokerListenerName: string;
  readonly logDirs: readonly string[];
  /** metadata.log.dir, or the first of logDirs. */
  readonly metadataLogDir: string;
  /** Connections allowed from single hosts. */
  readonly maxConnectionsPerIpOverrides: Readonly<Record<string, number>>;
  /** shard.count, with 0 resolved. */
  readonly shardCount: number;
  /** shard.arena.bytes, not less than one largest request unless it was given. */
  readonly shardArenaBytes: number;
  /** Processor numbers. */
  readonly shardCpuAffinity: readonly number[];
}

export interface BrokerConfig extends DerivedConfig {
  /** Every setting with its value in force: `values['num.partitions']`. */
  readonly values: BrokerValues;
  readonly layers: ConfigLayers;
  /** What was given and is in force: of each name the strongest layer's text. No entry: the default. */
  readonly texts: ConfigTexts;
  /** Names that came by an override and not from the file. */
  readonly overridden: readonly string[];
}

/** Something wrong with a configuration, for whoever wrote it. */
export interface ConfigProblem {
  readonly name: string;
  /** As it was given; null where the fault is that it is missing. */
  readonly value: string | null;
  /** Kafka's message where Kafka has one; it names setting and value, or the settings that contradict each other. */
  readonly message: string;
  /** What may stand there instead; null where the message says it. */
  readonly allowed: string | null;
}

/** One line for the user: Kafka's message, and what may stand there. */
export function problemText(problem: ConfigProblem): string {
  return problem.allowed === null ? problem.message : `${problem.message} (allowed: ${problem.allowed})`;
}

export type BrokerConfigResult =
  | { readonly ok: true; readonly config: BrokerConfig }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

export interface BrokerConfigInput {
  /** The properties file; null: there is none. */
  readonly text: string | null;
  /** `--override name=value`, the last of a name winning. */
  readonly overrides: readonly (readonly [name: string, value: string])[];
  /** Processors of the machine, for shard.count. */
  readonly parallelism: number;
}

/** Reads a configuration and reports everything that is wrong, not only the first. */
export function parseBrokerConfig(input: BrokerConfigInput): BrokerConfigResult {
  const properties = parseProperties(input.text ?? '');
  if (!properties.ok) {
    const message = `Line ${properties.line} of the properties file: ${properties.message}`;
    return { ok: false, problems: [{ name: '', value: null, message, allowed: null }] };
  }
  const given: Record<string, string> = Object.fromEntries([...properties.entries, ...input.overrides]);
  const layers: ConfigLayers = { static: withIdSynonyms(given), clusterDynamic: {}, brokerDynamic: {} };
  const problems: ConfigProblem[] = [];
  const values = parseValues(layers.static, (name, setting, text, message) => {
    problems.push({ name, value: text, message, allowed: allowedText(setting) });
  });
  if (problems.length > 0) return { ok: false, problems };
  const checked = checkBroker(values, layers.static, input.parallelism);
  if (!checked.ok) return checked;
  const overridden = [...new Set(input.overrides.map(([name]) => name))];
  return { ok: true, config: { ...checked.derived, values, layers, texts: layers.static, overridden } };
}

/** `node.id` and its older name `broker.id`: each is filled in from the other. */
function withIdSynonyms(given: ConfigTexts): ConfigTexts {
  const id = given['node.id'] ?? given['broker.id'];
  return id === undefined ? given : { 'node.id': id, 'broker.id': id, ...given };
}

type OnInvalid = (name: string, setting: Setting, text: string, message: string) => void;

/** The layers laid over each other. As in Kafka, a text hides the weaker layers' texts of all its synonyms. */
function textsInForce(layers: ConfigLayers): ConfigTexts {
  const texts: Record<string, string> = { ...layers.static };
  for (const layer of [layers.clusterDynamic, layers.brokerDynamic]) {
    for (const name of Object.keys(layer)) {
      for (const synonym of unitSynonyms(name)) delete texts[synonym];
    }
    Object.assign(texts, layer);
  }
  return texts;
}

function parseValues(texts: ConfigTexts, onInvalid: OnInvalid): BrokerValues {
  const values: Record<string, SettingValue> = {};
  for (const [name, setting] of BROKER_ROWS) {
    const text = texts[name] ?? setting.default;
    if (text === null) {
      values[name] = null;
      continue;
    }
    const parsed = parseValue(name, setting, text);
    if (parsed.ok) values[name] = parsed.value;
    else onInvalid(name, setting, text, parsed.message);
  }
  // oxlint-disable-next-line no-unsafe-type-assertion -- built row by row from the table that the type is inferred from
  return values as BrokerValues;
}

/** A configuration with the dynamic settings in force, and those that could not be applied. */
export interface DynamicResult {
  readonly config: BrokerConfig;
  readonly ignored: readonly ConfigProblem[];
}

/**
 * The configuration with other dynamic settings. As in Kafka, a dynamic setting that is wrong, or that may not change in this
 * way, is ignored and the rest applies. Listeners and directories stay those of the start.
 */
export function withDynamicConfigs(
  config: BrokerConfig,
  clusterDynamic: ConfigTexts,
  brokerDynamic: ConfigTexts,
): DynamicResult {
  const ignored: ConfigProblem[] = [];
  const layers: ConfigLayers = {
    static: config.layers.static,
    clusterDynamic: applicable(clusterDynamic, false, ignored),
    brokerDynamic: applicable(brokerDynamic, true, ignored),
  };
  const texts = textsInForce(layers);
  const values = parseValues(texts, () => {});
  const perIp = connectionsPerIp(values['max.connections.per.ip.overrides']);
  const maxConnectionsPerIpOverrides = perIp.ok ? perIp.value : config.maxConnectionsPerIpOverrides;
  return { config: { ...config, values, layers, texts, maxConnectionsPerIpOverrides }, ignored };
}

function applicable(texts: ConfigTexts, perBroker: boolean, ignored: ConfigProblem[]): ConfigTexts {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(texts)) {
    const setting = brokerSetting(name);
    if (setting === null) {
      kept[name] = value;
      continue;
    }
    const parsed = parseValue(name, setting, value);
    if (!parsed.ok) ignored.push({ name, value, message: parsed.message, allowed: allowedText(setting) });
    else if (setting.update === 'read-only') ignored.push(notDynamic(name, value, 'cannot change at run time'));
    else if (setting.update === 'per-broker' && !perBroker) {
      ignored.push(notDynamic(name, value, 'can change for single brokers only'));
    } else kept[name] = value;
  }
  return kept;
}

function notDynamic(name: string, value: string, why: string): ConfigProblem {
  return { name, value, message: `${name} ${why}`, allowed: null };
}

/** The text in force of a broker setting as Kafka prints it (`007` is `7`); null: no value. LONG texts are exact. */
export function settingText(config: BrokerConfig, name: BrokerSettingName): string | null {
  const setting: Setting = BROKER_SETTINGS[name];
  const text = config.texts[name] ?? setting.default;
  return text === null ? null : canonicalText(setting, text);
}

/** A setting that was given and changes nothing. */
export interface IdleSetting {
  readonly name: string;
  /** `unknown`: not a setting of Kafka or Odradek, or one of a plug-in. */
  readonly why: 'unknown' | 'no effect';
}

/** The settings of the file and the overrides that have no effect, to be listed once at start. */
export function settingsWithoutEffect(config: BrokerConfig): readonly IdleSetting[] {
  const idle: IdleSetting[] = [];
  for (const name of Object.keys(config.layers.static).toSorted()) {
    const setting = brokerSetting(name);
    if (setting === null) idle.push({ name, why: 'unknown' });
    else if (setting.effect === 'none') idle.push({ name, why: 'no effect' });
  }
  return idle;
}
