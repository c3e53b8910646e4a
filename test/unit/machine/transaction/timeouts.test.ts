import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NEEDS_PRODUCER_ID, type TransactionDecision } from '../../../../src/machine/transaction/decision.ts';
import { STATUSES } from '../../../../src/machine/transaction/state.ts';
import { ERRORS } from '../../../../src/protocol/errors.ts';
import { FIRST_PRODUCER_ID, NOW, T0, TransactionLog } from './log.ts';

const ABORT_MS = 10_000;
const EXPIRE_MS = 3_600_000;
const EXPIRATION_MS = 604_800_000;

function abort(log: TransactionLog): TransactionDecision<null> {
  const decision = log.decide<'abortTimedOut'>({ kind: 'abortTimedOut' });
  log.commit();
  return decision;
}

function expire(log: TransactionLog): TransactionDecision<null> {
  const decision = log.decide<'expireIds'>({ kind: 'expireIds' });
  log.commit();
  return decision;
}

function timersOf({ timers }: TransactionDecision<null>): unknown {
  return timers?.map(({ key, delayMs, event }) => [key, delayMs, event?.kind]);
}

test('what has begun looks at intervals for what is late and what is old', () => {
  const settings = {
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': '11',
    'transaction.remove.expired.transaction.cleanup.interval.ms': '22',
  };
  for (const [log, abortMs, expireMs] of [
    [new TransactionLog(), ABORT_MS, EXPIRE_MS],
    [new TransactionLog(2, settings), 11, 22],
  ] as const) {
    const began = log.decide<'began'>({ kind: 'began' });
    assert.deepEqual(timersOf(began), [
      ['abortTimedOut', abortMs, 'abortTimedOut'],
      ['expireIds', expireMs, 'expireIds'],
    ]);
    assert.deepEqual(timersOf(abort(log)), [['abortTimedOut', abortMs, 'abortTimedOut']]);
    assert.deepEqual(timersOf(expire(log)), [['expireIds', expireMs, 'expireIds']]);
  }
});

describe('a transaction that is open for too long', () => {
  /** Open since NOW, with 100 ms. */
  function open(version = 2, addVersion = 4): TransactionLog {
    const log = new TransactionLog(version);
    log.init({ transactionTimeoutMs: 100 });
    log.add(T0, {}, addVersion);
    return log;
  }

  test('is aborted after its timeout, not at it', () => {
    const log = open();
    log.now = NOW + 100;
    assert.deepEqual(abort(log).records, []);
    log.now = NOW + 101;
    assert.equal(abort(log).records.length, 1);
    assert.equal(log.of()?.status, 'PrepareAbort');
    assert.deepEqual(abort(log).records, []);
  });

  test('counts from its beginning, whatever was added since', () => {
    const log = open();
    log.now = NOW + 99;
    log.add([{ name: 'u', partitions: [0] }]);
    log.now = NOW + 101;
    assert.equal(abort(log).records.length, 1);
  });

  for (const [version, addVersion] of [
    [2, 4],
    [1, 4],
    [0, 3],
  ] as const) {
    test(`transaction.version ${version}: its producer is fenced by the next epoch`, () => {
      const log = open(version, addVersion);
      const producer = log.producer();
      log.now = NOW + 200;
      abort(log);
      const [pending] = log.machine.pendingMarkers();
      assert.deepEqual(pending, {
        transactionalId: 'x',
        producerId: FIRST_PRODUCER_ID,
        producerEpoch: 1,
        commit: false,
        transactionVersion: version === 2 ? 2 : 0,
        topics: [{ topic: 't', partitionIds: [0] }],
      });
      log.complete();
      assert.deepEqual(log.add(T0, producer, 3), [ERRORS.PRODUCER_FENCED]);
      assert.equal(log.end(true, producer, 4).errorCode, ERRORS.PRODUCER_FENCED);
    });
  }

  test('version 2: its producer learns of the abort by its own end', () => {
    const log = open();
    const producer = log.producer();
    log.now = NOW + 200;
    abort(log);
    log.complete();
    const { errorCode, producerEpoch } = log.end(false, producer);
    assert.deepEqual([errorCode, producerEpoch], [ERRORS.NONE, 1]);
    assert.equal(log.end(true, producer).errorCode, ERRORS.INVALID_TXN_STATE);
  });

  for (const status of STATUSES.filter((each) => each !== 'Ongoing')) {
    test(`${status} does not time out`, () => {
      const log = new TransactionLog();
      log.go(status);
      log.now += 900_000;
      assert.deepEqual(abort(log).records, []);
    });
  }

  test('one of two-phase commit does not', () => {
    const log = new TransactionLog(2, { 'transaction.two.phase.commit.enable': 'true' });
    log.init({ enable2Pc: true });
    log.add();
    log.now += 2 ** 40;
    assert.deepEqual(abort(log).records, []);
  });

  test('of many those that are late are aborted, in batches as it comes', () => {
    const log = new TransactionLog();
    for (const [index, transactionalId] of ['a', 'b', 'c', 'd'].entries()) {
      log.init({ transactionalId, transactionTimeoutMs: 100 * (index + 1) });
      log.add(T0, {}, 4, transactionalId);
    }
    log.now = NOW + 250;
    const { records, divisible } = abort(log);
    assert.deepEqual(
      records.map(({ key }) => key.transactionalId),
      ['a', 'b'],
    );
    assert.equal(divisible, true);
  });
});

describe('transactions that are late, of producers with the last epoch', () => {
  function late(count: number): TransactionLog {
    const log = new TransactionLog();
    for (let index = 0; index < count; index++) {
      log.init({ transactionalId: `x${index}`, transactionTimeoutMs: 100 });
      log.add(T0, {}, 4, `x${index}`);
      log.set({ producerEpoch: 32_766 }, `x${index}`);
    }
    log.now = NOW + 200;
    return log;
  }

  test('the next producer id goes with the abort', () => {
    const log = late(1);
    assert.equal(abort(log).records.length, 1);
    log.complete('x0');
    assert.deepEqual(log.producer('x0'), { producerId: FIRST_PRODUCER_ID + 1, producerEpoch: 0 });
  });

  test('without an id at hand they stay open, and are soon looked at again; others are aborted meanwhile', () => {
    const log = late(3);
    log.set({ producerEpoch: 5 }, 'x1');
    log.idsAtHand = 0;
    const { records, answer, timers } = abort(log);
    assert.deepEqual(
      records.map(({ key }) => key.transactionalId),
      ['x1'],
    );
    assert.equal(answer, NEEDS_PRODUCER_ID);
    assert.deepEqual(timers, [{ key: 'abortTimedOut', delayMs: 100, event: { kind: 'abortTimedOut' } }]);
    log.idsAtHand = 1;
    assert.equal(abort(log).records.length, 1);
    log.idsAtHand = 1;
    const last = abort(log);
    assert.equal(last.records.length, 1);
    assert.deepEqual(timersOf(last), [['abortTimedOut', ABORT_MS, 'abortTimedOut']]);
  });
});

describe('an id that nobody uses', () => {
  for (const status of STATUSES) {
    const expires = status === 'Empty' || status.startsWith('Complete');
    test(`${status}: it is ${expires ? 'forgotten after a week' : 'never forgotten'}`, () => {
      const log = new TransactionLog();
      log.go(status);
      log.now = NOW + EXPIRATION_MS - 1;
      assert.deepEqual(expire(log).records, []);
      log.now = NOW + EXPIRATION_MS;
      const { records } = expire(log);
      const tombstone = { type: 'transactionLog', key: { transactionalId: 'x' }, version: 0, value: null };
      assert.deepEqual(records, expires ? [tombstone] : []);
      assert.equal(log.described().errorCode, expires ? ERRORS.TRANSACTIONAL_ID_NOT_FOUND : ERRORS.NONE);
    });
  }

  test('whatever is done with it counts', () => {
    const log = new TransactionLog();
    log.go('Empty');
    log.now = NOW + EXPIRATION_MS - 1;
    log.init();
    log.now += 1;
    assert.deepEqual(expire(log).records, []);
  });

  test('as the setting says', () => {
    const log = new TransactionLog(2, { 'transactional.id.expiration.ms': '50' });
    log.go('Empty');
    log.now = NOW + 50;
    assert.equal(expire(log).records.length, 1);
  });

  test('afterwards it is a new one', () => {
    const log = new TransactionLog();
    const producer = log.go('CompleteCommit');
    log.now += EXPIRATION_MS;
    assert.equal(expire(log).divisible, true);
    assert.deepEqual(log.add(T0, producer), [ERRORS.INVALID_PRODUCER_ID_MAPPING]);
    const { producerId, producerEpoch } = log.init(producer);
    assert.deepEqual([producerId, producerEpoch], [FIRST_PRODUCER_ID + 1, 0]);
  });
});
