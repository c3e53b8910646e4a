/** What is written of a classic group, what comes back of it, and what happens where it could not be written. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS } from '../../../../../src/protocol/errors.ts';
import type { OffsetCommitCheck } from '../../../../../src/machine/group/group.ts';
import { protocol, World } from './world.ts';

const topics = { protocols: [protocol('range', 't', 'u')] };

function commitCheck(
  world: World,
  memberId: string,
  generation: number,
  more: Partial<OffsetCommitCheck> = {},
): unknown {
  return world.machine.groups.get('g')?.checkOffsetCommit({
    memberId,
    groupInstanceId: null,
    generationIdOrMemberEpoch: generation,
    isTransactional: false,
    version: 9,
    now: world.now,
    ...more,
  });
}

test('the records of a group, as Kafka 4.4 writes them', () => {
  const world = new World();
  const [a = ''] = world.stable('g', 1, topics);
  world.leave('g', { memberId: a });
  const [created, synced, emptied] = world.log.map(({ type, version, value }) => ({ type, version, value }));
  assert.deepEqual(created, {
    type: 'groupMetadata',
    version: 3,
    value: {
      protocolType: '',
      generation: 0,
      protocol: null,
      leader: null,
      currentStateTimestamp: 1_000_000,
      members: [],
    },
  });
  assert.partialDeepStrictEqual(synced, {
    version: 3,
    value: { protocolType: 'consumer', generation: 1, protocol: 'range', leader: a, currentStateTimestamp: 1_003_000 },
  });
  assert.partialDeepStrictEqual(emptied, {
    value: { protocolType: 'consumer', generation: 2, protocol: null, leader: null, members: [] },
  });
});

test('a reload brings back what was written: members may go on, a rebalance is forgotten', () => {
  const world = new World();
  const [a = '', b = ''] = world.stable('g', 2, topics);
  world.joinDynamic('g', topics);
  assert.equal(world.state('g'), 'PreparingRebalance');
  world.reload();
  assert.equal(world.state('g'), 'Stable');
  assert.equal(world.machine.live.size, 0);
  assert.equal(world.heartbeat('g', a, 1), 0);
  assert.equal(world.sync('g', b, 1).given.assignment.toString(), `to ${b}`);
  assert.equal(world.machine.groups.get('g')?.isSubscribedTo('u'), true);
  world.pass(9999);
  assert.equal(world.heartbeat('g', b, 1), 0);
  world.pass(1);
  assert.equal(world.heartbeat('g', b, 1), ERRORS.REBALANCE_IN_PROGRESS, 'the session of the other has ended');
});

test('a group over a limit that was lowered rebalances when it is loaded', () => {
  const world = new World();
  const members = world.stable('g', 3);
  world.reload({ 'group.max.size': '2' });
  assert.equal(world.state('g'), 'PreparingRebalance');
  const [a, b, c] = members.map((memberId) => world.join('g', { memberId }));
  assert.equal(c?.given.errorCode, ERRORS.GROUP_MAX_SIZE_REACHED);
  world.pass(60_000);
  assert.deepEqual([a?.given.generationId, b?.given.generationId], [2, 2]);
});

test('a group that could not be written never was', () => {
  const world = new World();
  world.refusing = ERRORS.COORDINATOR_NOT_AVAILABLE;
  const joining = world.join('g', {}, 3);
  assert.equal(joining.given.errorCode, ERRORS.COORDINATOR_NOT_AVAILABLE);
  assert.deepEqual([world.state('g'), world.machine.live.size], ['Dead', 0]);
  world.refusing = 0;
  world.pass(600_000);
  world.joinDynamic('g');
  assert.equal(world.state('g'), 'PreparingRebalance');
});

test('an assignment that could not be written: everybody is told why and joins again', () => {
  const world = new World();
  const a = world.joinDynamic('g');
  const b = world.joinDynamic('g');
  world.pass(6000);
  const follower = world.sync('g', b.id, 1);
  world.refusing = ERRORS.UNKNOWN_SERVER_ERROR;
  const leader = world.sync('g', a.id, 1, { [a.id]: 'A' });
  world.refusing = 0;
  assert.equal(leader.refused, ERRORS.UNKNOWN_SERVER_ERROR);
  assert.equal(follower.given.errorCode, ERRORS.UNKNOWN_SERVER_ERROR);
  assert.equal(world.state('g'), 'PreparingRebalance');
  const again = world.join('g', { memberId: a.id });
  world.join('g', { memberId: b.id });
  assert.equal(again.given.generationId, 2);
  assert.equal(world.sync('g', a.id, 2, { [a.id]: 'A' }).given.assignment.toString(), 'A');
});

test('a tombstone ends the live group, and one that was not written brings it back', () => {
  const world = new World();
  const [a = ''] = world.stable('g', 1);
  world.leave('g', { memberId: a });
  const records = world.machine.groups.get('g')?.tombstones() ?? [];
  for (const record of records) world.machine.replay(record, world.log.length, 0);
  assert.deepEqual([world.state('g'), world.machine.live.size], ['Dead', 0]);
  world.machine.revert(world.log.length);
  assert.equal(world.state('g'), 'Empty');
  assert.equal(world.live('g').generation, 2);
});

test('who may commit', () => {
  const world = new World();
  const a = world.joinDynamic('g');
  assert.equal(commitCheck(world, '', -1), ERRORS.UNKNOWN_MEMBER_ID);
  assert.equal(commitCheck(world, '', -1, { isTransactional: true }), 0);
  world.pass(6000);
  assert.equal(commitCheck(world, a.id, 1), ERRORS.REBALANCE_IN_PROGRESS);
  assert.equal(commitCheck(world, a.id, 1, { isTransactional: true }), 0);
  world.sync('g', a.id, 1);
  assert.equal(commitCheck(world, a.id, 1), 0);
  assert.equal(commitCheck(world, a.id, 0), ERRORS.ILLEGAL_GENERATION);
  assert.equal(commitCheck(world, 'x', 1), ERRORS.UNKNOWN_MEMBER_ID);
  assert.equal(commitCheck(world, a.id, 1, { groupInstanceId: 'i' }), ERRORS.UNKNOWN_MEMBER_ID);
  const group = world.machine.groups.get('g');
  assert.equal(group?.timersAfterCommit?.(a.id).length, 1);
  assert.deepEqual(
    [group?.checkDelete(), group?.checkOffsetDelete(), group?.checkOffsetFetch(null, -1, 0)],
    [68, 0, 0],
  );
  world.leave('g', { memberId: a.id });
  assert.equal(commitCheck(world, '', -1), 0);
  assert.equal(commitCheck(world, a.id, 1), ERRORS.UNKNOWN_MEMBER_ID);
  assert.equal(group?.checkDelete(), 0);
});

test('what members subscribe to keeps offsets; bytes that say nothing keep all of them', () => {
  const world = new World();
  const [a = ''] = world.stable('g', 1, topics);
  const group = () => world.machine.groups.get('g');
  assert.deepEqual([group()?.isSubscribedTo('t'), group()?.isSubscribedTo('x')], [true, false]);
  assert.deepEqual([group()?.expiryBase('t', 7, 0), group()?.expiryBase('x', 7, 0)], [null, 7]);
  world.leave('g', { memberId: a });
  assert.equal(group()?.expiryBase('t', 7, 0), world.now);
  const none = [
    [],
    [0],
    [0, 0, 127, 255, 255, 255],
    [0, 0, 255, 255, 255, 255],
    [0, 0, 0, 0, 0, 1, 255, 255],
    [0, 9, 0, 0, 0, 1, 0, 200, 1],
  ];
  for (const [index, bytes] of none.entries()) {
    const id = `h${index}`;
    world.stable(id, 1, { protocols: [{ name: 'range', metadata: Buffer.from(bytes) }] });
    assert.equal(world.machine.groups.get(id)?.isSubscribedTo('anything'), true, bytes.join(' '));
    assert.equal(world.machine.groups.get(id)?.expiryBase('anything', 7, 0), null);
  }
  world.stable('c', 1, { protocolType: 'connect', protocols: [protocol('sessioned')] });
  assert.equal(world.machine.groups.get('c')?.isSubscribedTo('t'), false);
  assert.equal(world.machine.groups.get('c')?.expiryBase('t', 7, 0), null);
  assert.equal(world.machine.groups.get('c')?.checkOffsetDelete(), ERRORS.NON_EMPTY_GROUP);
});
