/**
 * The configuration of a group: Kafka's validation of what IncrementalAlterConfigs gives it (`GroupConfig.validate`), and which broker settings
 * bound it and stand in for it.
 */
import type { BrokerConfig, ConfigTexts } from './broker-config.ts';
import { type BrokerSettingName, type BrokerValues, brokerSetting } from './broker-settings.ts';
import { GROUP_SETTINGS } from './group-settings.ts';
import { parseValue } from './parse-value.ts';
import type { Setting, SettingTable } from './setting.ts';

export type GroupSettingName = keyof typeof GROUP_SETTINGS;

/** The table as rows, for loops. */
// oxlint-disable-next-line no-unsafe-type-assertion -- the keys of the table are its names
export const GROUP_ROWS = Object.entries(GROUP_SETTINGS) as readonly (readonly [
  name: GroupSettingName,
  row: Setting,
])[];

export function groupSettingRow(name: string): Setting | null {
  return Object.hasOwn(GROUP_SETTINGS, name) ? ((GROUP_SETTINGS as SettingTable)[name] ?? null) : null;
}

/** The broker setting that a group without the setting follows; null: there is none. */
export function groupSynonym(name: GroupSettingName): BrokerSettingName | null {
  const synonym = name === 'streams.assignor.name' ? 'group.streams.assignors' : `group.${name}`;
  // oxlint-disable-next-line no-unsafe-type-assertion -- it is in the table
  return brokerSetting(synonym) === null ? null : (synonym as BrokerSettingName);
}

/** The broker settings between which a setting of a group must lie. */
interface Bounds {
  readonly name: GroupSettingName;
  readonly least?: BrokerSettingName;
  readonly most?: BrokerSettingName;
}

/** In the order in which Kafka looks at them. */
const BOUNDS: readonly Bounds[] = [
  between('consumer', 'heartbeat.interval.ms'),
  between('consumer', 'session.timeout.ms'),
  between('consumer', 'assignment.interval.ms'),
  between('share', 'heartbeat.interval.ms'),
  between('share', 'session.timeout.ms'),
  between('share', 'record.lock.duration.ms'),
  between('share', 'delivery.count.limit'),
  between('share', 'partition.max.record.locks'),
  between('share', 'assignment.interval.ms'),
  between('streams', 'heartbeat.interval.ms'),
  between('streams', 'session.timeout.ms'),
  { name: 'streams.num.standby.replicas', most: 'group.streams.max.standby.replicas' },
  between('streams', 'assignment.interval.ms'),
  { name: 'streams.task.offset.interval.ms', least: 'group.streams.min.task.offset.interval.ms' },
  { name: 'streams.num.warmup.replicas', most: 'group.streams.max.warmup.replicas' },
];

function between(kind: 'consumer' | 'share' | 'streams', what: string): Bounds {
  // oxlint-disable-next-line no-unsafe-type-assertion -- test/unit/config/group-config asks the tables for each of them
  return {
    name: `${kind}.${what}`,
    least: `group.${kind}.min.${what}`,
    most: `group.${kind}.max.${what}`,
  } as Bounds;
}

/** Checks the settings that a group has, all of them together, within the broker's limits. INVALID_CONFIG with this message; null: right. */
export function groupConfigProblem(config: BrokerConfig, given: ConfigTexts): string | null {
  const unknown = Object.keys(given).find((name) => groupSettingRow(name) === null);
  if (unknown !== undefined) return `Unknown group config name: ${unknown}`;
  const tags = given['streams.rack.aware.assignment.tags']?.trim() ?? '';
  const keys = tags === '' ? [] : tags.split(/\s*,\s*/);
  if (new Set(keys).size < keys.length) {
    return 'streams.rack.aware.assignment.tags must not contain duplicate tag keys.';
  }
  for (const [name, setting] of GROUP_ROWS) {
    const text = given[name];
    const parsed = text === undefined ? null : parseValue(name, setting, text);
    if (parsed !== null && !parsed.ok) return parsed.message;
  }
  return boundsProblem(config.values, given) ?? relationProblem(config.values, given);
}

function boundsProblem(values: BrokerValues, given: ConfigTexts): string | null {
  for (const { name, least, most } of BOUNDS) {
    const text = given[name];
    if (text === undefined) continue;
    const value = Number(text.trim());
    const from = least === undefined ? Number.NEGATIVE_INFINITY : Number(values[least]);
    const to = most === undefined ? Number.POSITIVE_INFINITY : Number(values[most]);
    if (value >= from && value <= to) continue;
    if (most === undefined) return `${name} must be greater than or equal to ${from}`;
    if (least === undefined) return `${name} must be less than or equal to ${to}`;
    return `${name} must be in the range ${from} to ${to} inclusive.`;
  }
  return null;
}

function relationProblem(values: BrokerValues, given: ConfigTexts): string | null {
  const assignor = given['streams.assignor.name']?.trim();
  const assignors = values['group.streams.assignors'];
  if (assignor !== undefined && !assignors.includes(assignor)) {
    return `streams.assignor.name '${assignor}' is not a registered task assignor. Registered assignors are: [${assignors.join(', ')}].`;
  }
  for (const kind of ['consumer', 'share', 'streams'] as const) {
    const session = `${kind}.session.timeout.ms` as const;
    const heartbeat = `${kind}.heartbeat.interval.ms` as const;
    const sessionMs = Number(given[session] ?? values[`group.${session}`]);
    const heartbeatMs = Number(given[heartbeat] ?? values[`group.${heartbeat}`]);
    const isGiven = given[session] !== undefined || given[heartbeat] !== undefined;
    if (isGiven && sessionMs <= heartbeatMs) return `${session} must be greater than ${heartbeat}`;
  }
  const isReserved = given['errors.deadletterqueue.topic.name']?.trim().startsWith('__') === true;
  return isReserved ? "errors.deadletterqueue.topic.name: DLQ topic name must not start with '__'" : null;
}
