import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ERRORS } from '../../../../src/protocol/errors.ts';
import { FIRST_PRODUCER_ID, T0, TransactionLog } from './log.ts';

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
