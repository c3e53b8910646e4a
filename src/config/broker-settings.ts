/**
 * All settings of a broker: the 379 of Apache Kafka 4.4 and our own `shard.*`, one table by name. A setting stands once,
 * in the file of its domain under broker-settings/; types, parsing, DescribeConfigs and SETTINGS.md come out of it.
 *
 * Four defaults differ from Kafka, where they are missing (`process.roles`, `node.id`, `controller.listener.names`) or open
 * to every network (`listeners`): so that an empty configuration is one node on the loopback address.
 */

import { GROUP_SETTINGS } from './broker-settings/group.ts';
import { LOG_SETTINGS } from './broker-settings/log.ts';
import { NETWORK_SETTINGS } from './broker-settings/network.ts';
import { NODE_SETTINGS } from './broker-settings/node.ts';
import { OPERATION_SETTINGS } from './broker-settings/operation.ts';
import { REMOTE_SETTINGS } from './broker-settings/remote.ts';
import { REPLICATION_SETTINGS } from './broker-settings/replication.ts';
import { SECURITY_SETTINGS } from './broker-settings/security.ts';
import { SHARD_SETTINGS } from './broker-settings/shard.ts';
import { SHARE_AND_STREAMS_SETTINGS } from './broker-settings/share-and-streams.ts';
import { TRANSACTION_SETTINGS } from './broker-settings/transaction.ts';
import { atLeast, long, type Setting, type SettingTable, type ValuesOf } from './setting.ts';

/** Settings by domain, in the order in which the documentation shows them. */
export const BROKER_SETTING_DOMAINS = {
  Node: NODE_SETTINGS,
  Network: NETWORK_SETTINGS,
  'Topics and logs': LOG_SETTINGS,
  Shards: SHARD_SETTINGS,
  Replication: REPLICATION_SETTINGS,
  Groups: GROUP_SETTINGS,
  Transactions: TRANSACTION_SETTINGS,
  'Share and streams groups': SHARE_AND_STREAMS_SETTINGS,
  Security: SECURITY_SETTINGS,
  Operation: OPERATION_SETTINGS,
  'Tiered storage': REMOTE_SETTINGS,
} satisfies Record<string, SettingTable>;

export const BROKER_SETTINGS = {
  ...NODE_SETTINGS,
  ...NETWORK_SETTINGS,
  ...LOG_SETTINGS,
  ...SHARD_SETTINGS,
  ...REPLICATION_SETTINGS,
  ...GROUP_SETTINGS,
  ...TRANSACTION_SETTINGS,
  ...SHARE_AND_STREAMS_SETTINGS,
  ...SECURITY_SETTINGS,
  ...OPERATION_SETTINGS,
  ...REMOTE_SETTINGS,
};

export type BrokerSettingName = keyof typeof BROKER_SETTINGS;

/** Every broker setting with its parsed value: `values['num.partitions']` is a number. */
export type BrokerValues = ValuesOf<typeof BROKER_SETTINGS>;

/** The table as rows, for loops. */
// oxlint-disable-next-line no-unsafe-type-assertion -- the keys of the table are its names
export const BROKER_ROWS = Object.entries(BROKER_SETTINGS) as readonly (readonly [
  name: BrokerSettingName,
  row: Setting,
])[];

/** Settings that exist as dynamic ones only: a file that has them has unknown names. They limit replication, which there is none of yet. */
const DYNAMIC_ONLY_SETTINGS: SettingTable = {
  'leader.replication.throttled.rate': long(
    '9223372036854775807',
    { valid: atLeast(0), update: 'cluster-wide' },
    'Bytes a second that leaders send to throttled followers.',
  ),
  'follower.replication.throttled.rate': long(
    '9223372036854775807',
    { valid: atLeast(0), update: 'cluster-wide' },
    'Bytes a second that throttled followers receive.',
  ),
  'replica.alter.log.dirs.io.max.bytes.per.second': long(
    '9223372036854775807',
    { valid: atLeast(0), update: 'cluster-wide' },
    'Bytes a second that replicas read and write while they move between directories.',
  ),
};

/** Names and rows of the settings that exist as dynamic ones only. */
export const DYNAMIC_ONLY_ROWS: readonly (readonly [name: string, row: Setting])[] =
  Object.entries(DYNAMIC_ONLY_SETTINGS);

/** The row of a setting that exists as a dynamic one only; null for a name that is not one. */
export function dynamicOnlySetting(name: string): Setting | null {
  return Object.hasOwn(DYNAMIC_ONLY_SETTINGS, name) ? (DYNAMIC_ONLY_SETTINGS[name] ?? null) : null;
}

/** The row of a broker setting; null for a name that is not one. */
export function brokerSetting(name: string): SettingTable[string] | null {
  return Object.hasOwn(BROKER_SETTINGS, name) ? ((BROKER_SETTINGS as SettingTable)[name] ?? null) : null;
}
