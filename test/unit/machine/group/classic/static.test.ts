/** Static members (KIP-345): they come back without their ids, are fenced, and stay while they are away. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS } from '../../../../../src/protocol/errors.ts';
import { protocol, World } from './world.ts';

/** A stable group of a static leader (i) and a static follower (j). */
function pair(settings: Record<string, string> = {}): { world: World; a: string; b: string } {
  const world = new World(settings);
  const first = world.join('g', { groupInstanceId: 'i' });
  const second = world.join('g', { groupInstanceId: 'j' });
  world.pass(6000);
  const [a, b] = [first.given.memberId, second.given.memberId];
  world.sync('g', a, 1, { [a]: 'A', [b]: 'B' });
  world.sync('g', b, 1);
  return { world, a, b };
}

test('a leader that comes back keeps its place; from version 9 on it is told not to assign', () => {
  const { world, a } = pair();
  const { given } = world.join('g', { groupInstanceId: 'i' });
  assert.notEqual(given.memberId, a);
  assert.match(given.memberId, /^i-/);
  assert.deepEqual(
    [given.generationId, given.leader, given.skipAssignment, given.members.length],
    [1, given.memberId, true, 2],
  );
  assert.equal(world.state('g'), 'Stable');
  assert.equal(world.sync('g', given.memberId, 1).given.assignment.toString(), 'A');
  const before = world.join('g', { groupInstanceId: 'i' }, 8).given;
  assert.deepEqual([before.leader, before.skipAssignment, before.members.length], [given.memberId, false, 0]);
});

test('the old self is fenced, and what it waits for is refused', () => {
  const { world, a, b } = pair();
  const waiting = world.join('g', { memberId: a, groupInstanceId: 'i' });
  const again = world.join('g', { groupInstanceId: 'i' });
  assert.deepEqual([waiting.given.errorCode, waiting.given.memberId], [ERRORS.FENCED_INSTANCE_ID, a]);
  assert.equal(world.heartbeat('g', a, 1, 'i'), ERRORS.FENCED_INSTANCE_ID);
  assert.equal(world.heartbeat('g', a, 1), ERRORS.UNKNOWN_MEMBER_ID);
  assert.equal(world.heartbeat('g', b, 1, 'k'), ERRORS.UNKNOWN_MEMBER_ID);
  const fenced = world.join('g', { memberId: a, groupInstanceId: 'i' }).given;
  assert.equal(fenced.errorCode, ERRORS.FENCED_INSTANCE_ID);
  world.join('g', { memberId: b, groupInstanceId: 'j' });
  assert.equal(again.given.generationId, 2);
});

test('one that comes back while the leader assigns begins a new rebalance', () => {
  const { world, a, b } = pair();
  world.join('g', { memberId: a, groupInstanceId: 'i' });
  world.join('g', { memberId: b, groupInstanceId: 'j' });
  const syncing = world.sync('g', b, 2);
  world.join('g', { groupInstanceId: 'j' });
  assert.equal(syncing.given.errorCode, ERRORS.FENCED_INSTANCE_ID);
  assert.equal(world.state('g'), 'PreparingRebalance');
});

test('one that comes back with another first choice rebalances only where the choice of the group changes', () => {
  const { world } = pair();
  const same = [protocol('range', 'x'), protocol('other')];
  assert.equal(world.join('g', { groupInstanceId: 'j', protocols: same }).given.errorCode, 0);
  assert.equal(world.state('g'), 'Stable');
  const both = [protocol('other'), protocol('range')];
  // A vote each now: the group takes what Kafka's map hands out first.
  world.join('g', { groupInstanceId: 'i', protocols: both });
  assert.equal(world.state('g'), 'PreparingRebalance');
});

test('static members that are away stay until their sessions end, and may leave everybody waiting', () => {
  const { world, a, b } = pair();
  world.heartbeat('g', a, 1);
  const again = world.join('g', { memberId: a, groupInstanceId: 'i', rebalanceTimeoutMs: 2000 });
  const follower = world.live('g').members.get(b);
  assert.ok(follower);
  follower.rebalanceTimeoutMs = 2000;
  world.leave('g', { memberId: a });
  assert.equal(again.given.errorCode, ERRORS.UNKNOWN_MEMBER_ID);
  world.pass(9000);
  assert.equal(world.state('g'), 'PreparingRebalance', 'only j, which is away');
  world.pass(4000);
  assert.equal(world.state('g'), 'Empty');
});

test('administrators remove by instance id', () => {
  const { world, a } = pair();
  assert.deepEqual(
    world.leave(
      'g',
      { memberId: '', groupInstanceId: 'j' },
      { memberId: '', groupInstanceId: 'k' },
      { memberId: 'x', groupInstanceId: 'i' },
      { memberId: '' },
      { memberId: a, groupInstanceId: 'i' },
    ),
    [0, 25, 82, 25, 0],
  );
  assert.equal(world.state('g'), 'Empty');
});

test('the new id could not be written: the old one is back', () => {
  const { world, a, b } = pair();
  world.refusing = ERRORS.NOT_COORDINATOR;
  const refused = world.join('g', { groupInstanceId: 'i', protocols: [protocol('range', 'new')] });
  assert.equal(refused.refused, ERRORS.NOT_COORDINATOR);
  world.refusing = 0;
  assert.equal(world.heartbeat('g', a, 1, 'i'), 0);
  assert.equal(world.live('g').leaderId, a);
  assert.equal(world.join('g', { memberId: b, groupInstanceId: 'j' }).given.leader, a);
});
