/** Questions to the coordinators of transactions: gathered in a turn, asked again for a while, and translated for the producer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Uuid } from '../../../src/base/uuid.ts';
import { MetadataImage } from '../../../src/machine/image/image.ts';
import { record } from '../../../src/protocol/record/metadata-records.ts';
import { ERRORS } from '../../../src/protocol/errors.ts';
import type { CoordinatorAnswerOf, CoordinatorAsk, CoordinatorCalls } from '../../../src/shard/coordinator-calls.ts';
import type { VerificationMode } from '../../../src/protocol/transaction-of-request.ts';
import { Verifier } from '../../../src/shard/verification.ts';
import { VirtualClock } from '../../simulator/virtual-clock.ts';

type Ask = CoordinatorAsk<'AddPartitionsToTxn'>;
type Answer = CoordinatorAnswerOf<'AddPartitionsToTxn'>;

interface Asked {
  readonly coordinator: number;
  readonly request: Ask['request'];
  readonly done: (answer: Answer) => void;
}

const TOPIC_ID = 'transactions-id!' as Uuid;
const COORDINATORS = 50;

function imageOf(hasTopic: boolean): MetadataImage {
  const image = new MetadataImage();
  if (!hasTopic) return image;
  image.replay(record('topic', { name: '__transaction_state', topicId: TOPIC_ID }));
  for (let partitionId = 0; partitionId < COORDINATORS; partitionId++) {
    const replicas = { replicas: [1], isr: [1], removingReplicas: [], addingReplicas: [], directories: [] };
    const eligible = { leaderRecoveryState: 0, eligibleLeaderReplicas: null, lastKnownElr: null };
    image.replay(
      record('partition', {
        partitionId,
        topicId: TOPIC_ID,
        ...replicas,
        ...eligible,
        leader: 1,
        leaderEpoch: 0,
        partitionEpoch: 0,
      }),
    );
  }
  return image;
}

function world({ hasTopic = true, isEnabled = true, topic = 't' } = {}) {
  const clock = new VirtualClock();
  const asked: Asked[] = [];
  const calls = {
    ask(_topicId: Uuid, coordinator: number, { request }: Ask, done: (answer: Answer) => void) {
      asked.push({ coordinator, request, done });
    },
  };
  const verifier = new Verifier({
    clock,
    image: imageOf(hasTopic),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else of it is called
    calls: () => calls as unknown as CoordinatorCalls,
    retryBackoffMs: 20,
    retryMs: 100,
    isEnabled: () => isEnabled,
  });
  const codes: (number | null)[] = [];
  const messages: (string | null)[] = [];
  const verify = (partition: number, mode: VerificationMode, transactionalId = 'id', producerId = 7): void => {
    const place = codes.push(null) - 1;
    verifier.verify({ topic, partition }, producerId, 2, { transactionalId, mode }, (code, message) => {
      assert.equal(codes[place], null, 'told once');
      codes[place] = code;
      messages[place] = message;
    });
  };
  return { clock, asked, codes, messages, verify };
}

/** The coordinator's answer with a code for each partition. */
function answer({ request, done }: Asked, codeOf: (partition: number) => number): void {
  const [transaction] = request.transactions;
  assert.ok(transaction !== undefined);
  const topicResults = transaction.topics.map(({ name, partitions }) => ({
    name,
    resultsByPartition: partitions.map((partitionIndex) => ({
      partitionIndex,
      partitionErrorCode: codeOf(partitionIndex),
    })),
  }));
  const resultsByTransaction = [{ transactionalId: transaction.transactionalId, topicResults }];
  const response = { throttleTimeMs: 0, errorCode: 0, resultsByTransaction, resultsByTopicV3AndBelow: [] };
  done({ ok: true, response });
}

test('the questions of a turn about one producer are one request, and each partition has its own answer', () => {
  const { clock, asked, codes, verify } = world();
  verify(0, 'add');
  verify(3, 'add');
  verify(3, 'add');
  verify(1, 'add', 'other');
  verify(2, 'verify');
  assert.equal(asked.length, 0);
  clock.runSoon();
  assert.deepEqual(
    asked.map(({ request }) => request.transactions.map((one) => [one.transactionalId, one.verifyOnly, one.topics])),
    [
      [['id', false, [{ name: 't', partitions: [0, 3] }]]],
      [['other', false, [{ name: 't', partitions: [1] }]]],
      [['id', true, [{ name: 't', partitions: [2] }]]],
    ],
  );
  const [first, second, third] = asked as [Asked, Asked, Asked];
  assert.equal(first.coordinator, third.coordinator);
  answer(first, (partition) => (partition === 3 ? ERRORS.INVALID_TXN_STATE : 0));
  answer(second, () => 0);
  third.done({ ok: false, errorCode: ERRORS.NOT_COORDINATOR });
  assert.deepEqual(codes, [0, ERRORS.INVALID_TXN_STATE, ERRORS.INVALID_TXN_STATE, 0, ERRORS.NOT_ENOUGH_REPLICAS]);
});

test('what the producer is told', () => {
  const cases: readonly [mode: VerificationMode, code: number, told: number][] = [
    ['add', ERRORS.NONE, ERRORS.NONE],
    ['add', ERRORS.PRODUCER_FENCED, ERRORS.INVALID_PRODUCER_EPOCH],
    ['verify', ERRORS.PRODUCER_FENCED, ERRORS.INVALID_PRODUCER_EPOCH],
    ['add', ERRORS.TRANSACTION_ABORTABLE, ERRORS.TRANSACTION_ABORTABLE],
    ['verify-abortable', ERRORS.TRANSACTION_ABORTABLE, ERRORS.TRANSACTION_ABORTABLE],
    ['verify', ERRORS.TRANSACTION_ABORTABLE, ERRORS.INVALID_TXN_STATE],
    ['verify', ERRORS.CONCURRENT_TRANSACTIONS, ERRORS.NOT_ENOUGH_REPLICAS],
    ['verify-abortable', ERRORS.CONCURRENT_TRANSACTIONS, ERRORS.NOT_ENOUGH_REPLICAS],
    ['add', ERRORS.COORDINATOR_LOAD_IN_PROGRESS, ERRORS.NOT_ENOUGH_REPLICAS],
    ['add', ERRORS.COORDINATOR_NOT_AVAILABLE, ERRORS.NOT_ENOUGH_REPLICAS],
    ['verify', ERRORS.NOT_COORDINATOR, ERRORS.NOT_ENOUGH_REPLICAS],
    ['verify', ERRORS.INVALID_PRODUCER_ID_MAPPING, ERRORS.INVALID_PRODUCER_ID_MAPPING],
  ];
  for (const [mode, code, told] of cases) {
    const { clock, asked, codes, verify } = world();
    verify(0, mode);
    clock.runSoon();
    answer(asked[0] as Asked, () => code);
    assert.deepEqual(codes, [told], `${mode} ${code}`);
  }
});

test('what a group is told whose offsets a producer commits: its producers know the errors of coordinators', () => {
  const cases: readonly [mode: VerificationMode, code: number, told: number][] = [
    ['add', ERRORS.PRODUCER_FENCED, ERRORS.INVALID_PRODUCER_EPOCH],
    ['verify', ERRORS.TRANSACTION_ABORTABLE, ERRORS.INVALID_TXN_STATE],
    ['verify-abortable', ERRORS.TRANSACTION_ABORTABLE, ERRORS.TRANSACTION_ABORTABLE],
    ['verify', ERRORS.CONCURRENT_TRANSACTIONS, ERRORS.CONCURRENT_TRANSACTIONS],
    ['add', ERRORS.COORDINATOR_LOAD_IN_PROGRESS, ERRORS.COORDINATOR_LOAD_IN_PROGRESS],
    ['verify', ERRORS.NOT_COORDINATOR, ERRORS.NOT_COORDINATOR],
  ];
  for (const [mode, code, told] of cases) {
    const { clock, asked, codes, verify } = world({ topic: '__consumer_offsets' });
    verify(0, mode);
    clock.runSoon();
    answer(asked[0] as Asked, () => code);
    assert.deepEqual(codes, [told], `${mode} ${code}`);
  }
});

test('what the producer is told in words', () => {
  const cases: readonly [code: number, message: string | null][] = [
    [ERRORS.TRANSACTION_ABORTABLE, 'Partition was not added to the transaction'],
    [
      ERRORS.NOT_COORDINATOR,
      'Unable to verify the partition has been added to the transaction. Underlying error: NOT_COORDINATOR',
    ],
    [ERRORS.INVALID_PRODUCER_ID_MAPPING, null],
  ];
  for (const [code, message] of cases) {
    const { clock, asked, messages, verify } = world();
    verify(0, 'verify');
    clock.runSoon();
    answer(asked[0] as Asked, () => code);
    assert.deepEqual(messages, [message]);
  }
});

test('a transaction that is not quite over is asked about again, only by who adds partitions, and only for a while', () => {
  const { clock, asked, codes, verify } = world();
  verify(0, 'add');
  verify(1, 'add');
  clock.runSoon();
  answer(asked[0] as Asked, (partition) => (partition === 0 ? ERRORS.CONCURRENT_TRANSACTIONS : 0));
  assert.deepEqual(codes, [null, 0]);
  for (let n = 1; codes[0] === null; n++) {
    assert.ok(n < 10, 'it ends');
    clock.advance(20);
    clock.runSoon();
    assert.equal(asked.length, n + 1);
    assert.deepEqual(asked[n]?.request.transactions[0]?.topics, [{ name: 't', partitions: [0] }]);
    answer(asked[n] as Asked, () => ERRORS.CONCURRENT_TRANSACTIONS);
  }
  assert.equal(codes[0], ERRORS.CONCURRENT_TRANSACTIONS);
  assert.equal(clock.monotonic(), 100);
});

test('where nobody keeps transactions, and where nobody is to be asked', () => {
  const without = world({ hasTopic: false });
  without.verify(0, 'add');
  without.clock.runSoon();
  assert.deepEqual(without.codes, [ERRORS.NOT_ENOUGH_REPLICAS]);
  const disabled = world({ isEnabled: false });
  disabled.verify(0, 'verify');
  disabled.verify(0, 'add');
  assert.deepEqual(disabled.codes, [0, null]);
  disabled.clock.runSoon();
  assert.equal(disabled.asked.length, 1);
});
