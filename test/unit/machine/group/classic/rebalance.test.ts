/** The rules of a rebalance: who is waited for, for how long, who leads, which protocol, what is told to whom. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS } from '../../../../../src/protocol/errors.ts';
import { protocol, World } from './world.ts';

test('a new group waits for members, and its first rebalance ends with everybody told the same', () => {
  const world = new World();
  const a = world.joinDynamic('g');
  assert.equal(world.state('g'), 'PreparingRebalance');
  const b = world.joinDynamic('g');
  world.pass(2999);
  assert.equal(world.waiting, 2);
  world.pass(3001);
  const [first, second] = [a.joining.given, b.joining.given];
  assert.deepEqual([first.errorCode, first.generationId, first.leader], [0, 1, a.id]);
  assert.deepEqual(
    first.members.map(({ memberId }) => memberId),
    [a.id, b.id],
  );
  assert.deepEqual([second.members.length, second.leader], [0, a.id]);
  assert.equal(world.state('g'), 'CompletingRebalance');
  const follower = world.sync('g', b.id, 1);
  assert.equal(world.waiting, 1);
  const leader = world.sync('g', a.id, 1, { [a.id]: 'A', [b.id]: 'B' });
  assert.equal(leader.given.assignment.toString(), 'A');
  assert.equal(follower.given.assignment.toString(), 'B');
  assert.equal(world.state('g'), 'Stable');
  assert.equal(world.heartbeat('g', a.id, 1), ERRORS.NONE);
  assert.equal(world.log.length, 2, 'the empty group and the assignment');
});

test('the initial delay is extended while members come, up to the rebalance timeout', () => {
  const world = new World();
  const fields = { rebalanceTimeoutMs: 7000 };
  world.joinDynamic('g', fields);
  world.pass(2900);
  world.joinDynamic('g', fields);
  world.pass(2900);
  world.joinDynamic('g', fields);
  world.pass(1199);
  assert.equal(world.live('g').generation, 0);
  world.pass(1);
  assert.equal(world.live('g').generation, 1);
});

test('nobody new, nothing extended', () => {
  const world = new World();
  const { joining } = world.joinDynamic('g');
  world.pass(3000);
  assert.equal(joining.given.errorCode, 0);
});

test('everybody who is known is waited for, up to the longest rebalance timeout; who does not come is out', () => {
  const world = new World();
  const [a = '', b = ''] = world.stable('g', 2, { rebalanceTimeoutMs: 5000 });
  const joining = world.join('g', { memberId: a, rebalanceTimeoutMs: 5000 });
  assert.equal(world.state('g'), 'PreparingRebalance');
  assert.equal(world.heartbeat('g', b, 1), ERRORS.REBALANCE_IN_PROGRESS);
  world.pass(4999);
  assert.equal(world.waiting, 1);
  world.pass(1);
  assert.deepEqual([joining.given.generationId, joining.given.members.length], [2, 1]);
  assert.equal(world.heartbeat('g', b, 1), ERRORS.UNKNOWN_MEMBER_ID);
});

test('a leader that does not rejoin is replaced by a member that has', () => {
  const world = new World();
  const [, b = ''] = world.stable('g', 2, { rebalanceTimeoutMs: 5000 });
  const joining = world.join('g', { memberId: b, rebalanceTimeoutMs: 5000, protocols: [protocol('range', 'new')] });
  world.pass(5000);
  assert.deepEqual([joining.given.leader, joining.given.members.length], [b, 1]);
});

test('who does not fetch its assignment in time is out, whether the leader has assigned or not', () => {
  const world = new World();
  const a = world.joinDynamic('g', { rebalanceTimeoutMs: 5000, sessionTimeoutMs: 60_000 });
  const b = world.joinDynamic('g', { rebalanceTimeoutMs: 5000, sessionTimeoutMs: 60_000 });
  world.pass(5000);
  const syncing = world.sync('g', b.id, 1);
  world.pass(5000);
  assert.equal(syncing.given.errorCode, ERRORS.REBALANCE_IN_PROGRESS);
  assert.equal(world.state('g'), 'PreparingRebalance');
  assert.equal(world.heartbeat('g', a.id, 1), ERRORS.UNKNOWN_MEMBER_ID);
  assert.equal(world.live('g').leaderId, b.id);
});

test('a member whose session ends is out; one that waits for us is not', () => {
  const world = new World();
  const [a = '', b = ''] = world.stable('g', 2);
  for (let seconds = 0; seconds < 9; seconds++) {
    world.pass(1000);
    assert.equal(world.heartbeat('g', a, 1), ERRORS.NONE);
  }
  world.pass(1000);
  assert.equal(world.heartbeat('g', a, 1), ERRORS.REBALANCE_IN_PROGRESS);
  assert.equal(world.heartbeat('g', b, 1), ERRORS.UNKNOWN_MEMBER_ID);
  const joining = world.join('g', { memberId: a });
  assert.equal(joining.given.generationId, 2);
  const follower = world.joinDynamic('g').joining;
  world.join('g', { memberId: a });
  const waiting = world.sync('g', follower.given.memberId, 3);
  world.pass(9000);
  world.heartbeat('g', a, 3);
  world.pass(9000);
  world.sync('g', a, 3);
  assert.equal(waiting.given.errorCode, 0, 'it has waited longer than its session');
});

test('a new member that has had no answer for five minutes is out, and told to begin anew', () => {
  const world = new World();
  world.stable('g', 1, { rebalanceTimeoutMs: 600_000, sessionTimeoutMs: 600_000 });
  const { joining } = world.joinDynamic('g', { rebalanceTimeoutMs: 600_000 });
  world.pass(300_000);
  assert.deepEqual([joining.given.errorCode, joining.given.memberId], [ERRORS.UNKNOWN_MEMBER_ID, '']);
});

test('an id that nobody comes back with is forgotten after a session; until then the join phase waits for it', () => {
  const world = new World();
  const [a = ''] = world.stable('g', 1);
  const given = world.join('g', { sessionTimeoutMs: 4000 }).given.memberId;
  const joining = world.join('g', { memberId: a });
  world.pass(3999);
  assert.equal(world.waiting, 1);
  world.pass(1);
  assert.equal(joining.given.generationId, 2);
  assert.equal(world.join('g', { memberId: given }).given.errorCode, ERRORS.UNKNOWN_MEMBER_ID);
});

test('a stable group: the leader and new words begin a rebalance, a follower that says the same is told again', () => {
  const world = new World();
  const [a = '', b = ''] = world.stable('g', 2);
  assert.deepEqual(world.join('g', { memberId: b }).given.generationId, 1);
  assert.equal(world.state('g'), 'Stable');
  world.join('g', { memberId: b, protocols: [protocol('range', 'more')] });
  assert.equal(world.state('g'), 'PreparingRebalance');
  world.join('g', { memberId: a });
  assert.equal(world.live('g').generation, 2);
  world.sync('g', a, 2);
  world.join('g', { memberId: a });
  assert.equal(world.state('g'), 'PreparingRebalance');
});

test('while the leader assigns: who says the same is told again, the leader with all members; new words begin anew', () => {
  const world = new World();
  const a = world.joinDynamic('g');
  const b = world.joinDynamic('g');
  world.pass(6000);
  assert.equal(world.join('g', { memberId: a.id }).given.members.length, 2);
  assert.equal(world.join('g', { memberId: b.id }).given.members.length, 0);
  const syncing = world.sync('g', b.id, 1);
  world.join('g', { memberId: a.id, protocols: [protocol('range', 'x')] });
  assert.equal(syncing.given.errorCode, ERRORS.REBALANCE_IN_PROGRESS);
  assert.equal(world.state('g'), 'PreparingRebalance');
});

test('the group takes a protocol that all offer; the most votes win', () => {
  const world = new World();
  const offers = [
    ['a', 'b', 'c'],
    ['c', 'b', 'x'],
    ['c', 'y', 'b'],
  ];
  for (const names of offers) world.joinDynamic('g', { protocols: names.map((name) => protocol(name)) });
  world.pass(6000);
  assert.equal(world.live('g').protocolName, 'c');
  const { given } = world.join('g', { protocols: [protocol('x'), protocol('y')] });
  assert.equal(given.errorCode, ERRORS.INCONSISTENT_GROUP_PROTOCOL);
  assert.equal(world.join('g', { protocolType: 'connect' }).given.errorCode, ERRORS.INCONSISTENT_GROUP_PROTOCOL);
  assert.equal(world.join('h', { protocols: [] }).given.errorCode, ERRORS.INCONSISTENT_GROUP_PROTOCOL);
  assert.equal(world.state('h'), 'Empty');
});

test('a name that is offered twice counts once', () => {
  const world = new World();
  const twice = [protocol('range'), protocol('range', 'other')];
  const { joining } = world.joinDynamic('g', { protocols: twice });
  world.joinDynamic('g');
  world.pass(60_000);
  assert.equal(joining.given.protocolName, 'range');
});

test('group.max.size: known members come back, more are turned away', () => {
  const world = new World({ 'group.max.size': '2' });
  const [a = '', b = ''] = world.stable('g', 2);
  assert.equal(world.join('g').given.errorCode, ERRORS.GROUP_MAX_SIZE_REACHED);
  assert.equal(world.join('g', { memberId: b }).given.errorCode, 0);
  world.join('g', { memberId: a });
  assert.equal(world.state('g'), 'PreparingRebalance');
  const { joining } = world.joinDynamic('g');
  assert.equal(world.join('g', { memberId: b }).given.errorCode, ERRORS.GROUP_MAX_SIZE_REACHED);
  world.pass(60_000);
  assert.equal(joining.given.generationId, 2);
});

test('version 0 has one timeout; before version 4 a member is added at once', () => {
  const world = new World();
  const joining = world.join('g', { sessionTimeoutMs: 7000, rebalanceTimeoutMs: -1 }, 0);
  assert.equal(world.live('g').rebalanceTimeoutMs, 7000);
  world.pass(7000);
  assert.match(joining.given.memberId, /^c-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
});

test('leaving: a member, several, a stranger, an id that was given; the last one empties the group and it is written', () => {
  const world = new World();
  const [a = '', b = ''] = world.stable('g', 2);
  const pending = world.join('g').given.memberId;
  assert.deepEqual(world.leave('g', { memberId: 'x' }, { memberId: pending }, { memberId: b }), [25, 0, 0]);
  assert.equal(world.state('g'), 'PreparingRebalance');
  assert.equal(world.join('g', { memberId: a }).given.generationId, 2);
  const written = world.log.length;
  assert.deepEqual(world.leave('g', { memberId: a }), [0]);
  assert.equal(world.state('g'), 'Empty');
  assert.equal(world.log.length, written + 1);
  assert.deepEqual(world.leave('none', { memberId: a }), [25]);
  assert.equal(world.ask('LeaveGroup', 2, { groupId: 'g', memberId: a, members: [] }).given.errorCode, 25);
});

test('a first rebalance that everybody leaves ends empty', () => {
  const world = new World();
  const { id, joining } = world.joinDynamic('g');
  world.leave('g', { memberId: id });
  assert.equal(joining.given.errorCode, ERRORS.UNKNOWN_MEMBER_ID);
  assert.equal(world.state('g'), 'PreparingRebalance');
  world.pass(3000);
  assert.equal(world.state('g'), 'Empty');
  assert.equal(world.live('g').generation, 1);
});

test('who asks again before it was answered is answered once, on its last request', () => {
  const world = new World();
  const [a = '', b = ''] = world.stable('g', 2);
  const one = world.join('g', { memberId: a });
  const two = world.join('g', { memberId: a });
  assert.equal(one.given.errorCode, ERRORS.REBALANCE_IN_PROGRESS);
  world.join('g', { memberId: b });
  assert.equal(two.given.generationId, 2);
  const three = world.sync('g', b, 2);
  const four = world.sync('g', b, 2);
  assert.equal(three.given.errorCode, ERRORS.REBALANCE_IN_PROGRESS);
  world.sync('g', a, 2, { [b]: 'B' });
  assert.equal(four.given.assignment.toString(), 'B');
  assert.equal(world.waiting, 0);
});

test('a thousand members settle; a timer that was set anew meanwhile does nothing', () => {
  const world = new World();
  const members = world.stable('g', 1000);
  assert.equal(world.state('g'), 'Stable');
  const stale = {
    kind: 'classicTimer',
    groupId: 'g',
    timer: 'session',
    memberId: members[5] as string,
    serial: 0,
  } as const;
  world.decide(stale);
  assert.equal(world.live('g').members.size, 1000);
  const { timers, replies } = world.decide({
    kind: 'Heartbeat',
    version: 4,
    request: { groupId: 'g', generationId: 1, memberId: members[9] as string, groupInstanceId: null },
    client: { clientId: 'c', clientHost: '/' },
  });
  assert.deepEqual([timers?.length, replies?.length], [1, 0]);
});
