/** Members of the consumer protocol join, share partitions, hand them over, leave (KIP-848). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS } from '../../../../../src/protocol/errors.ts';
import { type Beat, contentOf, Coordinator } from './harness.ts';

function partitionsOf(beat: Beat): number[] {
  assert.ok(beat.assignment, JSON.stringify(beat));
  return beat.assignment.topicPartitions.flatMap(({ partitions }) => partitions);
}

test('the first member of a group gets everything, with the records that Kafka writes', () => {
  const coordinator = new Coordinator();
  const id = coordinator.topic('t', 3);
  const beat = coordinator.join('a', ['t']);
  assert.deepEqual(beat, {
    throttleTimeMs: 0,
    errorCode: 0,
    errorMessage: null,
    memberId: 'a',
    memberEpoch: 2,
    heartbeatIntervalMs: 5000,
    assignment: { topicPartitions: [{ topicId: id, partitions: [0, 1, 2] }] },
  });
  assert.deepEqual(coordinator.types(0), [
    'consumerGroupMemberMetadata',
    'consumerGroupMetadata',
    'consumerGroupTargetAssignmentMember',
    'consumerGroupTargetAssignmentMetadata',
    'consumerGroupCurrentMemberAssignment',
  ]);
  assert.equal(coordinator.state(), 'Stable');
  const written = coordinator.log.length;
  const steady = coordinator.beat({ memberId: 'a', memberEpoch: 2 });
  assert.equal(steady.assignment, null);
  assert.equal(coordinator.log.length, written, 'a heartbeat without news writes nothing');
});

test('a partition is handed over only when its owner has given it up', () => {
  const coordinator = new Coordinator({ 'group.consumer.assignment.interval.ms': '0' });
  const topicId = coordinator.topic('t', 4);
  coordinator.join('a', ['t']);
  const joined = coordinator.join('b', ['t']);
  assert.equal(joined.memberEpoch, 3);
  assert.deepEqual(partitionsOf(joined), []);
  assert.equal(coordinator.state(), 'Reconciling');
  const told = coordinator.beat({
    memberId: 'a',
    memberEpoch: 2,
    topicPartitions: [{ topicId, partitions: [0, 1, 2, 3] }],
  });
  assert.equal(told.memberEpoch, 2);
  const kept = partitionsOf(told);
  assert.equal(kept.length, 2);
  // Not given up yet: nothing for the other.
  assert.equal(coordinator.beat({ memberId: 'b', memberEpoch: 3 }).assignment, null);
  const gaveUp = coordinator.beat({ memberId: 'a', memberEpoch: 2, topicPartitions: [{ topicId, partitions: kept }] });
  assert.equal(gaveUp.memberEpoch, 3);
  const given = coordinator.beat({ memberId: 'b', memberEpoch: 3, topicPartitions: [] });
  assert.deepEqual([...kept, ...partitionsOf(given)].sort(), [0, 1, 2, 3]);
  assert.equal(coordinator.state(), 'Stable');
  assert.deepEqual(contentOf(coordinator.group()), contentOf(coordinator.group('g', coordinator.reload())));
});

test('assignments come one an interval (KIP-1263)', () => {
  const coordinator = new Coordinator();
  coordinator.topic('t', 4);
  coordinator.join('a', ['t']);
  const second = coordinator.join('b', ['t']);
  assert.equal(second.memberEpoch, 2, 'of the assignment that stands');
  assert.equal(coordinator.state(), 'Assigning');
  coordinator.pass(1000);
  assert.equal(coordinator.beat({ memberId: 'b', memberEpoch: 2 }).memberEpoch, 3);
  assert.equal(coordinator.state(), 'Reconciling');
});

test('who is not heard of goes; so does who does not give partitions up in time', () => {
  const coordinator = new Coordinator({ 'group.consumer.assignment.interval.ms': '0' });
  const topicId = coordinator.topic('t', 2);
  coordinator.join('a', ['t'], { rebalanceTimeoutMs: 10_000 });
  coordinator.join('b', ['t']);
  const owned = [{ topicId, partitions: [0, 1] }];
  coordinator.beat({ memberId: 'a', memberEpoch: 2, topicPartitions: owned });
  coordinator.pass(9000);
  coordinator.beat({ memberId: 'a', memberEpoch: 2 });
  coordinator.pass(1000);
  assert.equal(coordinator.beat({ memberId: 'a', memberEpoch: 2 }).errorCode, ERRORS.UNKNOWN_MEMBER_ID);
  coordinator.pass(60_000);
  assert.equal(coordinator.state(), 'Empty');
  assert.equal(coordinator.group().targets.size, 0);
});

test('epochs: ahead is fenced, behind is fenced, the one before is not as long as it owns what it may', () => {
  const coordinator = new Coordinator({ 'group.consumer.assignment.interval.ms': '0' });
  const topicId = coordinator.topic('t', 2);
  coordinator.join('a', ['t']);
  coordinator.topic('u', 1);
  coordinator.beat({ memberId: 'a', memberEpoch: 2, subscribedTopicNames: ['t', 'u'] });
  assert.equal(coordinator.group().members.get('a')?.memberEpoch, 3);
  const owned = [{ topicId, partitions: [0, 1] }];
  assert.equal(coordinator.beat({ memberId: 'a', memberEpoch: 4 }).errorCode, ERRORS.FENCED_MEMBER_EPOCH);
  assert.equal(coordinator.beat({ memberId: 'a', memberEpoch: 2 }).errorCode, ERRORS.FENCED_MEMBER_EPOCH);
  assert.equal(coordinator.beat({ memberId: 'a', memberEpoch: 2, topicPartitions: owned }).memberEpoch, 3);
  assert.equal(
    coordinator.beat({ memberId: 'a', memberEpoch: 4 }).errorMessage,
    'The consumer group member has a greater member epoch (4) than the one known by the group coordinator (3). The member must abandon all its partitions and rejoin.',
  );
});

test('a static member steps back and its successor takes its place; two at once are refused', () => {
  const coordinator = new Coordinator();
  coordinator.topic('t', 2);
  coordinator.join('a', ['t'], { instanceId: 'i' });
  assert.equal(coordinator.join('b', ['t'], { instanceId: 'i' }).errorCode, ERRORS.UNRELEASED_INSTANCE_ID);
  const left = coordinator.beat({ memberId: 'a', memberEpoch: -2, instanceId: 'i' });
  assert.deepEqual([left.errorCode, left.memberEpoch], [0, -2]);
  const back = coordinator.join('b', ['t'], { instanceId: 'i' });
  assert.equal(back.errorCode, 0);
  assert.deepEqual(partitionsOf(back), [0, 1]);
  assert.equal(
    coordinator.beat({ memberId: 'a', memberEpoch: 2, instanceId: 'i' }).errorCode,
    ERRORS.FENCED_INSTANCE_ID,
  );
  assert.equal(coordinator.group().members.size, 1);
  assert.deepEqual(contentOf(coordinator.group()), contentOf(coordinator.group('g', coordinator.reload())));
});

test('patterns are resolved, and again when topics come', () => {
  const coordinator = new Coordinator({ 'group.consumer.assignment.interval.ms': '0' });
  coordinator.topic('ab', 1);
  coordinator.topic('b', 1);
  const joined = coordinator.join('a', [], { subscribedTopicRegex: 'a.*' });
  assert.deepEqual(partitionsOf(joined), []);
  coordinator.pass(1);
  assert.deepEqual(coordinator.group().regexes.get('a.*')?.topics, ['ab']);
  assert.equal(partitionsOf(coordinator.beat({ memberId: 'a', memberEpoch: 1 })).length, 1);
  coordinator.topic('ac', 1);
  coordinator.pass(10_001);
  coordinator.beat({ memberId: 'a', memberEpoch: 2 });
  coordinator.pass(1);
  assert.equal(partitionsOf(coordinator.beat({ memberId: 'a', memberEpoch: 2 })).length, 2);
  assert.equal(coordinator.join('b', [], { subscribedTopicRegex: '(' }).errorCode, ERRORS.INVALID_REGULAR_EXPRESSION);
  coordinator.beat({ memberId: 'a', memberEpoch: -1 });
  assert.equal(coordinator.group().regexes.size, 0);
  assert.deepEqual(contentOf(coordinator.group()), contentOf(coordinator.group('g', coordinator.reload())));
});

test('what was not written is as if it had not been decided', () => {
  const coordinator = new Coordinator({ 'group.consumer.assignment.interval.ms': '0' });
  coordinator.topic('t', 3);
  coordinator.join('a', ['t']);
  const before = contentOf(coordinator.group());
  const request = {
    groupId: 'g',
    memberId: 'b',
    memberEpoch: 0,
    instanceId: 'i',
    rackId: 'r',
    rebalanceTimeoutMs: 1000,
    subscribedTopicNames: ['t', 'u'],
    subscribedTopicRegex: 'x',
    serverAssignor: 'range',
    topicPartitions: [],
  };
  const client = { clientId: '', clientHost: '' };
  coordinator.submitInVain({ kind: 'ConsumerGroupHeartbeat', version: 1, request, client });
  assert.deepEqual(contentOf(coordinator.group()), before);
  const leave = { ...request, memberId: 'a', memberEpoch: -1, instanceId: null };
  coordinator.submitInVain({ kind: 'ConsumerGroupHeartbeat', version: 1, request: leave, client });
  assert.deepEqual(contentOf(coordinator.group()), before);
});

test('a commit of an earlier epoch counts for what the member has had since, and for nothing else', () => {
  const coordinator = new Coordinator({ 'group.consumer.assignment.interval.ms': '0' });
  const topicId = coordinator.topic('t', 2);
  const unknown = coordinator.topic('u', 1);
  coordinator.join('a', ['t']);
  coordinator.join('b', ['t']);
  const told = coordinator.beat({ memberId: 'a', memberEpoch: 2, topicPartitions: [{ topicId, partitions: [0, 1] }] });
  const kept = partitionsOf(told);
  coordinator.beat({ memberId: 'a', memberEpoch: 2, topicPartitions: [{ topicId, partitions: kept }] });
  coordinator.beat({ memberId: 'b', memberEpoch: 3, topicPartitions: [] });
  const check = (memberId: string, generationIdOrMemberEpoch: number, version = 9) => {
    const member = { memberId, groupInstanceId: null, generationIdOrMemberEpoch };
    return coordinator.group().checkOffsetCommit({ ...member, isTransactional: false, version, now: 0 });
  };
  assert.equal(check('a', 3), ERRORS.NONE);
  assert.equal(check('a', 4), ERRORS.STALE_MEMBER_EPOCH);
  assert.equal(check('a', 3, 8), ERRORS.UNSUPPORTED_VERSION);
  assert.equal(check('x', 3), ERRORS.UNKNOWN_MEMBER_ID);
  assert.equal(check('', -1), ERRORS.UNKNOWN_MEMBER_ID);
  const earlier = check('a', 2);
  assert.ok(typeof earlier === 'function');
  for (const partition of [0, 1]) {
    const code = kept.includes(partition) ? ERRORS.NONE : ERRORS.STALE_MEMBER_EPOCH;
    assert.equal(earlier(topicId, partition), code);
  }
  assert.equal(earlier(unknown, 0), ERRORS.STALE_MEMBER_EPOCH);
  const zombie = check('b', 2);
  assert.ok(typeof zombie === 'function');
  for (const partition of [0, 1]) assert.equal(zombie(topicId, partition), ERRORS.STALE_MEMBER_EPOCH);
});

test('the settings of the group, within the limits of the broker', () => {
  const coordinator = new Coordinator({ 'group.consumer.max.session.timeout.ms': '50000' });
  coordinator.topic('t', 1);
  const { configs } = coordinator.image;
  configs.set(32, 'g', 'consumer.heartbeat.interval.ms', '6000');
  configs.set(32, 'g', 'consumer.session.timeout.ms', '60000');
  assert.equal(coordinator.join('a', ['t']).heartbeatIntervalMs, 6000);
  coordinator.pass(49_999);
  assert.equal(coordinator.group().members.size, 1);
  coordinator.pass(1);
  assert.equal(coordinator.group().members.size, 0);
});
