/**
 * A producer that commits offsets of groups in its transactions, over the network that members have. Whether its transaction is open is asked when a
 * commit arrives, as the coordinator of groups asks that of transactions; a marker is sent until it is written.
 */
import assert from 'node:assert/strict';
import { ERRORS } from '../../../src/protocol/errors.ts';
import type { Commits, GroupWorld } from './world.ts';

interface Written {
  readonly commits: Commits;
  readonly value: bigint;
}

class Transaction {
  readonly written: Written[] = [];
  state: 'open' | 'committing' | 'aborting' | 'committed' | 'aborted' = 'open';
  readonly #acked: Written[] = [];

  /** The producer was told that it is written. */
  acked(written: Written): void {
    this.#acked.push(written);
    if (this.state === 'committed') this.#count();
  }

  end(commit: boolean): void {
    this.state = commit ? 'committing' : 'aborting';
    // From now on these may be seen.
    if (commit) for (const { commits, value } of this.written) commits.submitted.add(value);
  }

  /** The marker is written. */
  ended(): void {
    this.state = this.state === 'committing' ? 'committed' : 'aborted';
    if (this.state === 'committed') this.#count();
  }

  #count(): void {
    for (const { commits, value } of this.#acked) if (value > commits.acked) commits.acked = value;
  }
}

export class Producer {
  readonly world: GroupWorld;
  readonly producerId: number;
  #epoch = 0;
  #open: Transaction | null = null;
  /** Transactions whose marker is not written. */
  ending = 0;

  constructor(world: GroupWorld, producerId: number) {
    this.world = world;
    this.producerId = producerId;
  }

  get isOpen(): boolean {
    return this.#open !== null;
  }

  get #name(): string {
    return `producer-${this.producerId}`;
  }

  /** Commits an offset of a group in the transaction that is open, or in a new one. One whose marker is not written is waited for. */
  commit(groupId: string, name: string, partitionIndex: number): void {
    const { world, producerId } = this;
    if (this.ending > 0) return;
    const transaction = (this.#open ??= new Transaction());
    const producerEpoch = this.#epoch;
    const commits = world.commitsOf(groupId, name, partitionIndex);
    let written: Written | null = null;
    const make = () => {
      if (transaction.state !== 'open') return null;
      written = { commits, value: commits.next++ };
      transaction.written.push(written);
      const offset = { committedOffset: written.value, committedLeaderEpoch: -1, committedMetadata: '' };
      const topics = [{ name, topicId: world.topics.get(name) as never, partitions: [{ partitionIndex, ...offset }] }];
      const member = { generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null };
      return { transactionalId: this.#name, groupId, producerId, producerEpoch, ...member, topics };
    };
    world.send(this.#name, 'TxnOffsetCommit', 5, make, (reply) => {
      if (reply.kind !== 'answer' || written === null) return;
      if (reply.response.topics[0]?.partitions[0]?.errorCode === ERRORS.NONE) transaction.acked(written);
    });
  }

  /** Ends the transaction that is open. */
  end(commit: boolean): void {
    const transaction = this.#open;
    if (transaction === null) return;
    this.#open = null;
    this.ending++;
    transaction.end(commit);
    this.world.counts.transactions++;
    // As with transaction version 2: the marker's epoch is that of the producer afterwards.
    this.#send(transaction, commit, ++this.#epoch);
  }

  #send(transaction: Transaction, commit: boolean, producerEpoch: number): void {
    const { world, producerId } = this;
    const { clock, random } = world;
    const again = (): void =>
      void clock.after(20 + random.below(200), () => this.#send(transaction, commit, producerEpoch));
    const { coordinator } = world;
    if (coordinator === null || random.chance(world.loss)) {
      again();
      return;
    }
    let isOver = false;
    const marker = { producerId, producerEpoch, commit, coordinatorEpoch: 0, transactionVersion: 2 };
    world.note(`${this.#name} ${commit ? 'commits' : 'aborts'}`);
    coordinator.endTransaction(marker, (errorCode) => {
      assert.ok(!isOver, 'a marker was answered twice');
      isOver = true;
      world.note(`${this.#name} is told ${errorCode}`);
      if (errorCode !== ERRORS.NONE || !world.isHeard(coordinator)) again();
      else {
        transaction.ended();
        this.ending--;
      }
    });
  }
}
