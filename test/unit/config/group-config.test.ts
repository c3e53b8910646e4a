/** Settings of groups: what stands behind each of them in the broker's table. What is said of wrong ones is compared with Kafka (test/api/44-…). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBrokerConfig } from '../../../src/config/broker-config.ts';
import { GROUP_ROWS, groupConfigProblem, groupSynonym } from '../../../src/config/group-config.ts';

const parsed = parseBrokerConfig({ text: '', overrides: [], parallelism: 1 });
assert.ok(parsed.ok);
const { config } = parsed;

test('what a group has by default is right for a group', () => {
  for (const [name, { default: text }] of GROUP_ROWS) {
    if (text !== null) assert.equal(groupConfigProblem(config, { [name]: text }), null, name);
  }
});

test('each number of a group is bounded by settings of the broker, or by its own row', () => {
  for (const [name, { type, internal }] of GROUP_ROWS) {
    if (type !== 'INT' || internal || name === 'streams.initial.rebalance.delay.ms') continue;
    const text = '2147483647';
    assert.match(String(groupConfigProblem(config, { [name]: text })), new RegExp(`^${name} must be`), name);
  }
});

test('a group without a setting follows the broker’s of its name', () => {
  const missing = GROUP_ROWS.map(([name]) => name).filter((name) => groupSynonym(name) === null);
  assert.deepEqual(missing.toSorted(), [
    'errors.deadletterqueue.copy.record.enable',
    'errors.deadletterqueue.topic.name',
    'share.auto.offset.reset',
    'share.isolation.level',
    'share.renew.acknowledge.enable',
  ]);
});

test('a session must be longer than the time between two heartbeats, of the group’s own or the broker’s', () => {
  const wide = parseBrokerConfig({
    text: '',
    overrides: [
      ['group.consumer.min.session.timeout.ms', '1'],
      ['group.consumer.min.heartbeat.interval.ms', '1'],
      ['group.consumer.max.heartbeat.interval.ms', '60000'],
    ],
    parallelism: 1,
  });
  assert.ok(wide.ok);
  const problem = 'consumer.session.timeout.ms must be greater than consumer.heartbeat.interval.ms';
  const of = (texts: Readonly<Record<string, string>>): string | null => groupConfigProblem(wide.config, texts);
  assert.equal(of({ 'consumer.session.timeout.ms': '5000' }), problem);
  assert.equal(of({ 'consumer.session.timeout.ms': '5001' }), null);
  assert.equal(of({ 'consumer.heartbeat.interval.ms': '45000' }), problem);
  assert.equal(of({ 'consumer.heartbeat.interval.ms': '10', 'consumer.session.timeout.ms': '11' }), null);
});
