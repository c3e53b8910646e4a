/**
 * What of a broker's configuration may be changed while it runs, and what Kafka says of the rest (KIP-226, `DynamicBrokerConfig`). Changes that
 * are right in Kafka and that this broker could not follow are refused, too.
 */
import { checkBroker } from './broker-checks.ts';
import { type BrokerConfig, type ConfigTexts, withDynamicConfigs } from './broker-config.ts';
import {
  BROKER_ROWS,
  type BrokerSettingName,
  type BrokerValues,
  brokerSetting,
  DYNAMIC_ONLY_ROWS,
} from './broker-settings.ts';
import { invalidValue } from './check-value.ts';
import { parseValue } from './parse-value.ts';
import { withoutListenerPrefix } from './synonyms.ts';

/** Changed for one listener only, with its prefix. */
const PER_LISTENER: ReadonlySet<string> = new Set([
  'ssl.keystore.type',
  'ssl.keystore.location',
  'ssl.keystore.password',
  'ssl.key.password',
  'ssl.keystore.certificate.chain',
  'ssl.keystore.key',
  'ssl.truststore.type',
  'ssl.truststore.location',
  'ssl.truststore.password',
  'ssl.truststore.certificates',
]);

/** Settings of a listener that all brokers may be given at once. */
const CLUSTER_LEVEL: ReadonlySet<string> = new Set([
  'max.connections',
  'max.connection.creation.rate',
  'num.network.threads',
]);

/** Numbers of threads: not more than twice, not less than half of what there are. */
const THREAD_COUNTS = [
  'num.io.threads',
  'num.replica.fetchers',
  'num.recovery.threads.per.data.dir',
  'background.threads',
  'num.network.threads',
] as const satisfies readonly BrokerSettingName[];

const NOT_AT_ALL = 'Cannot update these configs dynamically';
const WITH_PREFIX = 'These security configs can be dynamically updated only per-listener using the listener prefix';
const NOT_FOR_ALL = 'Cannot update these configs at default cluster level, broker id must be specified';

/**
 * What is wrong with the dynamic settings of a broker (`perBroker`) or of all, taken together. Null: they can be put in force.
 *
 * @param config what is in force now
 */
export function dynamicProblem(config: BrokerConfig, given: ConfigTexts, perBroker: boolean): string | null {
  const names = Object.keys(given);
  return (
    naming(
      NOT_AT_ALL,
      names.filter((name) => brokerSetting(name)?.update === 'read-only'),
    ) ??
    naming(
      WITH_PREFIX,
      names.filter((name) => PER_LISTENER.has(name)),
    ) ??
    typeProblem(given) ??
    (perBroker ? null : naming(NOT_FOR_ALL, names.filter(isOfOneBroker))) ??
    unsupported(names) ??
    problemTogether(config, given, perBroker)
  );
}

function naming(problem: string, names: readonly string[]): string | null {
  return names.length === 0 ? null : `${problem}: [${names.join(', ')}]`;
}

function isOfOneBroker(name: string): boolean {
  const base = withoutListenerPrefix(name);
  return base === null ? brokerSetting(name)?.update === 'per-broker' : !CLUSTER_LEVEL.has(base);
}

/** The first wrong value in the order of the table. */
function typeProblem(given: ConfigTexts): string | null {
  const texts = new Map(Object.entries(given).map(([name, text]) => [withoutListenerPrefix(name) ?? name, text]));
  for (const [name, setting] of [...BROKER_ROWS, ...DYNAMIC_ONLY_ROWS]) {
    const text = texts.get(name);
    const parsed = text === undefined ? null : parseValue(name, setting, text);
    if (parsed !== null && !parsed.ok) return parsed.message;
  }
  return null;
}

/** Listeners and everything about their security stay as they were at the start. */
function unsupported(names: readonly string[]): string | null {
  const name = names.find((one) => isOfOneBroker(one) || withoutListenerPrefix(one) !== null);
  return name === undefined ? null : `Odradek cannot change ${name} while it runs; it is read at the start`;
}

function problemTogether(config: BrokerConfig, given: ConfigTexts, perBroker: boolean): string | null {
  const { clusterDynamic, brokerDynamic } = config.layers;
  const { config: next } = withDynamicConfigs(
    config,
    perBroker ? clusterDynamic : given,
    perBroker ? given : brokerDynamic,
  );
  const checked = checkBroker(next.values, next.texts, next.shardCount);
  if (!checked.ok) {
    const { message } = checked.problems[0]!;
    return message.startsWith('Invalid value') ? message : `requirement failed: ${message}`;
  }
  return intervalProblem(next.values) ?? reconfigurationProblem(config.values, next.values);
}

function intervalProblem(values: BrokerValues): string | null {
  for (const kind of ['consumer', 'share', 'streams'] as const) {
    const name = `group.${kind}.assignment.interval.ms` as const;
    const least = `group.${kind}.min.assignment.interval.ms` as const;
    const most = `group.${kind}.max.assignment.interval.ms` as const;
    if (values[name] < values[least]) return `${name} must be greater than or equal to ${least}`;
    if (values[name] > values[most]) return `${name} must be less than or equal to ${most}`;
  }
  return null;
}

/** What the parts of a Kafka broker say that would have to follow the change. */
function reconfigurationProblem(now: BrokerValues, next: BrokerValues): string | null {
  const problem = threadsProblem(now, next) ?? cleanersProblem(now, next) ?? localRetentionProblem(next);
  if (problem !== null) return failedReconfiguration(problem);
  const reporters = next['metric.reporters'];
  if (reporters.length === 0 || reporters.join() === now['metric.reporters'].join()) return null;
  return failedReconfiguration(
    'Validation of dynamic config update of Set(metric.reporters) failed with class class kafka.server.DynamicMetricsReporters',
  );
}

/** Kafka gives the cause where the value belongs. */
function failedReconfiguration(problem: string): string {
  return invalidValueOf(`org.apache.kafka.common.config.ConfigException: ${problem}`, 'Invalid dynamic configuration');
}

function invalidValueOf(value: string, name: string): string {
  return `Invalid value ${value} for configuration ${name}`;
}

function threadsProblem(now: BrokerValues, next: BrokerValues): string | null {
  for (const name of THREAD_COUNTS) {
    const problem = `Dynamic thread count update validation failed for ${name}=${next[name]}`;
    if (next[name] < Math.floor(now[name] / 2)) {
      return `${problem}, value should be at least half the current value ${now[name]}`;
    }
    if (next[name] > now[name] * 2) {
      return `${problem}, value should not be greater than double the current value ${now[name]}`;
    }
  }
  return null;
}

function cleanersProblem(now: BrokerValues, next: BrokerValues): string | null {
  const before = now['log.cleaner.threads'];
  const after = next['log.cleaner.threads'];
  if (after < 1) return 'Log cleaner threads should be at least 1';
  if (after < Math.floor(before / 2)) {
    return `Log cleaner threads cannot be reduced to less than half the current value ${before}`;
  }
  if (after <= before * 2) return null;
  return `Log cleaner threads cannot be increased to more than double the current value ${before}`;
}

function localRetentionProblem(values: BrokerValues): string | null {
  const hours = values['log.retention.hours'] * 3_600_000;
  const minutes = values['log.retention.minutes'];
  const retentionMs = values['log.retention.ms'] ?? (minutes === null ? hours : minutes * 60_000);
  return (
    localProblem('log.local.retention.ms', values, 'log.retention.ms', retentionMs < 0 ? -1 : retentionMs) ??
    localProblem('log.local.retention.bytes', values, 'log.retention.bytes', values['log.retention.bytes'])
  );
}

function localProblem(
  name: 'log.local.retention.ms' | 'log.local.retention.bytes',
  values: BrokerValues,
  wholeName: string,
  whole: number,
): string | null {
  const local = values[name];
  if (whole === -1 || local === -2) return null;
  if (local === -1) {
    return invalidValue(name, '-1', `Value must not be -1 as ${wholeName} value is set as ${whole}.`);
  }
  if (local <= whole) return null;
  return invalidValue(name, String(local), `Value must not be more than ${wholeName} property value: ${whole}`);
}
