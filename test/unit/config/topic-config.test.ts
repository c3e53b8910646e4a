/** Settings of topics; Kafka's own verdicts are in fixtures/topic-validation.json. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type BrokerConfig, parseBrokerConfig, withDynamicConfigs } from '../../../src/config/broker-config.ts';
import { DEFAULT_LOG_CONFIG } from '../../../src/config/log-config.ts';
import { resolveTopicConfig, validateTopicConfigs } from '../../../src/config/topic-config.ts';

function broker(given: Readonly<Record<string, string>>): BrokerConfig {
  const result = parseBrokerConfig({ text: null, overrides: Object.entries(given), parallelism: 1 });
  assert.ok(result.ok);
  return result.config;
}

const plain = broker({});

test('Kafka’s verdicts and messages', () => {
  const url = new URL('fixtures/topic-validation.json', import.meta.url);
  const cases = JSON.parse(readFileSync(url, 'utf8')) as [Record<string, string>, string][];
  assert.ok(cases.length > 50);
  for (const [overrides, verdict] of cases) {
    const found = validateTopicConfigs(plain, overrides);
    assert.equal(found.ok ? 'OK' : found.message, verdict, JSON.stringify(overrides));
  }
});

test('null is no value for a topic', () => {
  const found = validateTopicConfigs(plain, { 'retention.ms': null, 'flush.ms': '1', 'segment.ms': null });
  assert.deepEqual(found, {
    ok: false,
    name: 'retention.ms',
    message: 'Null value not supported for topic configs: retention.ms,segment.ms',
  });
});

test('values are checked against each other over the broker’s', () => {
  const node = broker({ 'log.cleaner.max.compaction.lag.ms': '100' });
  const found = validateTopicConfigs(node, { 'min.compaction.lag.ms': '101' });
  assert.equal(
    found.ok ? '' : found.message,
    'conflict topic config setting min.compaction.lag.ms (101) > max.compaction.lag.ms (100)',
  );
});

test('a plain topic on a plain broker has the defaults', () => {
  assert.deepEqual(resolveTopicConfig(plain, {}), DEFAULT_LOG_CONFIG);
});

test('the broker’s settings, in any unit, are a topic’s defaults', () => {
  const log = resolveTopicConfig(
    broker({
      'log.retention.hours': '5',
      'log.retention.minutes': '7',
      'log.roll.hours': '2',
      'log.roll.jitter.hours': '1',
      'log.flush.scheduler.interval.ms': '3000',
      'log.cleanup.policy': 'compact,delete',
      'compression.type': 'zstd',
    }),
    {},
  );
  assert.equal(log.retentionMs, 7 * 60_000);
  assert.equal(log.segmentMs, 2 * 3600_000);
  assert.equal(log.segmentJitterMs, 3600_000);
  assert.equal(log.flushMs, 3000);
  assert.deepEqual([log.compact, log.delete, log.compressionType], [true, true, 'zstd']);
  assert.equal(resolveTopicConfig(broker({ 'log.retention.hours': '-1' }), {}).retentionMs, -1);
  assert.equal(resolveTopicConfig(broker({ 'log.retention.ms': '-5' }), {}).retentionMs, -1);
});

test('dynamic broker settings go over static ones, the topic’s own over both', () => {
  const { config } = withDynamicConfigs(
    broker({ 'log.retention.hours': '5' }),
    { 'log.retention.ms': '10' },
    { 'log.segment.bytes': '2000000' },
  );
  assert.equal(resolveTopicConfig(config, {}).retentionMs, 10);
  assert.equal(resolveTopicConfig(config, { 'retention.ms': '20' }).retentionMs, 20);
  assert.equal(resolveTopicConfig(config, {}).segmentBytes, 2_000_000);
  assert.equal(resolveTopicConfig(config, { 'internal.segment.bytes': '100' }).segmentBytes, 100);
});

test('an empty cleanup.policy keeps records for ever (KIP-1161)', () => {
  const log = resolveTopicConfig(plain, { 'cleanup.policy': '' });
  assert.deepEqual([log.compact, log.delete], [false, false]);
});

test('local retention follows the whole retention unless set (KIP-405)', () => {
  const log = resolveTopicConfig(plain, { 'retention.ms': '500', 'local.retention.bytes': '9' });
  assert.deepEqual([log.localRetentionMs, log.localRetentionBytes], [500, 9]);
});

test('an override that another version allowed leaves the default', () => {
  const log = resolveTopicConfig(plain, { 'retention.ms': 'x', 'message.format.version': '2.0', 'segment.bytes': '1' });
  assert.deepEqual(log, DEFAULT_LOG_CONFIG);
});
