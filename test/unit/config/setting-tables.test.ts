/** The tables of settings against those of Apache Kafka 4.4: name, type, default, rule, importance, how it changes. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { BROKER_SETTINGS } from '../../../src/config/broker-settings.ts';
import { CLIENT_METRICS_SETTINGS } from '../../../src/config/client-metrics-settings.ts';
import { GROUP_SETTINGS } from '../../../src/config/group-settings.ts';
import { parseValue } from '../../../src/config/parse-value.ts';
import type { Setting, SettingTable } from '../../../src/config/setting.ts';
import { TOPIC_SETTINGS } from '../../../src/config/topic-settings.ts';

const TABLES: Readonly<Record<string, SettingTable>> = {
  broker: BROKER_SETTINGS,
  topic: TOPIC_SETTINGS,
  group: GROUP_SETTINGS,
  'client-metrics': CLIENT_METRICS_SETTINGS,
};

/** Where we have a default and Kafka has none, or another: broker-settings.ts says why. */
const OTHER_DEFAULTS = ['process.roles', 'node.id', 'controller.listener.names', 'listeners'];

const facts = readFileSync(new URL('fixtures/kafka-4.4-settings.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => line.split('|'));

/** A rule as Kafka prints it; lists that allow anything print as nothing. */
function validText(setting: Setting): string {
  const valid = setting.valid;
  if (valid === null) return '';
  switch (valid.kind) {
    case 'range':
      return valid.max === null ? `[${valid.min},...]` : `[${valid.min},...,${valid.max}]`;
    case 'one-of':
      return `${valid.ignoreCase ? '(case insensitive) ' : ''}[${valid.values.join(', ')}]`;
    case 'list':
      return valid.values.length === 0 ? '' : `[${valid.values.join(', ')}]`;
    case 'non-empty':
      return 'non-empty string';
    case 'gzip-level':
      return '[1,...,9] or -1';
    case 'throttled-replicas':
      return '[partitionId]:[brokerId],[partitionId]:[brokerId],...';
    case 'share-offset-reset':
      return '[latest, earliest, by_duration:PnDTnHnMn.nS]';
    case 'quorum-voters':
    case 'bootstrap-servers':
      return 'non-empty list';
  }
}

test('the tables hold exactly the settings of Kafka 4.4, and shard.*', () => {
  for (const [kind, table] of Object.entries(TABLES)) {
    const theirs = facts.filter((fact) => fact[0] === kind).map((fact) => fact[1] ?? '');
    const ours = Object.keys(table).filter((name) => !name.startsWith('shard.'));
    assert.deepEqual(ours.toSorted(), theirs.toSorted(), kind);
  }
  assert.equal(Object.keys(BROKER_SETTINGS).length, 379 + 6);
  assert.equal(Object.keys(TOPIC_SETTINGS).length, 38);
});

test('each row is Kafka’s', () => {
  for (const [kind = '', name = '', type, fallback, valid, importance, update, internal] of facts) {
    const setting = TABLES[kind]?.[name];
    assert.ok(setting !== undefined, name);
    assert.equal(setting.type, type, name);
    if (!OTHER_DEFAULTS.includes(name)) {
      assert.equal(setting.default === null ? 'null' : `"${setting.default}"`, fallback, name);
    }
    if (name !== 'authorizer.class.name') assert.equal(validText(setting), valid, name);
    assert.equal(setting.importance, importance, name);
    if (kind === 'broker') assert.equal(setting.update, update, name);
    assert.equal(setting.internal, internal === 'internal', name);
  }
});

test('topic settings stand in Kafka’s order, on which the first reported error depends', () => {
  const theirs = facts.filter((fact) => fact[0] === 'topic').map((fact) => fact[1]);
  assert.deepEqual(Object.keys(TOPIC_SETTINGS), theirs);
});

test('every default keeps its own rule', () => {
  for (const table of Object.values(TABLES)) {
    for (const [name, setting] of Object.entries(table)) {
      if (setting.default === null) continue;
      const parsed = parseValue(name, setting, setting.default);
      const emptyVoters = setting.type === 'LIST' && setting.default === '';
      assert.ok(parsed.ok || emptyVoters, parsed.ok ? '' : parsed.message);
    }
  }
});

test('every setting is documented in one sentence', () => {
  for (const table of Object.values(TABLES)) {
    for (const [name, setting] of Object.entries(table)) {
      assert.match(setting.doc, /^[A-Za-z0-9_].{10,160}\.$/, name);
    }
  }
});
