import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { STATUSES } from '../../../../src/machine/transaction/state.ts';
import { partitionOfKey } from '../../../../src/protocol/coordinator-key.ts';
import { ERRORS } from '../../../../src/protocol/errors.ts';
import { addEvent, NOW, OFFSETS_PARTITIONS, T0, type Topic, TransactionLog } from './log.ts';

const { NONE, PRODUCER_FENCED, INVALID_PRODUCER_ID_MAPPING, CONCURRENT_TRANSACTIONS, TRANSACTION_ABORTABLE } = ERRORS;
/** Of producers, and of brokers. */
const VERSIONS = [0, 3, 4, 5] as const;
const MANY: readonly Topic[] = [
  { name: 't', partitions: [0, 1] },
  { name: 'u', partitions: [7] },
];

function topicsOf(log: TransactionLog): unknown {
  return log.described().topics;
}

describe('AddPartitionsToTxn', () => {
  for (const version of VERSIONS) {
    test(`version ${version}: the first partition begins the transaction, more of them go on with it`, () => {
      const log = new TransactionLog();
      log.init();
      log.now = NOW + 1;
      assert.deepEqual(log.add(T0, {}, version), [NONE]);
      log.now = NOW + 2;
      assert.deepEqual(log.add(MANY, {}, version), [NONE, NONE, NONE]);
      assert.deepEqual(topicsOf(log), [
        { topic: 't', partitions: [0, 1] },
        { topic: 'u', partitions: [7] },
      ]);
      const { startTimestamp, lastUpdateTimestamp, status, clientTransactionVersion } = log.of() ?? {};
      assert.deepEqual([startTimestamp, lastUpdateTimestamp, status], [NOW + 1, NOW + 2, 'Ongoing']);
      assert.equal(clientTransactionVersion, version >= 4 ? 2 : 0);
    });

    test(`version ${version}: what is in already is written no second time`, () => {
      const log = new TransactionLog();
      log.init();
      log.add(MANY, {}, version);
      const { length } = log.records;
      assert.deepEqual(log.add(T0, {}, version), [NONE]);
      assert.equal(log.records.length, length);
    });

    for (const [name, producer, code] of [
      ['another producer id', { producerId: 5 }, INVALID_PRODUCER_ID_MAPPING],
      ['an older epoch', { producerEpoch: -1 }, PRODUCER_FENCED],
      ['an epoch to come', { producerEpoch: 1 }, PRODUCER_FENCED],
      ['neither', { producerId: 5, producerEpoch: 1 }, INVALID_PRODUCER_ID_MAPPING],
    ] as const) {
      test(`version ${version}: ${name}`, () => {
        const log = new TransactionLog();
        log.init();
        assert.deepEqual(log.add(MANY, producer, version), [code, code, code]);
        assert.equal(log.of()?.status, 'Empty');
      });
    }

    test(`version ${version}: an unknown id, and the empty one`, () => {
      const log = new TransactionLog();
      assert.deepEqual(log.add(T0, {}, version, 'nobody'), [INVALID_PRODUCER_ID_MAPPING]);
      assert.deepEqual(log.add(T0, {}, version, ''), [ERRORS.INVALID_REQUEST]);
    });
  }

  for (const status of STATUSES) {
    test(`${status}: ${status.startsWith('Prepare') ? 'it has to wait, whoever asks' : 'they are added'}`, () => {
      const log = new TransactionLog();
      log.go(status);
      const isPrepared = status.startsWith('Prepare');
      assert.deepEqual(log.add(T0, { producerId: 5 }), [
        isPrepared ? CONCURRENT_TRANSACTIONS : INVALID_PRODUCER_ID_MAPPING,
      ]);
      assert.deepEqual(log.add([{ name: 'u', partitions: [0] }]), [isPrepared ? CONCURRENT_TRANSACTIONS : NONE]);
    });
  }

  test('after a transaction the partitions of the next are its own, and so is its beginning', () => {
    const log = new TransactionLog();
    log.go('CompleteCommit');
    log.now = NOW + 10;
    log.add([{ name: 'u', partitions: [0] }]);
    assert.deepEqual(topicsOf(log), [{ topic: 'u', partitions: [0] }]);
    assert.equal(log.of()?.startTimestamp, NOW + 10);
  });

  test('the answer has the form of its version', () => {
    const log = new TransactionLog();
    log.init();
    const topicResults = [{ name: 't', resultsByPartition: [{ partitionIndex: 0, partitionErrorCode: NONE }] }];
    const base = { throttleTimeMs: 0, errorCode: NONE };
    assert.deepEqual(log.ask<'AddPartitionsToTxn'>(addEvent(T0, log.producer(), 3, 'x')), {
      ...base,
      resultsByTransaction: [],
      resultsByTopicV3AndBelow: topicResults,
    });
    assert.deepEqual(log.ask<'AddPartitionsToTxn'>(addEvent(T0, log.producer(), 4, 'x')), {
      ...base,
      resultsByTransaction: [{ transactionalId: 'x', topicResults }],
      resultsByTopicV3AndBelow: [],
    });
  });

  test('a partition that is named twice has one result', () => {
    const log = new TransactionLog();
    log.init();
    const twice = [
      { name: 't', partitions: [0, 0] },
      { name: 't', partitions: [0, 1] },
    ];
    assert.deepEqual(log.add(twice), [NONE, NONE]);
  });

  test('records of version 0 have no place for a broker that adds: nothing is decided, and nothing is stuck', () => {
    const log = new TransactionLog(0);
    log.init();
    assert.deepEqual(log.add(T0, {}, 5), [ERRORS.UNSUPPORTED_VERSION]);
    assert.equal(log.of()?.status, 'Empty');
    assert.deepEqual(log.add(T0, {}, 3), [NONE]);
    assert.deepEqual(log.add(T0, {}, 5), [NONE], 'they are in already');
  });
});

describe('AddPartitionsToTxn that verifies only', () => {
  test('tells of each partition whether it is in, and adds none', () => {
    const log = new TransactionLog();
    log.init();
    log.add(T0);
    const { length } = log.records;
    assert.deepEqual(log.verify(MANY), [NONE, TRANSACTION_ABORTABLE, TRANSACTION_ABORTABLE]);
    assert.equal(log.records.length, length);
  });

  for (const [name, producer, code] of [
    ['another producer id', { producerId: 5 }, INVALID_PRODUCER_ID_MAPPING],
    ['an older epoch', { producerEpoch: -1 }, PRODUCER_FENCED],
    ['an epoch to come', { producerEpoch: 7 }, PRODUCER_FENCED],
  ] as const) {
    test(`${name}, also of a transaction that is prepared`, () => {
      for (const status of ['Ongoing', 'PrepareCommit'] as const) {
        const log = new TransactionLog();
        log.go(status);
        assert.deepEqual(log.verify(MANY, producer), [code, code, code]);
      }
    });
  }

  for (const status of STATUSES) {
    const code = status.startsWith('Prepare')
      ? CONCURRENT_TRANSACTIONS
      : status === 'Ongoing'
        ? NONE
        : TRANSACTION_ABORTABLE;
    test(`${status}: ${code}`, () => {
      const log = new TransactionLog();
      log.go(status);
      assert.deepEqual(log.verify(), [code]);
    });
  }

  test('an unknown id, and the empty one', () => {
    const log = new TransactionLog();
    assert.deepEqual(log.verify(T0, {}, 'nobody'), [INVALID_PRODUCER_ID_MAPPING]);
    assert.deepEqual(log.verify(T0, {}, ''), [ERRORS.INVALID_REQUEST]);
  });
});

describe('AddOffsetsToTxn', () => {
  test('adds the partition of __consumer_offsets that the group falls on', () => {
    const log = new TransactionLog();
    log.init();
    assert.equal(log.addOffsets('a group'), NONE);
    const partition = partitionOfKey('a group', OFFSETS_PARTITIONS);
    assert.deepEqual(topicsOf(log), [{ topic: '__consumer_offsets', partitions: [partition] }]);
    const { length } = log.records;
    assert.equal(log.addOffsets('a group'), NONE);
    assert.equal(log.records.length, length);
  });

  test('its errors are those of partitions', () => {
    const log = new TransactionLog();
    assert.equal(log.addOffsets('g', {}, 'nobody'), INVALID_PRODUCER_ID_MAPPING);
    assert.equal(log.addOffsets('g', {}, ''), ERRORS.INVALID_REQUEST);
    log.init();
    assert.equal(log.addOffsets('g', { producerEpoch: 3 }), PRODUCER_FENCED);
    log.add();
    log.end(true);
    assert.equal(log.addOffsets('g'), CONCURRENT_TRANSACTIONS);
  });
});
