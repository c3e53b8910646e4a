/** Transactional batches that wait for the coordinator (KIP-890): order, errors, markers, what is lent, what another shard sends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '../../../src/base/prng.ts';
import { ERRORS } from '../../../src/protocol/errors.ts';
import type { TransactionMarker } from '../../../src/protocol/transaction-marker.ts';
import type { Appended } from '../../../src/shard/append-ticket.ts';
import type { Partition } from '../../../src/shard/partition.ts';
import type { VerificationMode } from '../../../src/protocol/transaction-of-request.ts';
import { batchOf } from '../storage/fixture.ts';
import { Shards, type TransactionQuestion } from './shards.ts';

const ID = 77;

interface World {
  readonly shards: Shards;
  readonly partition: Partition;
  /** By a connection of the owner's shard, or (`isRemote`) of the one beside it. */
  readonly send: (sequence: number, options?: SendOptions) => { answer: Appended | null };
  /** Answers the only question that is open. */
  readonly answer: (errorCode: number) => Promise<TransactionQuestion>;
  readonly mark: (marker?: Partial<TransactionMarker>) => Promise<number>;
}

interface SendOptions {
  readonly mode?: VerificationMode;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly size?: number;
}

async function newWorld(isRemote = false, verifiesTransactions = true): Promise<World> {
  const shards = new Shards({ verifiesTransactions });
  const partition = await shards.open(0);
  return {
    shards,
    partition,
    send(sequence, { mode = 'add', producerId = ID, producerEpoch = 0, size = 10 } = {}) {
      const shard = isRemote ? shards.other(0) : shards.owner(0);
      const bytes = batchOf(1, size, { producerId, producerEpoch, baseSequence: sequence, isTransactional: true });
      return shards.append(shard, 0, bytes, -1, undefined, { transactionalId: 'id', mode });
    },
    async answer(errorCode) {
      await shards.settle();
      const question = shards.questions.shift();
      assert.ok(question !== undefined && shards.questions.length === 0, 'one question is open');
      question.done(errorCode, null);
      await shards.settle();
      return question;
    },
    async mark(marker = {}) {
      let errorCode = -1;
      const fields = { producerId: ID, producerEpoch: 0, commit: true, coordinatorEpoch: 0, transactionVersion: 1 };
      partition.appendMarker({ ...fields, ...marker }, (code) => (errorCode = code));
      await shards.settle();
      return errorCode;
    },
  };
}

const codeOf = ({ answer }: { answer: Appended | null }): number | null => answer?.errorCode ?? null;

for (const isRemote of [false, true]) {
  const from = isRemote ? 'another shard' : 'the same shard';

  test(`the first batch waits, those behind it keep their order, then nobody asks (${from})`, async () => {
    const { shards, partition, send, answer } = await newWorld(isRemote);
    const waiting = [send(0), send(1, { size: 100_000 }), send(2)];
    await shards.settle();
    assert.deepEqual(waiting.map(codeOf), [null, null, null]);
    assert.equal(partition.log?.endOffset, 0);
    const { transactionalId, producerId, producerEpoch, mode } = await answer(ERRORS.NONE);
    assert.deepEqual(
      { transactionalId, producerId, producerEpoch, mode },
      {
        transactionalId: 'id',
        producerId: ID,
        producerEpoch: 0,
        mode: 'add',
      },
    );
    assert.deepEqual(
      waiting.map((each) => each.answer?.baseOffset),
      [0, 1, 2],
    );
    const later = send(3);
    await shards.settle();
    assert.equal(later.answer?.baseOffset, 3);
    assert.deepEqual(shards.held, { slots: 0, chunks: 0 });
  });

  test(`an error is the first one's, the next asks again (${from})`, async () => {
    const { shards, send, answer } = await newWorld(isRemote);
    const first = send(0, { mode: 'verify' });
    const second = send(0, { mode: 'verify' });
    await answer(ERRORS.INVALID_TXN_STATE);
    assert.deepEqual([first, second].map(codeOf), [ERRORS.INVALID_TXN_STATE, null]);
    const { mode } = await answer(ERRORS.NONE);
    assert.equal(mode, 'verify');
    assert.deepEqual(codeOf(second), ERRORS.NONE);
    assert.deepEqual(shards.held, { slots: 0, chunks: 0 });
  });
}

test('what comes behind one that was refused does not become the first of its transaction', async () => {
  const { send, answer } = await newWorld();
  // Of a producer that adds its partitions itself nothing else says that 5 comes too early.
  const first = send(3, { mode: 'verify' });
  const second = send(5, { mode: 'verify' });
  await answer(ERRORS.NOT_ENOUGH_REPLICAS);
  await answer(ERRORS.NONE);
  assert.deepEqual([first, second].map(codeOf), [ERRORS.NOT_ENOUGH_REPLICAS, ERRORS.OUT_OF_ORDER_SEQUENCE_NUMBER]);
  const again = send(3, { mode: 'verify' });
  await answer(ERRORS.NONE);
  assert.equal(codeOf(again), ERRORS.NONE);
});

test('of those that were refused the smallest counts, and only within its epoch', async () => {
  const { send, answer } = await newWorld();
  for (const sequence of [5, 3, 6]) {
    send(sequence, { mode: 'verify' });
    await answer(ERRORS.NOT_ENOUGH_REPLICAS);
  }
  const early = send(4, { mode: 'verify' });
  await answer(ERRORS.NONE);
  assert.equal(codeOf(early), ERRORS.OUT_OF_ORDER_SEQUENCE_NUMBER);
  const newer = send(5, { mode: 'verify', producerEpoch: 1 });
  await answer(ERRORS.NONE);
  assert.equal(codeOf(newer), ERRORS.NONE);
});

test('a batch that comes again while the first waits is answered with its offset', async () => {
  const { send, answer } = await newWorld();
  const both = [send(0), send(0)];
  await answer(ERRORS.NONE);
  assert.deepEqual(
    both.map((each) => [codeOf(each), each.answer?.baseOffset]),
    [
      [0, 0],
      [0, 0],
    ],
  );
});

test('other producers, and batches without a transaction, do not wait', async () => {
  const { shards, send, partition } = await newWorld();
  const waiting = send(0);
  const idempotent = shards.append(
    shards.owner(0),
    0,
    batchOf(1, 10, { producerId: 9, producerEpoch: 0, baseSequence: 0 }),
  );
  const other = send(0, { producerId: 8 });
  await shards.settle();
  assert.equal(idempotent.answer?.baseOffset, 0);
  const asked = shards.questions.splice(0);
  assert.deepEqual(
    asked.map(({ producerId }) => producerId),
    [ID, 8],
  );
  asked[1]?.done(ERRORS.NONE, null);
  await shards.settle();
  assert.equal(other.answer?.baseOffset, 1);
  assert.equal(codeOf(waiting), null);
  assert.equal(partition.log?.lastStableOffset, 1);
});

test('an epoch that is over is refused before anybody is asked', async () => {
  const { shards, send, answer, mark } = await newWorld();
  send(0, { producerEpoch: 4 });
  await answer(ERRORS.NONE);
  assert.equal(await mark({ producerEpoch: 4 }), ERRORS.NONE);
  const stale = send(1, { producerEpoch: 3 });
  await shards.settle();
  assert.equal(codeOf(stale), ERRORS.INVALID_PRODUCER_EPOCH);
  assert.equal(shards.questions.length, 0);
});

test('a marker voids what waits, whatever the coordinator says then', async () => {
  const { send, answer, mark } = await newWorld();
  const both = [send(0), send(1)];
  assert.equal(await mark({ commit: false, producerEpoch: 1, transactionVersion: 2 }), ERRORS.NONE);
  await answer(ERRORS.NONE);
  // The epoch is looked at first (KAFKA-19690).
  assert.deepEqual(both.map(codeOf), [ERRORS.INVALID_PRODUCER_EPOCH, ERRORS.INVALID_PRODUCER_EPOCH]);
});

test('a marker that leaves the epoch as it is: INVALID_TXN_STATE, and what comes later asks again', async () => {
  const { partition, send, answer, mark } = await newWorld();
  const early = send(0, { mode: 'verify' });
  assert.equal(await mark({ commit: false }), ERRORS.NONE);
  const late = send(0, { mode: 'verify' });
  await answer(ERRORS.NONE);
  assert.deepEqual([early, late].map(codeOf), [ERRORS.INVALID_TXN_STATE, null]);
  await answer(ERRORS.NONE);
  assert.equal(codeOf(late), ERRORS.NONE);
  assert.equal(partition.log?.lastStableOffset, 1);
});

test('with transaction version 2 the marker of the transaction before does not void this one', async () => {
  const { send, answer, mark } = await newWorld();
  send(0);
  await answer(ERRORS.NONE);
  const end = { producerEpoch: 1, transactionVersion: 2 };
  assert.equal(await mark(end), ERRORS.NONE);
  const next = send(0, { producerEpoch: 1 });
  // The same marker once more: its answer was lost.
  assert.equal(await mark(end), ERRORS.NONE);
  await answer(ERRORS.NONE);
  assert.equal(codeOf(next), ERRORS.NONE);
});

test('a marker that is refused voids nothing', async () => {
  const { send, answer, mark } = await newWorld();
  send(0, { producerEpoch: 5, mode: 'verify' });
  await answer(ERRORS.NONE);
  assert.equal(await mark({ producerEpoch: 5, coordinatorEpoch: 3 }), ERRORS.NONE);
  const waiting = send(1, { producerEpoch: 5, mode: 'verify' });
  assert.equal(await mark({ producerEpoch: 4, coordinatorEpoch: 3 }), ERRORS.INVALID_PRODUCER_EPOCH);
  assert.equal(await mark({ producerEpoch: 5, coordinatorEpoch: 2 }), ERRORS.TRANSACTION_COORDINATOR_FENCED);
  await answer(ERRORS.NONE);
  assert.equal(codeOf(waiting), ERRORS.NONE);
  // With transaction version 2 the epoch of a marker is that of the transaction to come.
  assert.equal(
    await mark({ producerEpoch: 5, coordinatorEpoch: 3, transactionVersion: 2 }),
    ERRORS.INVALID_PRODUCER_EPOCH,
  );
});

test('a log that goes refuses what waits and gives its bytes back; a late answer does nothing', async () => {
  for (const isRemote of [false, true]) {
    const { shards, partition, send } = await newWorld(isRemote);
    const both = [send(0), send(1)];
    await shards.settle();
    partition.detach(ERRORS.NOT_LEADER_OR_FOLLOWER);
    await shards.settle();
    assert.deepEqual(both.map(codeOf), [ERRORS.NOT_LEADER_OR_FOLLOWER, ERRORS.NOT_LEADER_OR_FOLLOWER]);
    shards.questions.shift()?.done(ERRORS.NONE, null);
    await shards.settle();
    assert.deepEqual(shards.held, { slots: 0, chunks: 0 });
  }
});

test('a marker for a producer that nobody knows is written, and is no transaction', async () => {
  const { partition, mark } = await newWorld();
  assert.equal(await mark({ producerId: 1234, producerEpoch: 7, coordinatorEpoch: 9 }), ERRORS.NONE);
  assert.equal(partition.log?.endOffset, 1);
  assert.equal(partition.log?.lastStableOffset, 1);
  const known = partition.log?.producers.get(1234);
  assert.deepEqual([known?.producerEpoch, known?.coordinatorEpoch, known?.currentTxnFirstOffset], [7, 9, -1]);
});

test('where transactions are not verified, only those are asked about that the coordinator adds', async () => {
  const { shards, partition, send, answer, mark } = await newWorld(false, false);
  const old = send(0, { mode: 'verify', producerId: 5 });
  await shards.settle();
  assert.equal(codeOf(old), ERRORS.NONE);
  assert.equal(partition.log?.lastStableOffset, 0);
  const newer = send(0);
  assert.equal(await mark(), ERRORS.NONE);
  await answer(ERRORS.NONE);
  // Void as it is: nobody verifies.
  assert.equal(codeOf(newer), ERRORS.NONE);
});

test('seeded: producers, markers and coordinators that answer late; everything is answered once, and nothing opens that nobody has added', async () => {
  for (let seed = 1; seed <= 8; seed++) {
    const random = new SeededRandom(seed);
    const shards = new Shards({ seed });
    const partition = await shards.open(0, { segmentBytes: 20_000 });
    shards.disk.completion = seed % 2 === 0 ? 'in-call' : 'shuffled';
    /** What the coordinator has added to the producer's transaction, and its epoch. */
    const producers = [1, 2, 3].map((id) => ({ id, epoch: 0, sequence: 0, isAdded: false }));
    const sent: { answer: Appended | null }[] = [];
    const onTheirWay: (() => void)[] = [];
    const answerOne = (): void => {
      const [question] = shards.questions.splice(random.below(shards.questions.length || 1), 1);
      const producer = producers.find(({ id }) => id === question?.producerId);
      if (question === undefined || producer === undefined) return;
      let errorCode: number = ERRORS.NONE;
      if (question.producerEpoch !== producer.epoch) errorCode = ERRORS.INVALID_PRODUCER_EPOCH;
      else if (random.below(4) === 0) errorCode = ERRORS.NOT_ENOUGH_REPLICAS;
      else producer.isAdded = true;
      // What the coordinator has decided may take a while to come.
      if (random.below(2) === 0) question.done(errorCode, null);
      else onTheirWay.push(() => question.done(errorCode, null));
    };
    for (let step = 0; step < 300; step++) {
      const dice = random.below(20);
      const producer = producers[random.below(3)];
      assert.ok(producer);
      if (dice < 9) {
        const shard = random.below(2) === 0 ? shards.owner(0) : shards.other(0);
        const producerEpoch = producer.epoch - (random.below(10) === 0 && producer.epoch > 0 ? 1 : 0);
        const baseSequence = random.below(8) === 0 ? random.below(5) : producer.sequence++;
        const fields = { producerId: producer.id, producerEpoch, baseSequence, isTransactional: true };
        const bytes = batchOf(1, random.below(5) === 0 ? 18_000 : 30, fields);
        const transaction = { transactionalId: `${producer.id}`, mode: producer.id === 3 ? 'verify' : 'add' } as const;
        sent.push(shards.append(shard, 0, bytes, -1, undefined, transaction));
      } else if (dice < 14) answerOne();
      else if (dice < 16) {
        // The third keeps its epoch, as with transaction version 1.
        const transactionVersion = producer.id === 3 ? 1 : 2;
        if (transactionVersion === 2) {
          producer.epoch++;
          producer.sequence = 0;
        }
        producer.isAdded = false;
        const marker = { producerId: producer.id, producerEpoch: producer.epoch, coordinatorEpoch: 0 };
        partition.appendMarker({ ...marker, commit: random.below(2) === 0, transactionVersion }, (errorCode) => {
          assert.equal(errorCode, ERRORS.NONE);
        });
      } else if (dice < 18) onTheirWay.shift()?.();
      else await shards.settle();
      for (const { id, isAdded } of producers) {
        const isOpen = (partition.log?.producers.get(id)?.currentTxnFirstOffset ?? -1) >= 0;
        assert.ok(isAdded || !isOpen, `seed ${seed}, step ${step}: the transaction of ${id} is open, and nobody knows`);
      }
    }
    for (let turns = 0; sent.some(({ answer }) => answer === null); turns++) {
      assert.ok(turns < 1000, `seed ${seed}: an append is never answered`);
      await shards.settle();
      answerOne();
      onTheirWay.shift()?.();
    }
    await shards.settle();
    assert.deepEqual(shards.held, { slots: 0, chunks: 0 }, `seed ${seed}`);
    assert.deepEqual(shards.crashes, []);
    assert.ok(sent.some(({ answer }) => answer?.errorCode === ERRORS.NONE));
  }
});
