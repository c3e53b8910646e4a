/**
 * Which settings stand for the same thing: hours, minutes and milliseconds of the broker; the broker's setting behind a
 * topic's. The order is that of precedence, and the one in which DescribeConfigs lists them.
 */

import type { BrokerSettingName } from './broker-settings.ts';
import type { TopicSettingName } from './topic-settings.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

export interface Synonym {
  readonly name: BrokerSettingName;
  /** By how much the synonym's number is multiplied; 1 also where it is no number. */
  readonly factor: number;
}

function same(name: BrokerSettingName): Synonym {
  return { name, factor: 1 };
}

/** The broker settings that give a topic setting its default, the first that has a value winning. No row: none do. */
export const TOPIC_SYNONYMS: Readonly<Partial<Record<TopicSettingName, readonly Synonym[]>>> = {
  'segment.bytes': [same('log.segment.bytes')],
  'segment.ms': [same('log.roll.ms'), { name: 'log.roll.hours', factor: HOUR }],
  'segment.jitter.ms': [same('log.roll.jitter.ms'), { name: 'log.roll.jitter.hours', factor: HOUR }],
  'segment.index.bytes': [same('log.index.size.max.bytes')],
  'flush.messages': [same('log.flush.interval.messages')],
  'flush.ms': [same('log.flush.interval.ms'), same('log.flush.scheduler.interval.ms')],
  'retention.bytes': [same('log.retention.bytes')],
  'retention.ms': [
    same('log.retention.ms'),
    { name: 'log.retention.minutes', factor: MINUTE },
    { name: 'log.retention.hours', factor: HOUR },
  ],
  'max.message.bytes': [same('message.max.bytes')],
  'max.decompressed.message.bytes': [same('max.decompressed.message.bytes')],
  'index.interval.bytes': [same('log.index.interval.bytes')],
  'delete.retention.ms': [same('log.cleaner.delete.retention.ms')],
  'min.compaction.lag.ms': [same('log.cleaner.min.compaction.lag.ms')],
  'max.compaction.lag.ms': [same('log.cleaner.max.compaction.lag.ms')],
  'file.delete.delay.ms': [same('log.segment.delete.delay.ms')],
  'min.cleanable.dirty.ratio': [same('log.cleaner.min.cleanable.ratio')],
  'cleanup.policy': [same('log.cleanup.policy')],
  'unclean.leader.election.enable': [same('unclean.leader.election.enable')],
  'min.insync.replicas': [same('min.insync.replicas')],
  'compression.type': [same('compression.type')],
  'compression.gzip.level': [same('compression.gzip.level')],
  'compression.lz4.level': [same('compression.lz4.level')],
  'compression.zstd.level': [same('compression.zstd.level')],
  preallocate: [same('log.preallocate')],
  'message.timestamp.type': [same('log.message.timestamp.type')],
  'message.timestamp.before.max.ms': [same('log.message.timestamp.before.max.ms')],
  'message.timestamp.after.max.ms': [same('log.message.timestamp.after.max.ms')],
  'local.retention.ms': [same('log.local.retention.ms')],
  'local.retention.bytes': [same('log.local.retention.bytes')],
  'remote.copy.lag.ms': [same('log.remote.copy.lag.ms')],
  'remote.copy.lag.bytes': [same('log.remote.copy.lag.bytes')],
};

const BROKER_SYNONYMS: readonly (readonly string[])[] = [
  ['log.roll.ms', 'log.roll.hours'],
  ['log.roll.jitter.ms', 'log.roll.jitter.hours'],
  ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'],
];

/** Settings that may be given for one listener and one SASL mechanism: `listener.name.x.plain.sasl.jaas.config`. */
const PER_MECHANISM = [
  'sasl.jaas.config',
  'sasl.login.callback.handler.class',
  'sasl.login.class',
  'sasl.server.callback.handler.class',
  'connections.max.reauth.ms',
];

/** The name without `listener.name.<listener>.` and, where it has one, without its SASL mechanism; null: no prefix. */
export function withoutListenerPrefix(name: string): string | null {
  const match = /^listener\.name\.[^.]*\.(.*)$/.exec(name);
  if (match === null) return null;
  const base = match[1]!;
  return PER_MECHANISM.find((suffix) => base.endsWith(suffix)) ?? base;
}

/** The settings that stand for the same as this one, itself included, in order of precedence. */
export function unitSynonyms(name: string): readonly string[] {
  if (name === 'log.flush.interval.ms') return ['log.flush.interval.ms', 'log.flush.scheduler.interval.ms'];
  return BROKER_SYNONYMS.find((names) => names.includes(name)) ?? [name];
}

/** The same, and for a setting of one listener the one of all listeners: where a broker setting's value is looked for. */
export function brokerSynonyms(name: string): readonly string[] {
  const base = withoutListenerPrefix(name);
  return base === null ? unitSynonyms(name) : [name, base];
}
