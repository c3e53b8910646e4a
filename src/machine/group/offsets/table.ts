/**
 * Offsets by group, topic and partition, which can be taken back, and which still answer what stood before the changes that are not
 * committed. Values are replaced, never changed in place.
 */
import type { UndoJournal } from '../../../base/undo-map.ts';
import type { Uuid } from '../../../base/uuid.ts';
import { OffsetColumns } from './columns.ts';

/** An offset as it was committed. */
export interface CommittedOffset {
  readonly offset: bigint;
  /** -1: none was given. */
  readonly leaderEpoch: number;
  readonly metadata: string;
  /** Milliseconds since the epoch. */
  readonly commitTimestamp: number;
  /** Milliseconds since the epoch; -1: as the broker's settings say. */
  readonly expireTimestamp: number;
  /** Zero in records of before 4.1. */
  readonly topicId: Uuid;
  /** Where the record stands that committed it. */
  readonly recordOffset: number;
}

/** What stood before the change at `offset`. */
interface Older {
  readonly offset: number;
  readonly value: CommittedOffset | undefined;
}

interface Change {
  readonly offset: number;
  readonly group: string;
  readonly key: string;
}

/** How many dropped changes may lie at the front of the list before it is cut. */
const SLACK = 1024;

/** No limit: the newest state. */
export const NEWEST = Infinity;

/** Owned by one machine, used on its thread only. */
export class OffsetTable {
  readonly #journal: UndoJournal;
  readonly #newest = new OffsetColumns();
  /** By group, then by topic and partition, of what is not committed: the oldest first. */
  readonly #older = new Map<string, Map<string, Older[]>>();
  /** In the order in which they were made, from `#first`. */
  readonly #changes: Change[] = [];
  #first = 0;

  constructor(journal: UndoJournal) {
    this.#journal = journal;
  }

  /** Offsets in the newest state. */
  get size(): number {
    return this.#newest.size;
  }

  get(group: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.#newest.get(group, topic, partition);
  }

  /** The offset as of the records below `endOffset`. */
  getAt(group: string, topic: string, partition: number, endOffset: number): CommittedOffset | undefined {
    const older = this.#older.get(group)?.get(keyOf(topic, partition));
    const changed = older?.find(({ offset }) => offset >= endOffset);
    return changed === undefined ? this.get(group, topic, partition) : changed.value;
  }

  hasGroup(group: string): boolean {
    return this.#newest.hasGroup(group);
  }

  /** Groups with offsets, in the newest state. */
  groups(): Iterable<string> {
    return this.#newest.groups();
  }

  set(group: string, topic: string, partition: number, value: CommittedOffset): void {
    this.#remember(group, topic, partition);
    this.#newest.put(group, topic, partition, value);
  }

  /** Whether there was one. */
  delete(group: string, topic: string, partition: number): boolean {
    if (this.get(group, topic, partition) === undefined) return false;
    this.#remember(group, topic, partition);
    this.#newest.drop(group, topic, partition);
    return true;
  }

  /** The offsets of a group by topic, as of the records below `endOffset`. */
  topicsOf(group: string, endOffset = NEWEST): ReadonlyMap<string, ReadonlyMap<number, CommittedOffset>> {
    const topics = this.#newest.topicsOf(group);
    const older = this.#older.get(group);
    if (endOffset === NEWEST || older === undefined) return topics;
    for (const key of older.keys()) {
      const [topic, partition] = partsOf(key);
      const value = this.getAt(group, topic, partition, endOffset);
      const partitions = topics.get(topic) ?? new Map<number, CommittedOffset>();
      if (value === undefined) partitions.delete(partition);
      else partitions.set(partition, value);
      if (partitions.size === 0) topics.delete(topic);
      else topics.set(topic, partitions);
    }
    return topics;
  }

  /** Whether any group has an offset of this topic, in the newest state. */
  hasTopic(topic: string): boolean {
    return this.#newest.hasTopic(topic);
  }

  /** Records below `endOffset` are committed: forget what stood before them. Called with the journal's commit. */
  commit(endOffset: number): void {
    while (this.#first < this.#changes.length) {
      const { offset, group, key } = this.#changes[this.#first] as Change;
      if (offset >= endOffset) break;
      this.#first++;
      const byKey = this.#older.get(group);
      const older = byKey?.get(key);
      older?.shift();
      if (older?.length === 0) byKey?.delete(key);
      if (byKey?.size === 0) this.#older.delete(group);
    }
    if (this.#first < SLACK && this.#first < this.#changes.length) return;
    this.#changes.splice(0, this.#first);
    this.#first = 0;
  }

  #remember(group: string, topic: string, partition: number): void {
    const { offset } = this.#journal;
    const key = keyOf(topic, partition);
    const byKey = this.#older.get(group) ?? new Map<string, Older[]>();
    this.#older.set(group, byKey);
    const older = byKey.get(key) ?? [];
    if (older[older.length - 1]?.offset === offset) return;
    const value = this.get(group, topic, partition);
    older.push({ offset, value });
    byKey.set(key, older);
    this.#changes.push({ offset, group, key });
    this.#journal.note(() => this.#restore(group, topic, partition, value));
  }

  /** Runs for the newest change that there is. */
  #restore(group: string, topic: string, partition: number, value: CommittedOffset | undefined): void {
    if (value === undefined) this.#newest.drop(group, topic, partition);
    else this.#newest.put(group, topic, partition, value);
    this.#changes.pop();
    const key = keyOf(topic, partition);
    const byKey = this.#older.get(group);
    const older = byKey?.get(key);
    older?.pop();
    if (older?.length === 0) byKey?.delete(key);
    if (byKey?.size === 0) this.#older.delete(group);
  }
}

function keyOf(topic: string, partition: number): string {
  return `${partition} ${topic}`;
}

function partsOf(key: string): [topic: string, partition: number] {
  const space = key.indexOf(' ');
  return [key.slice(space + 1), Number(key.slice(0, space))];
}
