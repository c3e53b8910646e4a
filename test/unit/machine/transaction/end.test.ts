import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NEEDS_PRODUCER_ID } from '../../../../src/machine/transaction/decision.ts';
import { STATUSES, type Status } from '../../../../src/machine/transaction/state.ts';
import { ERRORS } from '../../../../src/protocol/errors.ts';
import { endEvent, FIRST_PRODUCER_ID, NOW, type Producer, TransactionLog } from './log.ts';

const { NONE, PRODUCER_FENCED, INVALID_PRODUCER_ID_MAPPING, CONCURRENT_TRANSACTIONS, INVALID_TXN_STATE } = ERRORS;
const OLD = 4;
const NEW = 5;
const ID = FIRST_PRODUCER_ID;

/** Code, producer id, epoch. */
function said(log: TransactionLog, committed: boolean, producer: Partial<Producer> = {}, version = NEW): number[] {
  const { errorCode, producerId = -1, producerEpoch = -1 } = log.end(committed, producer, version);
  return [errorCode, producerId, producerEpoch];
}

function refused(errorCode: number): number[] {
  return [errorCode, -1, -1];
}

describe('EndTxn up to version 4: the epoch stays', () => {
  /** Commit, abort. */
  const CODES: Readonly<Record<Status, readonly [number, number]>> = {
    Empty: [INVALID_TXN_STATE, INVALID_TXN_STATE],
    Ongoing: [NONE, NONE],
    PrepareCommit: [CONCURRENT_TRANSACTIONS, CONCURRENT_TRANSACTIONS],
    PrepareAbort: [CONCURRENT_TRANSACTIONS, CONCURRENT_TRANSACTIONS],
    CompleteCommit: [NONE, INVALID_TXN_STATE],
    CompleteAbort: [INVALID_TXN_STATE, NONE],
  };
  for (const status of STATUSES) {
    for (const committed of [true, false]) {
      test(`${committed ? 'commit' : 'abort'} in ${status}`, () => {
        const log = new TransactionLog();
        const producer = log.go(status, 0);
        assert.equal(said(log, committed, {}, OLD)[0], CODES[status][committed ? 0 : 1]);
        assert.deepEqual(log.producer(), producer);
      });
    }

    test(`${status}: another producer id, another epoch`, () => {
      const log = new TransactionLog();
      log.go(status, 0);
      for (const producerEpoch of [-1, 1]) assert.equal(said(log, true, { producerEpoch }, OLD)[0], PRODUCER_FENCED);
      assert.equal(said(log, true, { producerId: 5, producerEpoch: 1 }, OLD)[0], INVALID_PRODUCER_ID_MAPPING);
    });
  }

  test('the last epoch does not end with it', () => {
    const log = new TransactionLog();
    log.go('Ongoing', 0);
    log.set({ producerEpoch: 32_766 });
    said(log, true, {}, OLD);
    log.complete();
    assert.deepEqual(log.producer(), { producerId: ID, producerEpoch: 32_766 });
  });
});

describe('EndTxn from version 5: the epoch goes up', () => {
  /** Of the newest epoch: commit, abort. */
  const FIRST: Readonly<Record<Status, readonly [number, number]>> = {
    Empty: [INVALID_TXN_STATE, NONE],
    Ongoing: [NONE, NONE],
    PrepareCommit: [CONCURRENT_TRANSACTIONS, CONCURRENT_TRANSACTIONS],
    PrepareAbort: [CONCURRENT_TRANSACTIONS, CONCURRENT_TRANSACTIONS],
    CompleteCommit: [INVALID_TXN_STATE, NONE],
    CompleteAbort: [INVALID_TXN_STATE, NONE],
  };
  /** Of the epoch before. */
  const AGAIN: Readonly<Record<Status, readonly [number, number]>> = {
    Empty: [PRODUCER_FENCED, PRODUCER_FENCED],
    Ongoing: [PRODUCER_FENCED, PRODUCER_FENCED],
    PrepareCommit: [CONCURRENT_TRANSACTIONS, CONCURRENT_TRANSACTIONS],
    PrepareAbort: [CONCURRENT_TRANSACTIONS, CONCURRENT_TRANSACTIONS],
    CompleteCommit: [NONE, INVALID_TXN_STATE],
    CompleteAbort: [INVALID_TXN_STATE, NONE],
  };
  for (const status of STATUSES) {
    for (const committed of [true, false]) {
      const name = `${committed ? 'commit' : 'abort'} in ${status}`;
      test(name, () => {
        const log = new TransactionLog();
        const { producerEpoch } = log.go(status);
        const code = FIRST[status][committed ? 0 : 1];
        assert.deepEqual(said(log, committed), code === NONE ? [NONE, ID, producerEpoch + 1] : refused(code));
      });

      test(`${name}, of the epoch before`, () => {
        const log = new TransactionLog();
        const { producerEpoch } = log.go(status);
        const { length } = log.records;
        const code = AGAIN[status][committed ? 0 : 1];
        const expected = code === NONE ? [NONE, ID, producerEpoch] : refused(code);
        assert.deepEqual(said(log, committed, { producerEpoch: producerEpoch - 1 }), expected);
        assert.equal(log.records.length, length);
      });
    }

    test(`${status}: another producer id, another epoch`, () => {
      const log = new TransactionLog();
      const { producerEpoch } = log.go(status);
      const wait = status.startsWith('Prepare') ? CONCURRENT_TRANSACTIONS : null;
      for (const change of [-2, 1]) {
        assert.equal(said(log, true, { producerEpoch: producerEpoch + change })[0], wait ?? PRODUCER_FENCED);
      }
      assert.equal(said(log, true, { producerId: 5 })[0], wait ?? INVALID_PRODUCER_ID_MAPPING);
    });
  }

  for (const status of ['Empty', 'CompleteCommit', 'CompleteAbort'] as const) {
    test(`an abort without a transaction in ${status} begins and ends in the same moment, and has no partitions`, () => {
      const log = new TransactionLog();
      log.go(status);
      log.now = NOW + 5;
      said(log, false);
      const { startTimestamp, lastUpdateTimestamp, partitions } = log.of() ?? {};
      assert.deepEqual([startTimestamp, lastUpdateTimestamp, partitions?.size], [NOW + 5, NOW + 5, 0]);
      assert.deepEqual(log.machine.pendingMarkers()[0]?.topics, []);
      log.complete();
      assert.equal(log.of()?.status, 'CompleteAbort');
    });
  }

  test('a client that speaks version 4 in between is known by its own rules', () => {
    const log = new TransactionLog();
    log.go('CompleteCommit');
    assert.equal(said(log, true, {}, OLD)[0], NONE);
    log.add();
    assert.equal(said(log, true, {}, OLD)[0], NONE);
    log.complete();
    assert.deepEqual(said(log, false), [NONE, ID, 2]);
  });

  test('after a fence its producer is told that it is fenced, or that the transaction is aborted', () => {
    const log = new TransactionLog();
    const before = log.go('Ongoing');
    log.init();
    assert.deepEqual(said(log, true, before), refused(CONCURRENT_TRANSACTIONS));
    log.complete();
    assert.deepEqual(said(log, true, before), refused(INVALID_TXN_STATE));
    assert.deepEqual(said(log, false, before), [NONE, ID, before.producerEpoch + 1]);
    log.init();
    assert.deepEqual(said(log, false, before), refused(PRODUCER_FENCED));
  });

  test('records of version 0 have no place for it: nothing is decided', () => {
    const log = new TransactionLog(0);
    log.go('Ongoing', 0);
    assert.deepEqual(said(log, true), refused(ERRORS.UNSUPPORTED_VERSION));
    assert.equal(said(log, true, {}, OLD)[0], NONE);
  });

  test('records of version 1 have', () => {
    const log = new TransactionLog(1);
    log.go('Ongoing');
    assert.deepEqual(said(log, true), [NONE, ID, 1]);
  });
});

describe('EndTxn from version 5: epochs end', () => {
  const LAST = { producerId: ID, producerEpoch: 32_766 };

  function last(status: 'Ongoing' | 'Empty' = 'Ongoing', producerEpoch = LAST.producerEpoch): TransactionLog {
    const log = new TransactionLog();
    log.go(status);
    log.set({ producerEpoch });
    return log;
  }

  for (const committed of [true, false]) {
    test(`${committed ? 'commit' : 'abort'} of 32766: the producer goes on with a new id, the markers have the epoch that is kept`, () => {
      const log = last();
      assert.deepEqual(said(log, committed), [NONE, ID + 1, 0]);
      const [pending] = log.machine.pendingMarkers();
      assert.deepEqual([pending?.producerId, pending?.producerEpoch, pending?.commit], [ID, 32_767, committed]);
      assert.equal(log.described().producerId, ID);
      log.complete();
      assert.deepEqual(log.producer(), { producerId: ID + 1, producerEpoch: 0 });
    });

    test(`a retry of it gives the new id again, also after a reload; the other outcome is wrong`, () => {
      const log = last();
      said(log, committed);
      log.complete();
      for (const each of [log, log.reloaded()]) {
        assert.deepEqual(said(each, committed, LAST), [NONE, ID + 1, 0]);
        assert.deepEqual(said(each, !committed, LAST), refused(INVALID_TXN_STATE));
        assert.deepEqual(
          said(each, committed, { ...LAST, producerEpoch: 32_765 }),
          refused(INVALID_PRODUCER_ID_MAPPING),
        );
      }
    });
  }

  test('32765 is not the last', () => {
    const log = last('Ongoing', 32_765);
    assert.deepEqual(said(log, true), [NONE, ID, 32_766]);
  });

  test('an abort of nothing takes a new id, too', () => {
    assert.deepEqual(said(last('Empty'), false), [NONE, ID + 1, 0]);
  });

  test('a retry is none once a transaction has begun', () => {
    const log = last();
    said(log, true);
    log.complete();
    log.add();
    assert.deepEqual(said(log, true, LAST), refused(INVALID_PRODUCER_ID_MAPPING));
  });

  test('none at hand: nothing is decided', () => {
    const log = last();
    log.idsAtHand = 0;
    const event = endEvent(true, LAST, NEW, 'x');
    assert.deepEqual(log.decide<'EndTxn'>(event), { records: [], answer: NEEDS_PRODUCER_ID });
    assert.equal(log.of()?.status, 'Ongoing');
  });
});

describe('EndTxn: the request', () => {
  for (const version of [0, OLD, NEW]) {
    test(`version ${version}: an unknown id, and the empty one`, () => {
      const log = new TransactionLog();
      const producer = { producerId: 1, producerEpoch: 0 };
      assert.equal(log.end(true, producer, version, 'nobody').errorCode, INVALID_PRODUCER_ID_MAPPING);
      assert.equal(log.end(true, producer, version, '').errorCode, ERRORS.INVALID_REQUEST);
    });
  }
});
