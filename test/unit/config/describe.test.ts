/**
 * DescribeConfigs against a recorded Apache Kafka 4.4 with static, dynamic, unknown, secret and listener settings: every
 * name, value, source, synonym and flag (fixtures/describe-configs.json).
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type ConfigTexts, parseBrokerConfig, withDynamicConfigs } from '../../../src/config/broker-config.ts';
import {
  type ConfigEntry,
  describeBrokerConfigs,
  describeDefaultBrokerConfigs,
  describeTopicConfigs,
} from '../../../src/config/describe.ts';

type Row = [string, string | null, boolean, number, boolean, number, [string, string | null, number][]];

interface Recorded {
  readonly properties: string;
  readonly clusterDynamic: ConfigTexts;
  readonly brokerDynamic: ConfigTexts;
  readonly overrides: ConfigTexts;
  readonly broker: Row[];
  readonly defaults: Row[];
  readonly plain: Row[];
  readonly over: Row[];
}

const recorded = JSON.parse(
  readFileSync(new URL('fixtures/describe-configs.json', import.meta.url), 'utf8'),
) as Recorded;
const parsed = parseBrokerConfig({ text: recorded.properties, overrides: [], parallelism: 1 });
assert.ok(parsed.ok);
const { config, ignored } = withDynamicConfigs(parsed.config, recorded.clusterDynamic, recorded.brokerDynamic);

/** Settings whose default is ours, and which Kafka therefore lists without, or with another, default synonym. */
const OTHER_DEFAULTS = ['process.roles', 'node.id', 'controller.listener.names', 'listeners'];

function rows(entries: readonly ConfigEntry[]): Row[] {
  return entries
    .filter((entry) => !entry.name.startsWith('shard.'))
    .map((entry): Row => {
      const synonyms = entry.synonyms.map((synonym): [string, string | null, number] => [
        synonym.name,
        synonym.value,
        synonym.source,
      ]);
      return [
        entry.name,
        entry.value,
        entry.readOnly,
        entry.configSource,
        entry.isSensitive,
        entry.configType,
        withoutOurDefault(entry.name, synonyms),
      ];
    })
    .toSorted((a, b) => (a[0] < b[0] ? -1 : 1));
}

function withoutOurDefault(
  name: string,
  synonyms: [string, string | null, number][],
): [string, string | null, number][] {
  return OTHER_DEFAULTS.includes(name) ? synonyms.filter((synonym) => synonym[2] !== 5) : synonyms;
}

function theirs(recordedRows: readonly Row[]): Row[] {
  return recordedRows
    .map((row): Row => [row[0], row[1], row[2], row[3], row[4], row[5], withoutOurDefault(row[0], row[6])])
    .toSorted((a, b) => (a[0] < b[0] ? -1 : 1));
}

test('nothing that Kafka accepted is ignored', () => {
  assert.deepEqual(ignored, []);
});

test('a broker', () => {
  assert.deepEqual(rows(describeBrokerConfigs(config, null)), theirs(recorded.broker));
});

test('the defaults of all brokers', () => {
  assert.deepEqual(rows(describeDefaultBrokerConfigs(config, null)), theirs(recorded.defaults));
});

test('a topic without settings of its own', () => {
  assert.deepEqual(rows(describeTopicConfigs(config, {}, null)), theirs(recorded.plain));
});

test('a topic with settings of its own', () => {
  assert.deepEqual(rows(describeTopicConfigs(config, recorded.overrides, null)), theirs(recorded.over));
});

test('only what is asked for; unknown names are left out', () => {
  const names = (entries: readonly ConfigEntry[]): string[] => entries.map((entry) => entry.name);
  assert.deepEqual(names(describeTopicConfigs(config, {}, ['cleanup.policy', 'nope'])), ['cleanup.policy']);
  assert.deepEqual(names(describeBrokerConfigs(config, ['node.id', 'my.unknown'])), ['node.id', 'my.unknown']);
  assert.equal(describeTopicConfigs(config, {}, []).length, 37);
});

test('our own settings are described too, and no secret is shown', () => {
  const entries = describeBrokerConfigs(config, null);
  const count = entries.find((entry) => entry.name === 'shard.count');
  assert.deepEqual([count?.value, count?.readOnly, count?.configType], ['0', true, 3]);
  for (const entry of entries) {
    assert.ok(entry.documentation !== null || entry.configType === 0, entry.name);
    if (!entry.isSensitive) continue;
    assert.equal(entry.value, null);
    assert.ok(entry.synonyms.every((synonym) => synonym.value === null));
  }
});
