/** Offsets that a producer commits in its transaction while a marker of its comes: which marker says that the transaction is over. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GroupCoordinator, GroupParts, GroupResult } from '../../../src/coordinator/groups.ts';
import type { GroupEvent } from '../../../src/machine/group/decision.ts';
import { MetadataImage } from '../../../src/machine/image/image.ts';
import type { Logger } from '../../../src/port/log.ts';
import { ERRORS } from '../../../src/protocol/errors.ts';
import { GroupCoordinators } from '../../../src/shard/group-coordinators.ts';
import { PartitionTable } from '../../../src/shard/partition-table.ts';
import type { Verified, Verifier } from '../../../src/shard/verification.ts';

const QUIET: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => QUIET };
const COMMITTED: GroupResult = { ok: true, answer: null };

/** One coordinator that takes everything, and questions about producers that are answered by hand. */
function world() {
  const questions: Verified[] = [];
  const coordinator = {
    state: 'active',
    isEnding: () => false,
    submit: (_event: GroupEvent, done: (result: GroupResult) => void) => done(COMMITTED),
    endTransaction: (_marker: object, done: (errorCode: number) => void) => done(ERRORS.NONE),
  };
  class OneGroupCoordinator extends GroupCoordinators {
    override at(): GroupCoordinator {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else of it is called
      return coordinator as unknown as GroupCoordinator;
    }
  }
  const verifier = { verify: (...[, , , , done]: Parameters<Verifier['verify']>) => void questions.push(done) };
  const coordinators = new OneGroupCoordinator({
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- no coordinator is made
    groups: { image: new MetadataImage(), log: QUIET } as unknown as GroupParts,
    nodeId: 1,
    table: new PartitionTable(),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else of it is called
    verifier: verifier as unknown as Verifier,
    crash: assert.ifError,
  });
  const results: GroupResult[] = [];
  return {
    questions,
    results,
    commit: (version: number, producerEpoch: number): void => {
      const request = { transactionalId: 'id', groupId: 'g', producerId: 7, producerEpoch, topics: [] };
      const member = { generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null };
      const client = { clientId: '', clientHost: '' };
      const event = { kind: 'TxnOffsetCommit', version, request: { ...request, ...member }, client } as const;
      coordinators.ask(0, event, (result) => results.push(result));
    },
    end: (producerEpoch: number, producerId = 7): void => {
      const marker = { producerId, producerEpoch, commit: true, coordinatorEpoch: 0, transactionVersion: 2 };
      coordinators.endTransaction(0, marker, () => {});
    },
  };
}

const VOID = { ok: false, errorCode: ERRORS.INVALID_TXN_STATE } as const;

test('the marker of the transaction before comes while the next is asked about, whose epoch it has', () => {
  const { commit, end, questions, results } = world();
  commit(5, 3);
  end(3);
  end(9, 8);
  questions[0]?.(ERRORS.NONE, null);
  assert.deepEqual(results, [COMMITTED]);
});

test('any other marker of the producer says that what was asked about is over', () => {
  for (const [version, epoch, marker] of [
    [5, 3, 4],
    [4, 3, 3],
    [3, 3, 4],
  ] as const) {
    const { commit, end, questions, results } = world();
    commit(version, epoch);
    end(marker);
    questions[0]?.(ERRORS.NONE, null);
    assert.deepEqual(results, [VOID], `version ${version}, epoch ${epoch}, marker ${marker}`);
  }
});
