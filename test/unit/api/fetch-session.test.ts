import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FetchPlan, FetchSessions } from '../../../src/api/fetch-session.ts';
import { ZERO_UUID } from '../../../src/base/uuid.ts';
import { SeededRandom } from '../../../src/base/prng.ts';
import type { FetchRequest } from '../../../src/protocol/schema/01-fetch.ts';

const MINUTE = 60_000;

function sessions(slots: number, shard = 0): FetchSessions {
  const random = new SeededRandom(7);
  return new FetchSessions({ slots, evictionMs: 2 * MINUTE, shard, shardCount: 4 }, (limit) => random.below(limit));
}

function request(sessionId: number, sessionEpoch: number, partitions: readonly number[]): FetchRequest {
  return {
    clusterId: null,
    replicaId: -1,
    replicaState: { replicaId: -1, replicaEpoch: -1 },
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 1,
    isolationLevel: 0,
    sessionId,
    sessionEpoch,
    topics: [
      {
        topic: 't',
        topicId: ZERO_UUID,
        partitions: partitions.map((partition) => ({
          partition,
          currentLeaderEpoch: -1,
          fetchOffset: 0,
          lastFetchedEpoch: -1,
          logStartOffset: -1,
          partitionMaxBytes: 1,
          replicaDirectoryId: ZERO_UUID,
          highWatermark: Number.POSITIVE_INFINITY,
        })),
      },
    ],
    forgottenTopicsData: [],
    rackId: '',
  };
}

const QUIET = { errorCode: 0, highWatermark: 0, logStartOffset: 0, divergingEpoch: -1, recordBytes: 0 };

/** The session that comes of a plan where nothing is to be told. */
function settled(plan: FetchPlan): number {
  assert.ok(plan.kind !== 'refused');
  return plan.settle(
    plan.items.map((_, place) => place),
    () => QUIET,
  ).sessionId;
}

function begin(all: FetchSessions, now: number, size = 1): number {
  return settled(
    all.plan(
      request(
        0,
        0,
        Array.from({ length: size }, (_, i) => i),
      ),
      12,
      now,
    ),
  );
}

test('ids tell the shard and are never 0', () => {
  for (const shard of [0, 1, 2, 3]) {
    const all = sessions(100, shard);
    for (let i = 0; i < 100; i++) assert.equal((begin(all, 0) - 1) % 4, shard);
    assert.equal(all.size, 100);
  }
});

test('a full cache makes no session, and the fetch is answered without one', () => {
  const all = sessions(2);
  assert.ok(begin(all, 0) > 0);
  assert.ok(begin(all, 0) > 0);
  assert.equal(begin(all, MINUTE), 0);
  assert.equal(all.size, 2);
});

test('a session that was not used for long makes room, the one unused longest first', () => {
  const all = sessions(2);
  const first = begin(all, 0);
  const second = begin(all, 1);
  settled(all.plan(request(first, 1, []), 12, 10));
  assert.ok(begin(all, 3 * MINUTE) > 0);
  assert.equal(all.plan(request(second, 1, []), 12, 3 * MINUTE).kind, 'refused');
  assert.equal(all.plan(request(first, 2, []), 12, 3 * MINUTE).kind, 'incremental');
});

test('a larger session drives out a smaller one that is old enough, though it is in use', () => {
  const all = sessions(2);
  const small = begin(all, 0, 1);
  const medium = begin(all, 0, 5);
  const now = 2 * MINUTE + 1;
  settled(all.plan(request(small, 1, []), 12, now));
  settled(all.plan(request(medium, 1, []), 12, now));
  assert.equal(begin(all, now, 1), 0);
  assert.ok(begin(all, now, 9) > 0);
  assert.deepEqual(all.plan(request(small, 2, []), 12, now), { kind: 'refused', errorCode: 70 });
  assert.equal(all.plan(request(medium, 2, []), 12, now).kind, 'incremental');
});

test('each epoch is due once', () => {
  const all = sessions(1);
  const id = begin(all, 0);
  const plan = all.plan(request(id, 1, []), 12, 0);
  assert.equal(plan.kind, 'incremental');
  assert.equal(all.plan(request(id, 1, []), 12, 0).kind, 'refused');
  assert.equal(all.plan(request(id, 2, []), 12, 0).kind, 'incremental');
});

test('what was answered with records goes to the end, so that all have their turn', () => {
  const all = sessions(1);
  const id = begin(all, 0, 3);
  const first = all.plan(request(id, 1, []), 12, 0);
  assert.ok(first.kind !== 'refused');
  first.settle([0, 1, 2], (place) => ({ ...QUIET, recordBytes: place === 0 ? 10 : 0 }));
  const second = all.plan(request(id, 2, []), 12, 0);
  assert.ok(second.kind !== 'refused');
  assert.deepEqual(
    second.items.map(({ partition }) => partition),
    [1, 2, 0],
  );
});
