/** Markers on their way: every partition once, a few at a time, again where it could not be taken, and nothing after the end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '../../../src/base/prng.ts';
import { TransactionMarkers } from '../../../src/coordinator/transaction-markers.ts';
import type { PendingMarkers } from '../../../src/machine/transaction/decision.ts';
import type { Logger } from '../../../src/port/log.ts';
import { ERRORS } from '../../../src/protocol/errors.ts';
import type { TransactionMarker } from '../../../src/protocol/transaction-marker.ts';
import { VirtualClock } from '../../simulator/virtual-clock.ts';
import { silent } from './fixture.ts';

interface Written {
  readonly at: string;
  readonly marker: TransactionMarker;
  readonly done: (errorCode: number) => void;
}

function world() {
  const clock = new VirtualClock();
  const written: Written[] = [];
  const warnings: string[] = [];
  const log: Logger = { ...silent, warn: (message) => void warnings.push(message) };
  const markers = new TransactionMarkers({
    clock,
    log,
    write: (topic, partition, marker, done) => void written.push({ at: `${topic}-${partition}`, marker, done }),
  });
  return { clock, written, warnings, markers };
}

function pending(partitions: number, more: Partial<PendingMarkers> = {}): PendingMarkers {
  const partitionIds = Array.from({ length: partitions }, (_, partition) => partition);
  return {
    transactionalId: 'id',
    producerId: 7,
    producerEpoch: 3,
    commit: true,
    transactionVersion: 2,
    topics: [{ topic: 't', partitionIds }],
    ...more,
  };
}

const goesOn = (): boolean => false;

test('each partition is given the marker of the decision, and the end is told once', () => {
  const { written, markers } = world();
  let ends = 0;
  const topics = [
    { topic: 'a', partitionIds: [0, 2] },
    { topic: 'b', partitionIds: [5] },
  ];
  markers.send(pending(0, { topics, commit: false }), 9, goesOn, () => ends++);
  assert.deepEqual(
    written.map(({ at }) => at),
    ['a-0', 'a-2', 'b-5'],
  );
  const marker = { producerId: 7, producerEpoch: 3, commit: false, coordinatorEpoch: 9, transactionVersion: 2 };
  for (const each of written) assert.deepEqual(each.marker, marker);
  written[1]?.done(ERRORS.NONE);
  written[0]?.done(ERRORS.NONE);
  assert.equal(ends, 0);
  written[2]?.done(ERRORS.NONE);
  assert.equal(ends, 1);
  assert.deepEqual(markers.held, { inFlight: 0, transactions: 0 });
});

test('a transaction without partitions is over at once', () => {
  const { markers } = world();
  let ends = 0;
  markers.send(pending(0), 1, goesOn, () => ends++);
  assert.equal(ends, 1);
});

test('thousands of partitions go a few at a time, and a partition that cannot take its marker now is asked again', () => {
  const { clock, written, markers } = world();
  const random = new SeededRandom(3);
  const taken = new Map<string, number>();
  let ends = 0;
  let most = 0;
  markers.send(pending(10_000), 1, goesOn, () => ends++);
  markers.send(
    pending(3, { transactionalId: 'other', topics: [{ topic: 'u', partitionIds: [1] }] }),
    1,
    goesOn,
    () => ends++,
  );
  while (ends < 2) {
    most = Math.max(most, markers.held.inFlight);
    const next = written.splice(random.below(written.length), 1)[0];
    if (next === undefined) clock.advance(100);
    else if (random.chance(0.2))
      next.done(random.chance(0.5) ? ERRORS.NOT_LEADER_OR_FOLLOWER : ERRORS.KAFKA_STORAGE_ERROR);
    else {
      taken.set(next.at, (taken.get(next.at) ?? 0) + 1);
      next.done(ERRORS.NONE);
    }
  }
  assert.equal(taken.size, 10_001);
  assert.ok([...taken.values()].every((times) => times === 1));
  assert.ok(most <= 512, `${most} at once`);
  assert.equal(written.length, 0);
});

test('a topic that was deleted, and a producer that is past the transaction, hold nothing up', () => {
  const { written, warnings, markers } = world();
  let ends = 0;
  markers.send(pending(2), 1, goesOn, () => ends++);
  written[0]?.done(ERRORS.UNKNOWN_TOPIC_OR_PARTITION);
  assert.equal(warnings.length, 0);
  written[1]?.done(ERRORS.INVALID_PRODUCER_EPOCH);
  assert.equal(ends, 1);
  assert.equal(warnings.length, 1);
});

test('a later coordinator ends the work of an earlier one', () => {
  const { clock, written, warnings, markers } = world();
  let ends = 0;
  markers.send(pending(600), 1, goesOn, () => ends++);
  assert.equal(written.length, 512);
  written[0]?.done(ERRORS.TRANSACTION_COORDINATOR_FENCED);
  assert.equal(written.length, 512);
  for (const { done } of written.slice(1)) done(ERRORS.NOT_LEADER_OR_FOLLOWER);
  clock.advance(10_000);
  assert.equal(written.length, 512);
  assert.equal(ends, 0);
  assert.equal(warnings.length, 1);
});

test('a coordinator that has ended writes no more, and hears nothing', () => {
  const { clock, written, markers } = world();
  let isStopped = false;
  let ends = 0;
  markers.send(
    pending(2),
    1,
    () => isStopped,
    () => ends++,
  );
  written[0]?.done(ERRORS.NOT_LEADER_OR_FOLLOWER);
  isStopped = true;
  clock.advance(10_000);
  assert.equal(written.length, 2);
  written[1]?.done(ERRORS.NONE);
  assert.equal(ends, 0);
});
