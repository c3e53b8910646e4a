/**
 * What the clients of a simulation know of transactions: what each wrote, which end was asked for, and what became of it as far as anybody has
 * seen. Throws `Violation` where that cannot be.
 *
 * Rules:
 *   a record whose transaction nobody asked to commit is never shown as committed
 *   of one transaction all is shown (records in any partition, and its offset), or nothing; all of it where the commit was acknowledged
 *   an id and an epoch are given to one producer, and whoever has older ones has no success any more
 *   a group's offset is one of a transaction that somebody asked to commit, it never goes back, and who asks for a stable one sees no older one than
 *   that of the last commit that was acknowledged
 *
 * A power failure that may have taken what was acknowledged exempts the transactions that were begun before it.
 */
import type { PartitionHistory, RecordId } from './history.ts';
import { Violation } from './violation.ts';

export interface ProducerOfId {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** One transaction of one producer. */
export class Transaction {
  readonly name: string;
  readonly identity: Identity;
  /** Nothing is promised: the power has failed since, or what the producer has was given before it failed. */
  isExempt: boolean;
  /** The end that was asked for. */
  wish: 'none' | 'commit' | 'abort' = 'none';
  outcome: 'unknown' | 'committed' | 'aborted' = 'unknown';
  /** Whether the end was acknowledged. */
  isAcknowledged = false;
  /** Sequences are a partition's own, so that two may have a record of the same name. */
  readonly records = new Map<PartitionHistory, RecordId[]>();
  /** Of the identity's group; 0: none. */
  offset = 0;

  constructor(name: string, identity: Identity, isExempt: boolean) {
    this.name = name;
    this.identity = identity;
    this.isExempt = isExempt;
  }

  wrote(partition: PartitionHistory, ids: readonly RecordId[]): void {
    this.records.set(partition, [...(this.records.get(partition) ?? []), ...ids]);
  }

  acknowledged(): void {
    this.isAcknowledged = true;
    if (this.isExempt) return;
    this.#became(this.wish === 'commit' ? 'committed' : 'aborted', 'its end was acknowledged');
    if (this.wish === 'commit') this.identity.group.promise(this.offset);
  }

  /** A part of it was shown as committed. */
  shown(what: string): void {
    if (this.isExempt) return;
    if (this.wish !== 'commit') throw new Violation(`${this.name}: ${what} is shown, and its end was ${this.wish}`);
    this.#became('committed', `${what} is shown`);
  }

  /** A part of it was not shown, where it would have been if it were committed. */
  hidden(what: string): void {
    if (!this.isExempt) this.#became('aborted', `${what} is not shown`);
  }

  #became(outcome: 'committed' | 'aborted', why: string): void {
    if (this.outcome !== 'unknown' && this.outcome !== outcome) {
      throw new Violation(`${this.name} was ${this.outcome}, and ${why}`);
    }
    this.outcome = outcome;
  }
}

/** A group whose offsets are committed in the transactions of one transactional id: ever larger ones. */
export class GroupHistory {
  readonly id: string;
  /** Offset → the transaction that it was sent in. */
  readonly transactions = new Map<number, Transaction>();
  sent = 0;
  /** The largest that was ever shown, and the largest whose commit was acknowledged. */
  seen = 0;
  promised = 0;

  constructor(id: string) {
    this.id = id;
  }

  /** The next offset, for a transaction. */
  next(transaction: Transaction): number {
    const offset = ++this.sent;
    transaction.offset = offset;
    this.transactions.set(offset, transaction);
    return offset;
  }

  promise(offset: number): void {
    this.promised = Math.max(this.promised, offset);
  }

  /** `least` was seen, or promised to who asks for a stable offset, when the question was sent. */
  shown(offset: number, least: number): void {
    if (offset < least) throw new Violation(`${this.id} has offset ${offset}, and had ${least}`);
    if (offset === 0) return;
    const transaction = this.transactions.get(offset);
    if (transaction === undefined) throw new Violation(`${this.id} has offset ${offset}, which was never sent`);
    transaction.shown(`offset ${offset} of ${this.id}`);
    this.seen = Math.max(this.seen, offset);
  }
}

/** One transactional id, whoever produces with it. */
export class Identity {
  readonly transactionalId: string;
  readonly group: GroupHistory;
  /** InitProducerId with this id: how many were sent, and how many have no answer yet. */
  initsSent = 0;
  initsOpen = 0;
  /** The broker's life in which one lost its answer: it may have been handled, or may yet be. */
  ghostLife = 0;
  /** The newest that an answer has shown since what was acknowledged may have been lost. */
  newest: ProducerOfId | null = null;
  /** After a power failure two had the same id and epoch: nothing tells them apart any more. */
  isConfused = false;
  /** By producer id: the epochs that were given. */
  readonly #given = new Map<number, Set<number>>();

  constructor(transactionalId: string) {
    this.transactionalId = transactionalId;
    this.group = new GroupHistory(`group of ${transactionalId}`);
  }

  isOlder({ producerId, producerEpoch }: ProducerOfId): boolean {
    const { newest } = this;
    if (newest === null || producerId > newest.producerId) return false;
    return producerId < newest.producerId || producerEpoch < newest.producerEpoch;
  }

  /** An answer gave these. False: somebody may have had them, as a power failure has made the coordinator forget. */
  give(given: ProducerOfId, mayForget: boolean): boolean {
    const { producerId, producerEpoch } = given;
    const before = this.#given.get(producerId) ?? new Set();
    if (before.has(producerEpoch) && !mayForget) {
      throw new Violation(`${this.transactionalId} is given ${producerId}/${producerEpoch} twice`);
    }
    // An answer may come late, when somebody has been given more.
    const isFresh = !mayForget || producerEpoch > Math.max(-1, ...before);
    if (!isFresh) this.isConfused = true;
    this.#given.set(producerId, before.add(producerEpoch));
    if (!this.isOlder(given)) this.newest = given;
    return isFresh;
  }
}

/** All transactions of a simulation. */
export class Ledger {
  readonly identities: Identity[] = [];
  readonly transactions: Transaction[] = [];

  begin(identity: Identity, isExempt: boolean): Transaction {
    const name = `t${this.transactions.length}`;
    const transaction = new Transaction(name, identity, isExempt);
    this.transactions.push(transaction);
    return transaction;
  }

  /** Null: the record was in none. */
  of(id: RecordId): Transaction | null {
    const name = id.split('/')[3];
    return name === undefined ? null : (this.transactions[Number(name.slice(1))] ?? null);
  }

  /** The power has failed, and anything that was acknowledged may be gone. */
  lose(): void {
    for (const transaction of this.transactions) transaction.isExempt = true;
    for (const identity of this.identities) {
      identity.newest = null;
      identity.group.seen = 0;
      identity.group.promised = 0;
    }
  }

  /** Who wrote into a partition in transactions of which nothing is promised. */
  exemptProducers(partition: PartitionHistory): ProducerOfId[] {
    const producers = new Map<string, ProducerOfId>();
    for (const { isExempt, records } of this.transactions) {
      for (const id of (isExempt && records.get(partition)) || []) {
        const [producerId = -1, producerEpoch = -1] = id.split('/').map(Number);
        producers.set(`${producerId}/${producerEpoch}`, { producerId, producerEpoch });
      }
    }
    return [...producers.values()];
  }

  /** A reader of committed records has come by this one at last. */
  read(partition: PartitionHistory, offset: number, id: RecordId, isShown: boolean): void {
    const before = partition.visible.get(offset);
    if (before !== undefined && before !== isShown) {
      partition.fail(`record ${id} at ${offset} was ${before ? 'shown' : 'hidden'} to readers of committed records`);
    }
    partition.visible.set(offset, isShown);
    const transaction = this.of(id);
    if (transaction === null) {
      if (!isShown) partition.fail(`record ${id} at ${offset} is in no transaction, and is hidden`);
    } else if (isShown) transaction.shown(`record ${id}`);
    else transaction.hidden(`record ${id}`);
  }

  /** `partition` was read by a reader of committed records from `start` to `end`, when nothing went on any more. */
  complete(partition: PartitionHistory, start: number, end: number): void {
    for (const transaction of this.transactions) {
      if (transaction.isExempt || transaction.outcome !== 'committed') continue;
      for (const id of transaction.records.get(partition) ?? []) {
        const offset = partition.places.get(id);
        // Its place may never have been told, and be below the start by now.
        if (offset === undefined ? partition.deletes : offset < start) continue;
        if (offset === undefined) partition.fail(`record ${id} of a committed transaction is nowhere`);
        if (offset >= end || partition.visible.get(offset) !== true) {
          partition.fail(`record ${id} at ${offset} of a committed transaction is not shown`);
        }
      }
    }
  }
}
