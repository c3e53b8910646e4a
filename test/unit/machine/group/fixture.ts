/** What the tests of a group machine share: its settings, and records as a log gives them back. */
import assert from 'node:assert/strict';
import { type BrokerConfig, parseBrokerConfig } from '../../../../src/config/broker-config.ts';
import { type GroupRecord, tombstone } from '../../../../src/machine/group/records.ts';
import { groupRecords } from '../../../../src/protocol/record/coordinator-records.ts';

export function configOf(settings: Readonly<Record<string, string>>): BrokerConfig {
  const base = {
    'node.id': '1',
    'process.roles': 'broker,controller',
    listeners: 'PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093',
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.bootstrap.servers': '127.0.0.1:9093',
  };
  const parsed = parseBrokerConfig({ text: null, overrides: Object.entries({ ...base, ...settings }), parallelism: 1 });
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.config;
}

/** Encoded and decoded. */
export function stored(record: GroupRecord): GroupRecord {
  const key = groupRecords.decodeKey(groupRecords.encodeKey(record.type, record.key));
  assert.ok(key !== null);
  if (record.value === null) return tombstone(record.type, key.key as never);
  const bytes = groupRecords.encodeValue(record.type, record.version, record.value);
  return { ...key, ...groupRecords.decodeValue(record.type, bytes) } as GroupRecord;
}
