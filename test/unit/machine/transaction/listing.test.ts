import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ERRORS } from '../../../../src/protocol/errors.ts';
import type { RequestOf } from '../../../../src/protocol/schema/index.ts';
import { FIRST_PRODUCER_ID, initEvent, NOW, T0, TransactionLog } from './log.ts';

/** `empty`, `open` since NOW, `open-long` since before, `done`. */
function many(): TransactionLog {
  const log = new TransactionLog();
  for (const transactionalId of ['empty', 'open', 'open-long', 'done']) log.init({ transactionalId });
  log.now = NOW - 1000;
  log.add(T0, {}, 3, 'open-long');
  log.now = NOW;
  log.add(T0, {}, 3, 'open');
  log.add(T0, {}, 3, 'done');
  log.end(true, {}, 4, 'done');
  log.complete('done');
  return log;
}

describe('ListTransactions', () => {
  const all = ['empty', 'open', 'open-long', 'done'];
  const cases: readonly [string, Partial<RequestOf<'ListTransactions'>>, readonly string[], (readonly string[])?][] = [
    ['nothing is asked for', {}, all],
    ['a state', { stateFilters: ['Ongoing'] }, ['open', 'open-long']],
    ['states', { stateFilters: ['Empty', 'CompleteCommit'] }, ['empty', 'done']],
    ['states are exact', { stateFilters: ['ongoing', ' Empty'] }, [], ['ongoing', ' Empty']],
    ['a state that is unknown, and one that is not', { stateFilters: ['Nonsense', 'Empty'] }, ['empty'], ['Nonsense']],
    ['one that is unknown, twice', { stateFilters: ['Nonsense', 'Nonsense'] }, [], ['Nonsense']],
    ['states that nobody is in', { stateFilters: ['Dead', 'PrepareEpochFence', 'PrepareCommit'] }, []],
    ['a producer id', { producerIdFilters: [FIRST_PRODUCER_ID + 1] }, ['open']],
    ['a producer id that nobody has', { producerIdFilters: [1] }, []],
    [
      'all of it',
      { producerIdFilters: [FIRST_PRODUCER_ID, FIRST_PRODUCER_ID + 1], stateFilters: ['Empty'] },
      ['empty'],
    ],
    [
      'longer than 0 ms: an id without a transaction counts as begun long ago',
      { durationFilter: 0 },
      ['empty', 'open-long'],
    ],
    ['longer than 999 ms', { durationFilter: 999 }, ['empty', 'open-long']],
    ['longer than 1000 ms', { durationFilter: 1000 }, ['empty']],
    ['a negative duration', { durationFilter: -2 }, all],
    ['a pattern', { transactionalIdPattern: 'open.*' }, ['open', 'open-long']],
    ['a pattern is of the whole id', { transactionalIdPattern: 'open' }, ['open']],
    ['a pattern of nothing', { transactionalIdPattern: 'nothing' }, []],
    ['the empty pattern', { transactionalIdPattern: '' }, all],
  ];
  for (const [name, request, expected, unknown = []] of cases) {
    test(name, () => {
      const { errorCode, unknownStateFilters, transactionStates } = many().listed(request);
      assert.deepEqual([errorCode, unknownStateFilters], [ERRORS.NONE, unknown]);
      assert.deepEqual(transactionStates.map(({ transactionalId }) => transactionalId).toSorted(), expected.toSorted());
    });
  }

  for (const pattern of ['[', '(', ')', '*', '(?=a)']) {
    test(`a pattern that is none: ${pattern}`, () => {
      assert.deepEqual(many().listed({ transactionalIdPattern: pattern, stateFilters: ['Nonsense'] }), {
        throttleTimeMs: 0,
        errorCode: ERRORS.INVALID_REGULAR_EXPRESSION,
        unknownStateFilters: [],
        transactionStates: [],
      });
    });
  }

  test('tells the producer id and the state, as they are committed', () => {
    const log = new TransactionLog();
    log.go('Ongoing');
    log.decide<'InitProducerId'>(initEvent());
    log.decide<'InitProducerId'>(initEvent({ transactionalId: 'y' }));
    const listed = [{ transactionalId: 'x', producerId: FIRST_PRODUCER_ID, transactionState: 'Ongoing' }];
    assert.deepEqual(log.listed().transactionStates, listed);
    log.commit();
    assert.deepEqual(
      log.listed().transactionStates.map(({ transactionState }) => transactionState),
      ['PrepareAbort', 'Empty'],
    );
  });
});

describe('DescribeTransactions', () => {
  test('an id with its transaction', () => {
    const log = new TransactionLog();
    log.init();
    log.now = NOW + 3;
    log.add([
      { name: 't', partitions: [0, 2] },
      { name: 'u', partitions: [1] },
    ]);
    assert.deepEqual(log.described(), {
      errorCode: ERRORS.NONE,
      transactionalId: 'x',
      transactionState: 'Ongoing',
      transactionTimeoutMs: 60_000,
      transactionStartTimeMs: NOW + 3,
      producerId: FIRST_PRODUCER_ID,
      producerEpoch: 0,
      topics: [
        { topic: 't', partitions: [0, 2] },
        { topic: 'u', partitions: [1] },
      ],
    });
  });

  for (const [name, id, errorCode] of [
    ['an unknown id', 'nobody', ERRORS.TRANSACTIONAL_ID_NOT_FOUND],
    ['the empty id', '', ERRORS.INVALID_REQUEST],
  ] as const) {
    test(name, () => {
      assert.deepEqual(new TransactionLog().described(id), {
        errorCode,
        transactionalId: id,
        transactionState: '',
        transactionTimeoutMs: 0,
        transactionStartTimeMs: 0,
        producerId: 0,
        producerEpoch: 0,
        topics: [],
      });
    });
  }

  test('what is not committed is not described', () => {
    const log = new TransactionLog();
    log.decide<'InitProducerId'>(initEvent());
    assert.equal(log.described().errorCode, ERRORS.TRANSACTIONAL_ID_NOT_FOUND);
    log.commit();
    assert.equal(log.described().errorCode, ERRORS.NONE);
  });
});
