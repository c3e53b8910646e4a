/** WriteTxnMarkers' handler: each marker's partitions, and what a coordinator behind one of them said as the leader that was asked would. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeTxnMarkers } from '../../../src/api/27-write-txn-markers.ts';
import type { Context, Services } from '../../../src/api/services.ts';
import { ERRORS } from '../../../src/protocol/errors.ts';
import type { ResponseOf } from '../../../src/protocol/schema/index.ts';

test('a coordinator that is not there is a partition without its leader', async () => {
  const told: readonly (readonly [code: number, answer: number])[] = [
    [ERRORS.NONE, ERRORS.NONE],
    [ERRORS.COORDINATOR_LOAD_IN_PROGRESS, ERRORS.NOT_LEADER_OR_FOLLOWER],
    [ERRORS.COORDINATOR_NOT_AVAILABLE, ERRORS.NOT_LEADER_OR_FOLLOWER],
    [ERRORS.NOT_COORDINATOR, ERRORS.NOT_LEADER_OR_FOLLOWER],
    [ERRORS.INVALID_PRODUCER_EPOCH, ERRORS.INVALID_PRODUCER_EPOCH],
    [ERRORS.TRANSACTION_COORDINATOR_FENCED, ERRORS.TRANSACTION_COORDINATOR_FENCED],
    [ERRORS.UNKNOWN_TOPIC_OR_PARTITION, ERRORS.UNKNOWN_TOPIC_OR_PARTITION],
  ];
  const writeMarkers: Services['writeMarkers'] = (_marker, targets) =>
    Promise.resolve(targets.map(({ partition }) => told[partition]?.[0] ?? -1));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that this handler asks for
  const context = { services: { writeMarkers }, version: 2 } as unknown as Context<ResponseOf<'WriteTxnMarkers'>>;
  const topics = [{ name: '__consumer_offsets', partitionIndexes: told.map((_, partition) => partition) }];
  const marker = { producerEpoch: 1, transactionResult: true, coordinatorEpoch: 3, transactionVersion: 2, topics };
  const markers = [7, 8].map((producerId) => ({ producerId, ...marker }));
  const answer = (await writeTxnMarkers.handle({ markers }, context)) as ResponseOf<'WriteTxnMarkers'>;
  for (const [i, { producerId, topics: answered }] of answer.markers.entries()) {
    assert.equal(producerId, 7 + i);
    assert.deepEqual(
      answered[0]?.partitions.map(({ errorCode }) => errorCode),
      told.map(([, code]) => code),
    );
  }
  assert.equal(answer.markers.length, 2);
});
