/**
 * One topic of the image with its partitions in a table of numbers: eleven columns, 44 bytes a partition. Lists (replicas, ISR …) are
 * numbers of shared lists.
 *
 *   partition │ leader │ leader epoch │ partition epoch │ recovery │ replicas │ isr │ elr │ last elr │ adding │ removing │ directories
 */
import type { UndoJournal } from '../../base/undo-map.ts';
import type { Uuid } from '../../base/uuid.ts';
import { ZERO_UUID } from '../../base/uuid.ts';
import type { ListPool } from './list-pool.ts';

/** One partition in full, for records and for undoing. */
export interface PartitionRow {
  /** Broker id, -1: none. */
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  /** 0: recovered, 1: recovering after an unclean election. */
  readonly leaderRecoveryState: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly elr: readonly number[];
  readonly lastKnownElr: readonly number[];
  readonly addingReplicas: readonly number[];
  readonly removingReplicas: readonly number[];
  /** The directory of each replica, in the order of `replicas`. */
  readonly directories: readonly Uuid[];
}

/** The lists of all topics of one image. */
export interface Lists {
  readonly brokers: ListPool<number>;
  readonly directories: ListPool<Uuid>;
}

const LEADER = 0;
const LEADER_EPOCH = 1;
const PARTITION_EPOCH = 2;
const RECOVERY = 3;
const REPLICAS = 4;
const ISR = 5;
const ELR = 6;
const LAST_ELR = 7;
const ADDING = 8;
const REMOVING = 9;
const DIRECTORIES = 10;
const COLUMNS = 11;

/** In the recovery column: no such partition. */
const ABSENT = -1;

const NONE = -1;

export class TopicImage {
  readonly name: string;
  readonly id: Uuid;
  readonly #lists: Lists;
  readonly #journal: UndoJournal | null;
  #rows: Int32Array;
  /** One more than the highest partition. */
  #end = 0;
  #count = 0;

  constructor(name: string, id: Uuid, lists: Lists, journal: UndoJournal | null) {
    this.name = name;
    this.id = id;
    this.#lists = lists;
    this.#journal = journal;
    this.#rows = new Int32Array(COLUMNS).fill(ABSENT);
  }

  /** Partitions are numbered from 0 to this. */
  get partitionCount(): number {
    return this.#count;
  }

  /** One more than the highest partition: differs from the count only while records arrive out of order. */
  get partitionEnd(): number {
    return this.#end;
  }

  has(partition: number): boolean {
    return partition >= 0 && partition < this.#end && this.#rows[partition * COLUMNS + RECOVERY] !== ABSENT;
  }

  /** Broker id; -1 where there is none, or no such partition. */
  leader(partition: number): number {
    return this.#number(partition, LEADER);
  }

  leaderEpoch(partition: number): number {
    return this.#number(partition, LEADER_EPOCH);
  }

  partitionEpoch(partition: number): number {
    return this.#number(partition, PARTITION_EPOCH);
  }

  leaderRecoveryState(partition: number): number {
    return Math.max(0, this.#number(partition, RECOVERY));
  }

  replicas(partition: number): readonly number[] {
    return this.#brokers(partition, REPLICAS);
  }

  isr(partition: number): readonly number[] {
    return this.#brokers(partition, ISR);
  }

  /** Eligible leader replicas (KIP-966). */
  elr(partition: number): readonly number[] {
    return this.#brokers(partition, ELR);
  }

  lastKnownElr(partition: number): readonly number[] {
    return this.#brokers(partition, LAST_ELR);
  }

  addingReplicas(partition: number): readonly number[] {
    return this.#brokers(partition, ADDING);
  }

  removingReplicas(partition: number): readonly number[] {
    return this.#brokers(partition, REMOVING);
  }

  /** The directory of each replica, in their order (KIP-858). */
  directories(partition: number): readonly Uuid[] {
    return this.has(partition) ? this.#lists.directories.get(this.#number(partition, DIRECTORIES)) : [];
  }

  /** Where a broker keeps its replica; null where it has none, the zero uuid where it is not known. */
  directoryOf(partition: number, brokerId: number): Uuid | null {
    const index = this.replicas(partition).indexOf(brokerId);
    return index < 0 ? null : (this.directories(partition)[index] ?? ZERO_UUID);
  }

  /** Everything of one partition, which must exist. */
  row(partition: number): PartitionRow {
    return {
      leader: this.leader(partition),
      leaderEpoch: this.leaderEpoch(partition),
      partitionEpoch: this.partitionEpoch(partition),
      leaderRecoveryState: this.leaderRecoveryState(partition),
      replicas: this.replicas(partition),
      isr: this.isr(partition),
      elr: this.elr(partition),
      lastKnownElr: this.lastKnownElr(partition),
      addingReplicas: this.addingReplicas(partition),
      removingReplicas: this.removingReplicas(partition),
      directories: this.directories(partition),
    };
  }

  // ---- changed by replay only

  /** Creates or replaces a partition. */
  put(partition: number, row: PartitionRow): void {
    if (this.#journal !== null) {
      const before = this.has(partition) ? this.row(partition) : null;
      this.#journal.note(() => (before === null ? this.#erase(partition) : this.#write(partition, before)));
    }
    this.#write(partition, row);
  }

  /** The topic is removed: its lists are given back. */
  drop(): void {
    if (this.#journal !== null) {
      const rows = this.#present().map((partition) => [partition, this.row(partition)] as const);
      this.#journal.note(() => {
        for (const [partition, row] of rows) this.#write(partition, row);
      });
    }
    for (const partition of this.#present()) this.#erase(partition);
  }

  #present(): number[] {
    return Array.from({ length: this.#end }, (_, partition) => partition).filter((partition) => this.has(partition));
  }

  #write(partition: number, row: PartitionRow): void {
    this.#reach(partition);
    const { brokers, directories } = this.#lists;
    const at = partition * COLUMNS;
    // Taken before the old ones are given back: a list that stays is not forgotten and built again.
    const next = [
      row.leader,
      row.leaderEpoch,
      row.partitionEpoch,
      row.leaderRecoveryState,
      brokers.take(row.replicas),
      brokers.take(row.isr),
      brokers.take(row.elr),
      brokers.take(row.lastKnownElr),
      brokers.take(row.addingReplicas),
      brokers.take(row.removingReplicas),
      directories.take(row.directories),
    ];
    if (this.has(partition)) this.#giveLists(at);
    else this.#count++;
    this.#rows.set(next, at);
    this.#end = Math.max(this.#end, partition + 1);
  }

  #erase(partition: number): void {
    this.#giveLists(partition * COLUMNS);
    this.#rows.fill(ABSENT, partition * COLUMNS, (partition + 1) * COLUMNS);
    this.#count--;
    while (this.#end > 0 && !this.has(this.#end - 1)) this.#end--;
  }

  #giveLists(at: number): void {
    const rows = this.#rows;
    for (let column = REPLICAS; column <= REMOVING; column++) this.#lists.brokers.give(rows[at + column] as number);
    this.#lists.directories.give(rows[at + DIRECTORIES] as number);
  }

  #reach(partition: number): void {
    const needed = (partition + 1) * COLUMNS;
    if (needed <= this.#rows.length) return;
    // A quarter more than needed: under 56 bytes a partition.
    const rows = new Int32Array(needed + Math.floor(partition / 4) * COLUMNS).fill(ABSENT);
    rows.set(this.#rows);
    this.#rows = rows;
  }

  #number(partition: number, column: number): number {
    return this.has(partition) ? (this.#rows[partition * COLUMNS + column] as number) : NONE;
  }

  #brokers(partition: number, column: number): readonly number[] {
    return this.has(partition) ? this.#lists.brokers.get(this.#rows[partition * COLUMNS + column] as number) : [];
  }
}
