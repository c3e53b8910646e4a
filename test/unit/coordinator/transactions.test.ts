/** The coordinator of transactions of one partition over a log in memory: ids, markers, what waits for the end of a transaction, loading. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { transactionCodec } from '../../../src/coordinator/record-codec.ts';
import { Timers } from '../../../src/coordinator/timers.ts';
import { TransactionMarkers } from '../../../src/coordinator/transaction-markers.ts';
import { TransactionCoordinator, type TransactionResult } from '../../../src/coordinator/transactions.ts';
import { loadNative } from '../../../src/host/addon.ts';
import { MetadataImage } from '../../../src/machine/image/image.ts';
import type { TransactionApi } from '../../../src/protocol/coordinator-key.ts';
import { BatchBuilder } from '../../../src/protocol/batch-builder.ts';
import { ERRORS } from '../../../src/protocol/errors.ts';
import type { RequestOf, ResponseOf } from '../../../src/protocol/schema/index.ts';
import { TRANSACTIONS_TOPIC } from '../../../src/protocol/topic-names.ts';
import { VirtualClock } from '../../simulator/virtual-clock.ts';
import { brokerConfig } from '../machine/controller/fixture.ts';
import { MemoryPartition, settled, silent } from './fixture.ts';

const { native } = loadNative();

interface Marker {
  readonly at: string;
  readonly epoch: number;
  readonly coordinatorEpoch: number;
  readonly commit: boolean;
  readonly done: (errorCode: number) => void;
}

/** One life of a coordinator over the partition. */
async function life(partition: MemoryPartition, refuseIds = 0, markers: Marker[] = []) {
  const clock = new VirtualClock();
  let next = 1000;
  let end = 1000;
  const image = new MetadataImage();
  image.features.set('transaction.version', 2);
  const coordinator = new TransactionCoordinator(
    {
      clock,
      log: silent,
      native,
      config: brokerConfig(),
      image,
      timers: new Timers(clock),
      producerIds: {
        take: () => (next < end ? next++ : null),
        refill() {
          if (refuseIds === 0) end = next + 2;
          return Promise.resolve(refuseIds);
        },
      },
      markers: new TransactionMarkers({
        clock,
        log: silent,
        write(topic, index, { producerEpoch: epoch, coordinatorEpoch, commit }, done) {
          markers.push({ at: `${topic}-${index}`, epoch, coordinatorEpoch, commit, done });
        },
      }),
      onFault: (error) => {
        throw error;
      },
    },
    partition,
  );
  await settled(clock, coordinator.load());
  const ask = <N extends TransactionApi>(kind: N, version: number, request: object): Promise<TransactionResult> =>
    settled(
      clock,
      new Promise((resolve) => {
        const event = { kind, version, request: request as RequestOf<N> };
        coordinator.submit(event as never, resolve);
      }),
    );
  const answer = async <N extends TransactionApi>(
    kind: N,
    version: number,
    request: object,
  ): Promise<ResponseOf<N>> => {
    const result = await ask(kind, version, request);
    assert.ok(result.ok, JSON.stringify(result));
    return result.answer as ResponseOf<N>;
  };
  return { clock, coordinator, markers, ask, answer };
}

type Life = Awaited<ReturnType<typeof life>>;

const noProducer = { producerId: -1, producerEpoch: -1, enable2Pc: false, keepPreparedTxn: false };
const init = { transactionalId: 'id', transactionTimeoutMs: 60_000, ...noProducer };

function adding(producerId: number, producerEpoch: number, partitions: readonly number[], verifyOnly = false): object {
  const topics = [{ name: 't', partitions }];
  return { transactions: [{ transactionalId: 'id', producerId, producerEpoch, verifyOnly, topics }] };
}

async function add(at: Life, producerId: number, epoch: number, partitions: readonly number[]): Promise<number> {
  const { resultsByTransaction } = await at.answer('AddPartitionsToTxn', 5, adding(producerId, epoch, partitions));
  return resultsByTransaction[0]?.topicResults[0]?.resultsByPartition[0]?.partitionErrorCode ?? -1;
}

const state = async ({ answer }: Life): Promise<string | undefined> =>
  (await answer('DescribeTransactions', 0, { transactionalIds: ['id'] })).transactionStates[0]?.transactionState;

test('a life: id, partitions, the answer of the end before the markers, the end after them, and the epoch that follows', async () => {
  const at = await life(new MemoryPartition(undefined, TRANSACTIONS_TOPIC));
  const { producerId = -1, producerEpoch, errorCode } = await at.answer('InitProducerId', 5, init);
  assert.deepEqual([errorCode, producerEpoch], [0, 0]);
  assert.equal(await add(at, producerId, 0, [0, 1]), 0);
  assert.equal(await state(at), 'Ongoing');
  const ended = await at.answer('EndTxn', 5, { transactionalId: 'id', producerId, producerEpoch: 0, committed: true });
  assert.deepEqual([ended.errorCode, ended.producerId, ended.producerEpoch], [0, producerId, 1]);
  assert.equal(await state(at), 'PrepareCommit');
  assert.deepEqual(
    at.markers.map(({ at: where, epoch, coordinatorEpoch, commit }) => [where, epoch, coordinatorEpoch, commit]),
    [
      ['t-0', 1, 1, true],
      ['t-1', 1, 1, true],
    ],
  );
  for (const { done } of at.markers) done(ERRORS.NONE);
  at.clock.runSoon();
  assert.equal(await state(at), 'CompleteCommit');
});

test('what begins the next transaction waits for the markers of the one before, not for ever', async () => {
  const at = await life(new MemoryPartition(undefined, TRANSACTIONS_TOPIC));
  const { producerId = -1 } = await at.answer('InitProducerId', 5, init);
  await add(at, producerId, 0, [0]);
  await at.answer('EndTxn', 5, { transactionalId: 'id', producerId, producerEpoch: 0, committed: false });
  const early = at.answer('AddPartitionsToTxn', 5, adding(producerId, 1, [3]));
  const question = await at.answer('AddPartitionsToTxn', 5, adding(producerId, 1, [3], true));
  const codeOf = ({ resultsByTransaction }: ResponseOf<'AddPartitionsToTxn'>): number | undefined =>
    resultsByTransaction[0]?.topicResults[0]?.resultsByPartition[0]?.partitionErrorCode;
  assert.notEqual(codeOf(question), 0, 'a question is answered at once');
  at.markers[0]?.done(ERRORS.NONE);
  assert.equal(codeOf(await early), 0);
  // A marker that does not come.
  await at.answer('EndTxn', 5, { transactionalId: 'id', producerId, producerEpoch: 1, committed: true });
  const late = at.answer('AddPartitionsToTxn', 5, adding(producerId, 2, [3]));
  at.clock.advance(100);
  assert.equal(codeOf(await late), ERRORS.CONCURRENT_TRANSACTIONS);
});

test('what was prepared when the coordinator ended gets its markers from the next one', async () => {
  const partition = new MemoryPartition(undefined, TRANSACTIONS_TOPIC);
  const first = await life(partition);
  const { producerId = -1 } = await first.answer('InitProducerId', 5, init);
  await add(first, producerId, 0, [0, 1]);
  await first.answer('EndTxn', 5, { transactionalId: 'id', producerId, producerEpoch: 0, committed: true });
  first.markers[0]?.done(ERRORS.NONE);
  const waits = first.ask('AddPartitionsToTxn', 5, adding(producerId, 1, [3]));
  first.coordinator.stop();
  first.markers[1]?.done(ERRORS.NONE);
  assert.deepEqual(await waits, { ok: false, errorCode: ERRORS.NOT_COORDINATOR });
  partition.leaderEpoch = 2;
  const second = await life(partition);
  assert.equal(await state(second), 'PrepareCommit');
  assert.deepEqual(
    second.markers.map(({ at, coordinatorEpoch }) => [at, coordinatorEpoch]),
    [
      ['t-0', 2],
      ['t-1', 2],
    ],
  );
  for (const { done } of second.markers) done(ERRORS.NONE);
  second.clock.runSoon();
  assert.equal(await state(second), 'CompleteCommit');
  const third = await life(partition);
  assert.equal(await state(third), 'CompleteCommit');
  assert.equal(third.markers.length, 0);
});

test('what was read from the log and cannot be brought to the medium is not acted on', async () => {
  const partition = new MemoryPartition(undefined, TRANSACTIONS_TOPIC);
  const first = await life(partition);
  const { producerId = -1 } = await first.answer('InitProducerId', 5, init);
  await add(first, producerId, 0, [0]);
  await first.answer('EndTxn', 5, { transactionalId: 'id', producerId, producerEpoch: 0, committed: true });
  first.coordinator.stop();
  partition.leaderEpoch = 2;
  partition.fault = new Error('the medium is gone');
  const markers: Marker[] = [];
  await assert.rejects(life(partition, 0, markers), partition.fault);
  assert.equal(markers.length, 0);
});

test('an end that could not be written sends no markers, and the transaction is still open', async () => {
  const partition = new MemoryPartition(undefined, TRANSACTIONS_TOPIC);
  const at = await life(partition);
  const { producerId = -1 } = await at.answer('InitProducerId', 5, init);
  await add(at, producerId, 0, [0]);
  partition.refuses = ERRORS.NOT_ENOUGH_REPLICAS;
  const end = { transactionalId: 'id', producerId, producerEpoch: 0, committed: true };
  assert.deepEqual(await at.ask('EndTxn', 5, end), { ok: false, errorCode: ERRORS.COORDINATOR_NOT_AVAILABLE });
  assert.equal(await state(at), 'Ongoing');
  assert.equal(at.markers.length, 0);
  // The end of the markers is written until it stands.
  partition.refuses = 0;
  assert.equal((await at.answer('EndTxn', 5, end)).errorCode, 0);
  partition.refuses = ERRORS.NOT_ENOUGH_REPLICAS;
  at.markers[0]?.done(ERRORS.NONE);
  at.clock.runSoon();
  assert.equal(await state(at), 'PrepareCommit');
  partition.refuses = 0;
  at.clock.advance(500);
  at.clock.runSoon();
  assert.equal(await state(at), 'CompleteCommit');
});

test('without producer ids the code of whoever gives them is the answer', async () => {
  const at = await life(new MemoryPartition(undefined, TRANSACTIONS_TOPIC), ERRORS.COORDINATOR_LOAD_IN_PROGRESS);
  assert.deepEqual(await at.ask('InitProducerId', 5, init), {
    ok: false,
    errorCode: ERRORS.COORDINATOR_LOAD_IN_PROGRESS,
  });
});

test('a transaction whose producer has no epochs left is aborted in time, though there is no producer id at hand', async () => {
  const value = {
    producerId: 5,
    previousProducerId: 5,
    nextProducerId: -1,
    producerEpoch: 32_766,
    nextProducerEpoch: -1,
    transactionTimeoutMs: 1000,
    transactionStatus: 1,
    transactionPartitions: [{ topic: 't', partitionIds: [0] }],
    transactionLastUpdateTimestampMs: 1,
    transactionStartTimestampMs: 1,
    clientTransactionVersion: 2,
  };
  const { key, value: bytes } = transactionCodec.encode({
    type: 'transactionLog',
    key: { transactionalId: 'id' },
    version: 1,
    value,
  });
  const builder = new BatchBuilder({ baseOffset: 0, leaderEpoch: 1 });
  builder.append({ timestamp: 1n, key, value: bytes });
  const log = builder.build((part) => native.crc32c(part, 0, part.length, 0));
  const at = await life(new MemoryPartition(log, TRANSACTIONS_TOPIC));
  assert.equal(await state(at), 'Ongoing');
  for (let n = 0; n < 3; n++) {
    at.clock.advance(10_000);
    await new Promise((resolve) => setImmediate(resolve));
    at.clock.runSoon();
  }
  assert.equal(await state(at), 'PrepareAbort');
  assert.deepEqual(
    at.markers.map(({ epoch, commit }) => [epoch, commit]),
    [[32_767, false]],
  );
  at.markers[0]?.done(ERRORS.NONE);
  at.clock.runSoon();
  const { transactionStates } = await at.answer('DescribeTransactions', 0, { transactionalIds: ['id'] });
  assert.deepEqual([transactionStates[0]?.producerId, transactionStates[0]?.producerEpoch], [1000, 0]);
});
