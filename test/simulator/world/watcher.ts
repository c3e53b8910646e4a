/** Asks for the offsets that were committed in transactions, stable or not, and for transactions themselves. */
import { ERRORS, errorName } from '../../../src/protocol/errors.ts';
import { Actor, oneOf } from './actor.ts';
import type { Rpc } from './client.ts';
import type { GroupHistory, Identity } from './ledger.ts';
import { Violation } from './violation.ts';

/** Codes of coordinators that come and go. */
const PASSING: ReadonlySet<number> = new Set([
  ERRORS.COORDINATOR_LOAD_IN_PROGRESS,
  ERRORS.COORDINATOR_NOT_AVAILABLE,
  ERRORS.NOT_COORDINATOR,
]);
const STATES: ReadonlySet<string> = new Set([
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
]);

export class Watcher extends Actor {
  #isAsking = false;

  protected override act(rpc: Rpc): void {
    const { identities } = this.world.history.ledger;
    if (this.#isAsking || identities.length === 0) return;
    const identity = oneOf(this.random, identities);
    this.#isAsking = true;
    if (this.random.chance(0.7)) this.#fetch(rpc, identity.group, this.random.chance(0.5));
    else this.#describe(rpc, identity);
  }

  #fetch(rpc: Rpc, group: GroupHistory, requireStable: boolean): void {
    const { losses } = this.world;
    const { seen } = group;
    const stable = requireStable ? Math.max(seen, group.promised) : seen;
    const groups = [{ groupId: group.id, topics: null }];
    rpc.ask('OffsetFetch', 8, { groupId: '', topics: [], groups, requireStable }, (response) => {
      this.#isAsking = false;
      const [found] = response?.groups ?? [];
      if (found === undefined || PASSING.has(found.errorCode) || losses !== this.world.losses) return;
      const part = found.topics[0]?.partitions[0];
      const code = found.errorCode === ERRORS.NONE ? (part?.errorCode ?? ERRORS.NONE) : found.errorCode;
      if (code === ERRORS.UNSTABLE_OFFSET_COMMIT && requireStable) {
        this.world.count('offsets unstable');
        return;
      }
      if (code !== ERRORS.NONE) throw new Violation(`${group.id}: OffsetFetch is answered ${errorName(code)}`);
      const offset = part === undefined ? 0 : Number(part.committedOffset);
      // A pending offset makes the partition known before it has one; of all partitions, as in Kafka, one that has no other is left out.
      group.shown(Math.max(0, offset), part === undefined ? seen : stable);
      this.world.count('offsets of transactions read');
    });
  }

  #describe(rpc: Rpc, { transactionalId }: Identity): void {
    rpc.ask('DescribeTransactions', 0, { transactionalIds: [transactionalId] }, (response) => {
      this.#isAsking = false;
      const state = response?.transactionStates[0];
      if (state === undefined || PASSING.has(state.errorCode)) return;
      if (state.errorCode === ERRORS.TRANSACTIONAL_ID_NOT_FOUND) return;
      if (state.errorCode !== ERRORS.NONE || !STATES.has(state.transactionState)) {
        throw new Violation(`${transactionalId} is described: ${errorName(state.errorCode)} ${state.transactionState}`);
      }
      this.world.count(`seen in ${state.transactionState}`);
    });
  }
}
