/** From the classic protocol to the consumer protocol and back while a group is in use; and what is left where it could not be written. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeI16 } from '../../../../../src/base/bytes.ts';
import type { Uuid } from '../../../../../src/base/uuid.ts';
import { classicGroup } from '../../../../../src/machine/group/classic/group.ts';
import { ConsumerGroup } from '../../../../../src/machine/group/consumer/group.ts';
import { ERRORS } from '../../../../../src/protocol/errors.ts';
import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
} from '../../../../../src/protocol/record/group/consumer-protocol.ts';
import type { ResponseOf } from '../../../../../src/protocol/schema/index.ts';
import { contentOf, Coordinator } from './harness.ts';

const VERSION = 1;
const client = { clientId: 'c', clientHost: '/127.0.0.1' };

function subscription(topics: string[], owned: number[] = []): Buffer {
  const ownedPartitions = owned.length === 0 ? [] : [{ topic: 't', partitions: owned }];
  const bytes = consumerProtocolSubscription.encode(VERSION, { topics, userData: null, ownedPartitions }, 2);
  writeI16(bytes, 0, VERSION);
  return bytes;
}

function assignment(partitions: number[], userData: Buffer | null = null): Buffer {
  const bytes = consumerProtocolAssignment.encode(
    VERSION,
    { assignedPartitions: [{ topic: 't', partitions }], userData },
    2,
  );
  writeI16(bytes, 0, VERSION);
  return bytes;
}

function partitionsOf(bytes: Buffer): number[] {
  const { assignedPartitions } = consumerProtocolAssignment.decode(VERSION, bytes, 2);
  return assignedPartitions.flatMap(({ partitions }) => partitions);
}

class Group extends Coordinator {
  memberId = '';

  constructor(settings: Record<string, string> = {}) {
    super({ 'group.consumer.assignment.interval.ms': '0', 'group.initial.rebalance.delay.ms': '0', ...settings });
  }

  joinClassic(owned: number[] = []): ResponseOf<'JoinGroup'> {
    const request = {
      groupId: 'g',
      sessionTimeoutMs: 30_000,
      rebalanceTimeoutMs: 60_000,
      memberId: this.memberId,
      groupInstanceId: null,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: subscription(['t'], owned) }],
      reason: null,
    };
    const event = { kind: 'JoinGroup', version: 3, request, client } as const;
    let answer = this.submit(event) as ResponseOf<'JoinGroup'> | null;
    if (answer === null) {
      this.pass(1);
      answer = this.lastAnswer() as ResponseOf<'JoinGroup'>;
    }
    this.memberId = answer.memberId;
    return answer;
  }

  sync(generationId: number | undefined, assigned: Buffer | null = null): ResponseOf<'SyncGroup'> {
    const { memberId } = this;
    const assignments = assigned === null ? [] : [{ memberId, assignment: assigned }];
    const names = { groupInstanceId: null, protocolType: 'consumer', protocolName: 'range' };
    const request = { groupId: 'g', generationId: generationId ?? -1, memberId, assignments, ...names };
    return this.submit({ kind: 'SyncGroup', version: 5, request, client }) as ResponseOf<'SyncGroup'>;
  }

  heartbeat(generationId: number): number {
    const request = { groupId: 'g', generationId, memberId: this.memberId, groupInstanceId: null };
    return (this.submit({ kind: 'Heartbeat', version: 4, request, client }) as ResponseOf<'Heartbeat'>).errorCode;
  }

  /** A group of one classic member that has both partitions. */
  static begun(settings: Record<string, string> = {}, assigned = assignment([0, 1])): { group: Group; topicId: Uuid } {
    const group = new Group(settings);
    const topicId = group.topic('t', 2);
    const { generationId } = group.joinClassic();
    assert.equal(group.sync(generationId, assigned).errorCode, 0);
    return { group, topicId };
  }
}

test('rolled to the consumer protocol and back, nothing changes hands before it was given up', () => {
  const { group, topicId } = Group.begun();
  assert.deepEqual(group.join('m', ['t']).assignment, { topicPartitions: [] });
  assert.equal(group.heartbeat(1), ERRORS.REBALANCE_IN_PROGRESS);
  const revoking = group.joinClassic([0, 1]);
  const kept = partitionsOf(group.sync(revoking.generationId).assignment);
  assert.equal(kept.length, 1);
  assert.equal(group.beat({ memberId: 'm', memberEpoch: 2, topicPartitions: [] }).assignment, null);
  const settled = group.joinClassic(kept);
  assert.equal(settled.generationId, 2);
  const given = group.beat({ memberId: 'm', memberEpoch: 2, topicPartitions: [] }).assignment;
  assert.deepEqual(
    given?.topicPartitions.map((each) => each.topicId),
    [topicId],
  );
  assert.deepEqual(contentOf(group.group()), contentOf(group.group('g', group.reload())));

  group.beat({ memberId: 'm', memberEpoch: -1 });
  assert.equal(classicGroup(group.machine, 'g')?.live.generation, 2);
  assert.equal(group.heartbeat(2), ERRORS.REBALANCE_IN_PROGRESS);
  assert.equal(group.joinClassic(kept).generationId, 3);
  assert.equal(classicGroup(group.reload(), 'g')?.type, 'classic');
});

test('a session that ends makes a classic group, too', () => {
  const { group } = Group.begun();
  group.join('m', ['t']);
  for (let waited = 0; waited < 50_000; waited += 10_000) {
    group.pass(10_000);
    group.heartbeat(1);
  }
  assert.equal(group.machine.groups.get('g')?.type, 'classic');
});

test('what could not be written leaves the group as it was', () => {
  const { group } = Group.begun();
  const join = { rebalanceTimeoutMs: 1000, topicPartitions: [], subscribedTopicNames: ['t'] };
  group.submitInVain(group.heartbeatEvent({ memberId: 'm', memberEpoch: 0, ...join }));
  assert.equal(group.machine.groups.get('g')?.type, 'classic');
  assert.equal(group.heartbeat(1), ERRORS.NONE);
  group.join('m', ['t']);
  const before = contentOf(group.group());
  group.submitInVain(group.heartbeatEvent({ memberId: 'm', memberEpoch: -1 }));
  assert.ok(group.machine.groups.get('g') instanceof ConsumerGroup);
  assert.deepEqual(contentOf(group.group()), before);
  assert.equal(group.beat({ memberId: 'm', memberEpoch: 2 }).errorCode, ERRORS.NONE);
});

test('the policy, other protocols and custom assignors forbid it', () => {
  const why = (settings: Record<string, string>, assigned?: Buffer): string | null =>
    Group.begun(settings, assigned).group.join('m', ['t']).errorMessage ?? null;
  const cannot = 'Cannot upgrade classic group g to consumer group because';
  assert.equal(why({ 'group.consumer.migration.policy': 'downgrade' }), `${cannot} online upgrade is disabled.`);
  assert.equal(
    why({}, assignment([0], Buffer.from('x'))),
    `${cannot} an unsupported custom assignor is in use. Please refer to the documentation or switch to a default assignor before re-attempting the upgrade.`,
  );
  assert.equal(why({}, Buffer.from([0])), `${cannot} the embedded consumer protocol is malformed.`);
  assert.equal(
    why({ 'group.consumer.max.size': '1' }),
    'The consumer group has reached its maximum capacity of 1 members.',
  );
  const { group } = Group.begun({ 'group.consumer.migration.policy': 'upgrade' });
  group.join('m', ['t']);
  group.beat({ memberId: 'm', memberEpoch: -1 });
  assert.ok(group.machine.groups.get('g') instanceof ConsumerGroup, 'no way back');
});

test('hostile bytes of members of the classic protocol', () => {
  for (let size = 0; size < 40; size++) {
    const bytes = Buffer.alloc(size, size % 3 === 0 ? 0xff : 0x01);
    if (size > 1) bytes.writeInt16BE(size % 5, 0);
    const { errorCode } = Group.begun({}, bytes).group.join('m', ['t']);
    assert.ok(errorCode === 0 || errorCode === ERRORS.GROUP_ID_NOT_FOUND);
  }
});
