import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TransactionRecord } from '../../../../src/machine/transaction/records.ts';
import { STATUSES } from '../../../../src/machine/transaction/state.ts';
import { ERRORS } from '../../../../src/protocol/errors.ts';
import { endEvent, FIRST_PRODUCER_ID, initEvent, NOW, T0, TransactionLog, writtenEvent } from './log.ts';

describe('a transaction from the first request to the last', () => {
  test('of version 2: the epoch goes up with its end, which the answer says', () => {
    const log = new TransactionLog();
    const { errorCode, producerId, producerEpoch } = log.init();
    assert.deepEqual([errorCode, producerId, producerEpoch], [ERRORS.NONE, FIRST_PRODUCER_ID, 0]);
    assert.deepEqual(log.add(T0, {}, 4), [ERRORS.NONE]);
    const ended = log.end(true);
    assert.deepEqual([ended.errorCode, ended.producerId, ended.producerEpoch], [ERRORS.NONE, FIRST_PRODUCER_ID, 1]);
    assert.deepEqual(log.machine.pendingMarkers(), [
      {
        transactionalId: 'x',
        producerId: FIRST_PRODUCER_ID,
        producerEpoch: 1,
        commit: true,
        transactionVersion: 2,
        topics: [{ topic: 't', partitionIds: [0] }],
      },
    ]);
    log.complete();
    assert.deepEqual(log.machine.pendingMarkers(), []);
    assert.equal(log.described().transactionState, 'CompleteCommit');
  });
});

describe('markers', () => {
  for (const status of STATUSES) {
    test(`a record of ${status} asks for ${status.startsWith('Prepare') ? 'those that are pending' : 'none'}`, () => {
      const log = new TransactionLog();
      log.go(status);
      const record = log.records.at(-1) as TransactionRecord;
      assert.deepEqual(log.machine.markersOf(record), log.machine.pendingMarkers()[0] ?? null);
      assert.equal(log.machine.markersOf(record) !== null, status.startsWith('Prepare'));
    });
  }

  test('a tombstone asks for none', () => {
    const tombstone = { type: 'transactionLog', key: { transactionalId: 'x' }, version: 0, value: null } as const;
    assert.equal(new TransactionLog().machine.markersOf(tombstone), null);
  });

  test('what is not committed is not pending, what was loaded is', () => {
    const log = new TransactionLog();
    const producer = log.go('Ongoing');
    log.decide<'EndTxn'>(endEvent(true, producer, 5, 'x'));
    assert.deepEqual(log.machine.pendingMarkers(), []);
    log.commit();
    assert.equal(log.machine.pendingMarkers().length, 1);
    assert.deepEqual(log.reloaded().machine.pendingMarkers(), log.machine.pendingMarkers());
  });

  test('of another transaction, said twice, or of an unknown id: ignored', () => {
    const log = new TransactionLog();
    log.go('PrepareCommit');
    const [pending] = log.machine.pendingMarkers();
    assert.ok(pending !== undefined);
    const written = writtenEvent(pending);
    for (const wrong of [
      { ...written, producerEpoch: pending.producerEpoch - 1 },
      { ...written, producerEpoch: pending.producerEpoch + 1 },
      { ...written, producerId: pending.producerId + 1 },
      { ...written, transactionalId: 'nobody' },
    ]) {
      assert.deepEqual(log.decide<'markersWritten'>(wrong), { records: [], answer: null });
    }
    assert.equal(log.decide<'markersWritten'>(written).records.length, 1);
    assert.deepEqual(log.decide<'markersWritten'>(written).records, []);
  });

  test('the record of what is complete has an empty list of partitions, the time of its beginning and its own', () => {
    const log = new TransactionLog();
    log.init();
    log.now = NOW + 1;
    log.add();
    log.now = NOW + 2;
    log.end(false);
    log.now = NOW + 3;
    log.complete();
    const { value } = log.records.at(-1) as TransactionRecord;
    assert.deepEqual(value?.transactionPartitions, []);
    assert.deepEqual([value?.transactionStartTimestampMs, value?.transactionLastUpdateTimestampMs], [NOW + 1, NOW + 3]);
  });
});

describe('records', () => {
  test('have version 0 where transaction.version is 0, and then no tags', () => {
    for (const [version, expected] of [
      [0, 0],
      [1, 1],
      [2, 1],
    ] as const) {
      const log = new TransactionLog(version);
      log.init();
      const [record] = log.records;
      assert.equal(record?.version, expected);
      assert.equal(record?.value?.previousProducerId, expected === 0 ? -1 : FIRST_PRODUCER_ID);
    }
  });

  test('of an id that is empty have no list of partitions', () => {
    const log = new TransactionLog();
    log.init();
    assert.equal(log.records[0]?.value?.transactionPartitions, null);
  });

  test('an id whose client has spoken version 2 goes on in a cluster of version 0', () => {
    const log = new TransactionLog();
    log.go('CompleteCommit');
    log.transactionVersion = 0;
    assert.equal(log.init().errorCode, ERRORS.NONE);
    assert.equal(log.records.at(-1)?.version, 0);
  });
});

describe('what is not committed', () => {
  test('is decided upon', () => {
    const log = new TransactionLog();
    log.decide<'InitProducerId'>(initEvent());
    const { answer } = log.decide<'InitProducerId'>(initEvent());
    assert.ok(typeof answer === 'object' && answer.producerEpoch === 1);
  });

  test('is taken back', () => {
    const log = new TransactionLog();
    const producer = log.go('Ongoing');
    const before = log.of();
    log.decide<'EndTxn'>(endEvent(true, producer, 5, 'x'));
    log.decide<'InitProducerId'>(initEvent({ transactionalId: 'y' }));
    log.revert();
    assert.deepEqual(log.of(), before);
    assert.equal(log.of('y'), undefined);
    assert.equal(log.end(true, producer).errorCode, ERRORS.NONE);
  });
});

test('questions are answered, the rest is decided', () => {
  const log = new TransactionLog();
  assert.equal(log.machine.query(initEvent(), 0, { now: NOW }), null);
  assert.equal(log.machine.query({ kind: 'abortTimedOut' }, 0, { now: NOW }), null);
  const request = { transactionalIds: ['x'] };
  const { answer } = log.decide<'DescribeTransactions'>({ kind: 'DescribeTransactions', version: 0, request });
  assert.ok(typeof answer === 'object' && 'transactionStates' in answer);
});

describe('while the markers are being written: what Kafka 4.4 says whose markers reach nobody', () => {
  const { CONCURRENT_TRANSACTIONS: wait, PRODUCER_FENCED: fenced, INVALID_PRODUCER_ID_MAPPING: unmapped } = ERRORS;
  // Producer id and epoch, relative to those in the record; EndTxn up to 4, from 5 on; partitions and offsets added; verified; InitProducerId.
  const ROWS = [
    [0, 0, wait, wait, wait, wait, wait],
    [0, 1, fenced, wait, wait, fenced, wait],
    [0, -1, fenced, wait, wait, fenced, wait],
    [100, 0, unmapped, wait, wait, unmapped, wait],
  ] as const;
  for (const clientVersion of [0, 2] as const) {
    for (const [ids, epochs, oldEnd, newEnd, added, verified, initialized] of ROWS) {
      test(`version ${clientVersion}: producer id ${ids}, epoch ${epochs}`, () => {
        const log = new TransactionLog();
        const { producerId, producerEpoch } = log.go('PrepareCommit', clientVersion);
        const producer = { producerId: producerId + ids, producerEpoch: producerEpoch + epochs };
        for (const committed of [true, false]) {
          assert.equal(log.end(committed, producer, 4).errorCode, oldEnd);
          assert.equal(log.end(committed, producer, 5).errorCode, newEnd);
        }
        for (const version of [3, 5]) assert.deepEqual(log.add(T0, producer, version), [added]);
        assert.equal(log.addOffsets('g', producer), added);
        assert.deepEqual(log.verify(T0, producer), [verified]);
        assert.equal(log.init(producer).errorCode, initialized);
      });
    }
  }
});
