/** The leader's rules, one by one: min.insync.replicas, epochs, the high watermark, who joins and leaves the ISR. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PartitionAssignment, PartitionState } from '../../../../src/machine/partition/partition.ts';
import { ERRORS } from '../../../../src/protocol/errors.ts';

const ALONE: PartitionAssignment = { leader: 1, leaderEpoch: 3, partitionEpoch: 7, replicas: [1], isr: [1] };
const THREE: PartitionAssignment = {
  leader: 1,
  leaderEpoch: 3,
  partitionEpoch: 7,
  replicas: [1, 2, 3],
  isr: [1, 2, 3],
};

function leader(assignment = THREE, logEndOffset = 0): PartitionState {
  const state = new PartitionState(1);
  assert.equal(state.apply(assignment, logEndOffset, 0), true);
  return state;
}

test('alone, what is appended is committed', () => {
  const state = leader(ALONE, 5);
  assert.equal(state.highWatermark, 5);
  assert.equal(state.localAppended(6), true);
  assert.equal(state.localAppended(6), false);
  assert.equal(state.highWatermark, 6);
  assert.equal(state.checkAppend(-1, 1), ERRORS.NONE);
  // No more can be asked for than there are replicas, as Kafka has it.
  assert.equal(state.checkAppend(-1, 2), ERRORS.NONE);
  assert.equal(state.checkCommitted(2), ERRORS.NONE);
});

test('acks=all needs min.insync.replicas, before and after the append', () => {
  const state = leader({ ...THREE, isr: [1] });
  assert.equal(state.checkAppend(1, 2), ERRORS.NONE);
  assert.equal(state.checkAppend(0, 2), ERRORS.NONE);
  assert.equal(state.checkAppend(-1, 2), ERRORS.NOT_ENOUGH_REPLICAS);
  assert.equal(state.checkAppend(-1, 1), ERRORS.NONE);
  assert.equal(state.checkCommitted(2), ERRORS.NOT_ENOUGH_REPLICAS_AFTER_APPEND);
  assert.equal(state.checkCommitted(1), ERRORS.NONE);
  assert.equal(state.checkCommitted(1, 2), ERRORS.NOT_LEADER_OR_FOLLOWER);
});

test('epochs are compared before leadership', () => {
  const state = leader();
  assert.equal(state.checkEpoch(-1), ERRORS.NONE);
  assert.equal(state.checkEpoch(3), ERRORS.NONE);
  assert.equal(state.checkEpoch(2), ERRORS.FENCED_LEADER_EPOCH);
  assert.equal(state.checkEpoch(4), ERRORS.UNKNOWN_LEADER_EPOCH);
  assert.equal(state.apply({ ...THREE, leader: 2, leaderEpoch: 4, partitionEpoch: 8 }, 0, 0), true);
  assert.equal(state.checkEpoch(4), ERRORS.NOT_LEADER_OR_FOLLOWER);
  assert.equal(state.checkEpoch(4, false), ERRORS.NONE);
  assert.equal(state.checkEpoch(3), ERRORS.FENCED_LEADER_EPOCH);
  assert.equal(state.checkAppend(1, 1), ERRORS.NOT_LEADER_OR_FOLLOWER);
});

test('an older image is ignored', () => {
  const state = leader();
  assert.equal(state.apply({ ...THREE, leader: 2, leaderEpoch: 2, partitionEpoch: 6 }, 0, 0), false);
  assert.equal(state.leaderEpoch, 3);
  assert.ok(state.isLeader);
});

test('the high watermark is the least of the ISR', () => {
  const state = leader();
  assert.equal(state.localAppended(10, 1), false);
  assert.equal(state.followerFetched(2, 8, true, 2), false, 'the third has not fetched');
  assert.equal(state.followerFetched(3, 5, true, 3), true);
  assert.equal(state.highWatermark, 5);
  assert.equal(state.followerFetched(3, 10, true, 4), true);
  assert.equal(state.highWatermark, 8);
  assert.equal(state.followerFetched(9, 10, true, 5), false, 'no replica');
  assert.equal(state.endOffsetOf(2), 8);
  assert.equal(state.endOffsetOf(1), 10);
  assert.equal(state.endOffsetOf(9), -1);
});

test('with fewer in sync than min.insync.replicas it stands still', () => {
  const state = leader({ ...THREE, isr: [1] });
  state.minInsyncReplicas = 2;
  assert.equal(state.localAppended(10, 100_000), false);
  assert.equal(state.highWatermark, 0);
  state.minInsyncReplicas = 1;
  assert.equal(state.localAppended(11, 100_000), true);
  assert.equal(state.highWatermark, 11);
});

test('a follower that is caught up joins, and is waited for before the controller has said so', () => {
  const state = leader({ ...THREE, isr: [1, 2] });
  state.localAppended(10, 1);
  state.followerFetched(2, 10, true, 2);
  assert.equal(state.highWatermark, 10);
  state.followerFetched(3, 4, true, 3);
  assert.equal(state.isrChange(4), null, 'it is behind the high watermark');
  state.followerFetched(3, 10, true, 5);
  const change = state.isrChange(6);
  assert.deepEqual(change, { leaderEpoch: 3, partitionEpoch: 7, isr: [1, 2, 3] });
  assert.ok(change);
  state.proposed(change);
  assert.equal(state.isrChange(7), null, 'one at a time');
  assert.deepEqual(state.maximalIsr, [1, 2, 3]);
  state.localAppended(12, 8);
  assert.equal(state.followerFetched(2, 12, true, 9), false, 'the third counts already');
  assert.equal(state.accepted(8, [1, 2, 3], 10), false);
  assert.equal(state.followerFetched(3, 12, true, 11), true);
  assert.equal(state.highWatermark, 12);
});

test('a follower that is not eligible does not join', () => {
  const state = leader({ ...THREE, isr: [1] });
  state.followerFetched(2, 0, false, 1);
  assert.equal(state.isrChange(2), null);
});

test('a follower that lags leaves, and its place counts until the controller has said so', () => {
  const state = leader();
  state.localAppended(10, 1);
  state.followerFetched(2, 10, true, 2);
  state.followerFetched(3, 3, true, 2);
  assert.equal(state.isrChange(30_000), null);
  state.followerFetched(2, 10, true, 30_002);
  const change = state.isrChange(30_003);
  assert.deepEqual(change?.isr, [1, 2]);
  assert.ok(change);
  state.proposed(change);
  assert.equal(state.highWatermark, 3);
  assert.equal(state.rejected(30_004), false);
  const again = state.isrChange(30_005);
  assert.ok(again);
  state.proposed(again);
  assert.equal(state.accepted(8, [1, 2], 30_006), true);
  assert.equal(state.highWatermark, 10);
});

test('a new leader epoch forgets what followers had, and asks them to reach its start', () => {
  const state = leader({ ...THREE, isr: [1] }, 20);
  assert.equal(state.leaderEpochStartOffset, 20);
  assert.equal(state.apply({ ...THREE, isr: [1], leaderEpoch: 4, partitionEpoch: 8 }, 25, 0), true);
  assert.equal(state.leaderEpochStartOffset, 25);
  assert.equal(state.endOffsetOf(2), -1);
  state.followerFetched(2, 24, true, 1);
  assert.equal(state.isrChange(2), null);
  state.followerFetched(2, 25, true, 3);
  assert.deepEqual(state.isrChange(4)?.isr, [1, 2]);
});

test('a follower follows the high watermark of its leader as far as its own log goes', () => {
  const state = new PartitionState(2);
  state.apply(THREE, 4, 0);
  assert.equal(state.followLeader(10, 6), true);
  assert.equal(state.highWatermark, 6);
  assert.equal(state.followLeader(5, 9), false);
  assert.equal(state.followLeader(10, 12), true);
  assert.equal(state.highWatermark, 10);
  // A truncation takes it back.
  state.apply({ ...THREE, leader: 3, leaderEpoch: 4, partitionEpoch: 8 }, 8, 0);
  assert.equal(state.highWatermark, 8);
});
