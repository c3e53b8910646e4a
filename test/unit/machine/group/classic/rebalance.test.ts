import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS } from '../../../../../src/protocol/errors.ts';
import { World } from './world.ts';

test('a new group waits for members, and its first rebalance ends with everybody told the same', () => {
  const world = new World();
  const a = world.joinDynamic('g');
  assert.equal(world.state('g'), 'PreparingRebalance');
  const b = world.joinDynamic('g');
  world.pass(2999);
  assert.equal(a.joining.answer, null);
  world.pass(3001);
  assert.equal(a.joining.answer?.errorCode, 0);
  assert.equal(a.joining.answer?.generationId, 1);
  assert.equal(a.joining.answer?.leader, a.id);
  assert.deepEqual(
    a.joining.answer?.members.map(({ memberId }) => memberId),
    [a.id, b.id],
  );
  assert.deepEqual(b.joining.answer?.members, []);
  assert.equal(b.joining.answer?.leader, a.id);
  assert.equal(world.state('g'), 'CompletingRebalance');
  const follower = world.sync('g', b.id, 1);
  assert.equal(follower.answer, null);
  const leader = world.sync('g', a.id, 1, { [a.id]: 'A', [b.id]: 'B' });
  assert.equal(leader.answer?.assignment.toString(), 'A');
  assert.equal(follower.answer?.assignment.toString(), 'B');
  assert.equal(world.state('g'), 'Stable');
  assert.equal(world.heartbeat('g', a.id, 1), ERRORS.NONE);
  assert.equal(world.log.length, 2);
});
