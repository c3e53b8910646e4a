import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NEEDS_PRODUCER_ID } from '../../../../src/machine/transaction/decision.ts';
import { STATUSES } from '../../../../src/machine/transaction/state.ts';
import { ERRORS } from '../../../../src/protocol/errors.ts';
import { FIRST_PRODUCER_ID, initEvent, NOW, type Producer, TransactionLog } from './log.ts';

/** Code, producer id, epoch. */
type Said = readonly [errorCode: number, producerId: number, producerEpoch: number];

function said(log: TransactionLog, request: Parameters<TransactionLog['init']>[0] = {}, version = 5): Said {
  const { errorCode, producerId = -1, producerEpoch } = log.init(request, version);
  return [errorCode, producerId, producerEpoch];
}

function refused(errorCode: number): Said {
  return [errorCode, -1, -1];
}

/** With epoch 32766 in this state. */
function exhausted(status: 'Empty' | 'CompleteCommit' | 'Ongoing', producerEpoch = 32_766): TransactionLog {
  const log = new TransactionLog();
  log.go(status);
  log.set({ producerEpoch });
  return log;
}

const ID = FIRST_PRODUCER_ID;

describe('InitProducerId: the request', () => {
  const cases: readonly [string, Parameters<TransactionLog['init']>[0], Readonly<Record<string, string>>, Said][] = [
    ['the empty id', { transactionalId: '' }, {}, refused(ERRORS.INVALID_REQUEST)],
    ['timeout 0', { transactionTimeoutMs: 0 }, {}, refused(ERRORS.INVALID_TRANSACTION_TIMEOUT)],
    ['a negative timeout', { transactionTimeoutMs: -1 }, {}, refused(ERRORS.INVALID_TRANSACTION_TIMEOUT)],
    ['the longest timeout', { transactionTimeoutMs: 900_000 }, {}, [ERRORS.NONE, ID, 0]],
    ['a longer one', { transactionTimeoutMs: 900_001 }, {}, refused(ERRORS.INVALID_TRANSACTION_TIMEOUT)],
    [
      'as the setting says',
      { transactionTimeoutMs: 11 },
      { 'transaction.max.timeout.ms': '10' },
      refused(ERRORS.INVALID_TRANSACTION_TIMEOUT),
    ],
    ['two-phase commit', { enable2Pc: true }, {}, refused(ERRORS.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)],
    [
      'two-phase commit, allowed',
      { enable2Pc: true, transactionTimeoutMs: -1 },
      { 'transaction.two.phase.commit.enable': 'true' },
      [ERRORS.NONE, ID, 0],
    ],
    ['a prepared transaction is kept', { keepPreparedTxn: true }, {}, refused(ERRORS.UNSUPPORTED_VERSION)],
  ];
  for (const [name, request, settings, expected] of cases) {
    test(name, () => {
      const log = new TransactionLog(2, settings);
      assert.deepEqual(said(log, request, 6), expected);
      assert.equal(log.records.length, expected[0] === ERRORS.NONE ? 1 : 0);
    });
  }

  test('with two-phase commit there is no timeout', () => {
    const log = new TransactionLog(2, { 'transaction.two.phase.commit.enable': 'true' });
    log.init({ enable2Pc: true, transactionTimeoutMs: 1000 }, 6);
    assert.equal(log.described().transactionTimeoutMs, 2_147_483_647);
  });
});

describe('InitProducerId: ids and epochs', () => {
  test('a new id is a producer id that nobody had, with epoch 0', () => {
    const log = new TransactionLog();
    assert.deepEqual(said(log), [ERRORS.NONE, ID, 0]);
    assert.deepEqual(said(log, { transactionalId: 'y' }), [ERRORS.NONE, ID + 1, 0]);
  });

  test('a new id takes no notice of what is expected', () => {
    assert.deepEqual(said(new TransactionLog(), { producerId: 5, producerEpoch: 7 }), [ERRORS.NONE, ID, 0]);
  });

  test('without a producer id at hand nothing is decided', () => {
    const log = new TransactionLog();
    log.idsAtHand = 0;
    const { records, answer } = log.decide<'InitProducerId'>(initEvent());
    assert.deepEqual([records, answer], [[], NEEDS_PRODUCER_ID]);
    log.idsAtHand = 1;
    assert.deepEqual(said(log), [ERRORS.NONE, ID, 0]);
    log.idsAtHand = 0;
    assert.deepEqual(said(log), [ERRORS.NONE, ID, 1]);
  });

  for (const status of ['Empty', 'CompleteCommit', 'CompleteAbort'] as const) {
    test(`${status}: the epoch goes up, the timeout is the new one, partitions and times are none`, () => {
      const log = new TransactionLog();
      const { producerEpoch } = log.go(status);
      log.now += 5;
      assert.deepEqual(said(log, { transactionTimeoutMs: 7 }), [ERRORS.NONE, ID, producerEpoch + 1]);
      const { transactionState, transactionTimeoutMs, transactionStartTimeMs, topics } = log.described();
      assert.deepEqual([transactionState, transactionTimeoutMs, transactionStartTimeMs, topics], ['Empty', 7, -1, []]);
      assert.equal(log.of()?.lastUpdateTimestamp, NOW + 5);
    });
  }

  for (const status of ['PrepareCommit', 'PrepareAbort'] as const) {
    test(`${status}: it has to wait, whoever asks`, () => {
      const log = new TransactionLog();
      const producer = log.go(status);
      assert.deepEqual(said(log), refused(ERRORS.CONCURRENT_TRANSACTIONS));
      assert.deepEqual(said(log, producer), refused(ERRORS.CONCURRENT_TRANSACTIONS));
      assert.deepEqual(said(log, { producerId: 5, producerEpoch: 5 }), refused(ERRORS.CONCURRENT_TRANSACTIONS));
    });
  }
});

describe('InitProducerId while a transaction is open', () => {
  for (const [version, name] of [
    [2, 'version 2: the epoch goes up once'],
    [1, 'version 1: the epoch goes up, as to fence'],
    [0, 'version 0: the same'],
  ] as const) {
    test(`it is aborted, and the client told to come again; ${name}`, () => {
      const log = new TransactionLog(version);
      const { producerEpoch } = log.go('Ongoing', version === 0 ? 0 : 2);
      assert.deepEqual(said(log), refused(ERRORS.CONCURRENT_TRANSACTIONS));
      const [pending] = log.machine.pendingMarkers();
      assert.deepEqual(
        [pending?.producerEpoch, pending?.commit, pending?.transactionVersion],
        [producerEpoch + 1, false, version === 2 ? 2 : 0],
      );
      assert.deepEqual(said(log), refused(ERRORS.CONCURRENT_TRANSACTIONS));
      log.complete();
      assert.deepEqual(said(log), [ERRORS.NONE, ID, producerEpoch + 2]);
    });
  }

  test('what is expected is checked before: a fenced producer aborts nothing', () => {
    const log = new TransactionLog();
    const { producerId } = log.go('Ongoing');
    assert.deepEqual(said(log, { producerId: producerId + 1, producerEpoch: 0 }), refused(ERRORS.PRODUCER_FENCED));
    assert.equal(log.of()?.status, 'Ongoing');
  });

  test('the epoch that is expected is not checked: the abort comes first', () => {
    const log = new TransactionLog();
    const { producerId } = log.go('Ongoing');
    assert.deepEqual(said(log, { producerId, producerEpoch: 77 }), refused(ERRORS.CONCURRENT_TRANSACTIONS));
    assert.equal(log.of()?.status, 'PrepareAbort');
  });

  test('the timeout stays, as the client was told nothing', () => {
    const log = new TransactionLog();
    log.go('Ongoing');
    log.init({ transactionTimeoutMs: 7 });
    assert.equal(log.described().transactionTimeoutMs, 60_000);
  });

  test('version 2: the fenced producer may come back by the epoch that it had', () => {
    const log = new TransactionLog();
    const producer = log.go('Ongoing');
    log.init();
    log.complete();
    assert.deepEqual(said(log, producer), [ERRORS.NONE, ID, producer.producerEpoch + 1]);
  });

  test('version 0: it may not', () => {
    const log = new TransactionLog(0);
    const producer = log.go('Ongoing', 0);
    log.init();
    log.complete();
    assert.deepEqual(said(log, producer), refused(ERRORS.PRODUCER_FENCED));
  });
});

describe('InitProducerId of a producer that goes on (KIP-360)', () => {
  function going(): { log: TransactionLog; first: Producer } {
    const log = new TransactionLog();
    return { log, first: log.go('Empty') };
  }

  test('the newest id and epoch: the next epoch', () => {
    const { log, first } = going();
    assert.deepEqual(said(log, first), [ERRORS.NONE, ID, 1]);
  });

  test('a retry gives what the first one gave', () => {
    const { log, first } = going();
    said(log, first);
    assert.deepEqual(said(log, first), [ERRORS.NONE, ID, 1]);
    assert.deepEqual(said(log, first), [ERRORS.NONE, ID, 1]);
    assert.deepEqual(said(log, { ...first, producerEpoch: 1 }), [ERRORS.NONE, ID, 2]);
    assert.deepEqual(said(log, first), refused(ERRORS.PRODUCER_FENCED));
  });

  test('no retry where somebody else was initialized in between', () => {
    const { log, first } = going();
    said(log);
    assert.deepEqual(said(log, first), refused(ERRORS.PRODUCER_FENCED));
  });

  test('no retry after a reload: the epoch before is in no record', () => {
    const { log, first } = going();
    said(log, first);
    assert.deepEqual(said(log.reloaded(), first), refused(ERRORS.PRODUCER_FENCED));
  });

  test('no retry of what was not written', () => {
    const { log, first } = going();
    log.decide<'InitProducerId'>(initEvent(first));
    log.revert();
    assert.deepEqual(said(log, first), [ERRORS.NONE, ID, 1]);
    log.decide<'InitProducerId'>(initEvent({ ...first, producerEpoch: 1 }));
    log.revert();
    assert.deepEqual(said(log, first), [ERRORS.NONE, ID, 1], 'the epoch before is there again');
  });

  for (const [name, expected] of [
    ['an older epoch', { producerId: ID, producerEpoch: -5 }],
    ['an epoch to come', { producerId: ID, producerEpoch: 1 }],
    ['another producer id', { producerId: ID + 1, producerEpoch: 0 }],
  ] as const) {
    test(`${name} is fenced`, () => {
      assert.deepEqual(said(going().log, expected), refused(ERRORS.PRODUCER_FENCED));
    });
  }

  test('after a commit of version 2 the epoch of the commit goes on as the next one', () => {
    const log = new TransactionLog();
    const { producerId, producerEpoch } = log.go('CompleteCommit');
    const before = { producerId, producerEpoch: producerEpoch - 1 };
    assert.deepEqual(said(log, before), [ERRORS.NONE, ID, producerEpoch]);
    assert.equal(log.of()?.status, 'Empty');
  });
});

describe('InitProducerId: epochs end', () => {
  test('32766 is the last one', () => {
    const log = exhausted('Empty', 32_765);
    assert.deepEqual(said(log), [ERRORS.NONE, ID, 32_766]);
    assert.deepEqual(said(log), [ERRORS.NONE, ID + 1, 0]);
  });

  test('then there is a new id, and a retry gives it again', () => {
    const log = exhausted('CompleteCommit');
    const last = { producerId: ID, producerEpoch: 32_766 };
    assert.deepEqual(said(log, last), [ERRORS.NONE, ID + 1, 0]);
    assert.deepEqual(said(log, last), [ERRORS.NONE, ID + 1, 0]);
    assert.deepEqual(said(log, { ...last, producerEpoch: 32_765 }), refused(ERRORS.PRODUCER_FENCED));
  });

  test('no retry where the client has not said that it goes on', () => {
    const log = exhausted('Empty');
    assert.deepEqual(said(log), [ERRORS.NONE, ID + 1, 0]);
    assert.deepEqual(said(log, { producerId: ID, producerEpoch: 32_766 }), refused(ERRORS.PRODUCER_FENCED));
  });

  test('another epoch than the last one fails as in Kafka', () => {
    const log = exhausted('Empty');
    assert.deepEqual(said(log, { producerId: ID, producerEpoch: 3 }), refused(ERRORS.UNKNOWN_SERVER_ERROR));
  });

  test('none at hand: nothing is decided', () => {
    const log = exhausted('Empty');
    log.idsAtHand = 0;
    assert.deepEqual(log.decide<'InitProducerId'>(initEvent()), { records: [], answer: NEEDS_PRODUCER_ID });
  });

  test('an open transaction is aborted with the epoch that is kept for it, and the next id goes with it', () => {
    const log = exhausted('Ongoing');
    assert.deepEqual(said(log), refused(ERRORS.CONCURRENT_TRANSACTIONS));
    const [pending] = log.machine.pendingMarkers();
    assert.deepEqual([pending?.producerId, pending?.producerEpoch], [ID, 32_767]);
    log.complete();
    assert.deepEqual(log.producer(), { producerId: ID + 1, producerEpoch: 0 });
    assert.deepEqual(said(log), [ERRORS.NONE, ID + 1, 1]);
  });

  test('the same without a producer id at hand: nothing is decided', () => {
    const log = exhausted('Ongoing');
    log.idsAtHand = 0;
    assert.deepEqual(log.decide<'InitProducerId'>(initEvent()), { records: [], answer: NEEDS_PRODUCER_ID });
    assert.equal(log.of()?.status, 'Ongoing');
  });

  test('version 0: the abort takes the epoch that is kept, the id is a new one at the next request', () => {
    const log = new TransactionLog(0);
    log.go('Ongoing', 0);
    log.set({ producerEpoch: 32_766 });
    said(log);
    log.complete();
    assert.deepEqual(log.producer(), { producerId: ID, producerEpoch: 32_767 });
    assert.deepEqual(said(log), [ERRORS.NONE, ID + 1, 0]);
  });
});

test('every state has its answer', () => {
  for (const status of STATUSES) {
    const log = new TransactionLog();
    log.go(status);
    const code = status === 'Ongoing' || status.startsWith('Prepare') ? ERRORS.CONCURRENT_TRANSACTIONS : ERRORS.NONE;
    assert.equal(log.init().errorCode, code, status);
  }
});
