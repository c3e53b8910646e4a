/**
 * Many offsets in little memory: a row an offset, in columns of numbers; groups, topics and topic ids by number, metadata and times to expire
 * (which few have) beside them. About 70 bytes an offset, where an object and its place in a Map are 250.
 *
 *   index    hash of (group, topic, partition) → row + 1; open addressing, at most half full
 *   rows     group │ topic │ partition │ offset │ … │ the row before and after it of the same group
 */
import type { Uuid } from '../../../base/uuid.ts';
import { Names } from './names.ts';
import type { CommittedOffset } from './table.ts';

const FIRST_CAPACITY = 16;
const NONE = -1;

function columnsOf(capacity: number) {
  return {
    group: new Int32Array(capacity),
    topic: new Int32Array(capacity),
    partition: new Int32Array(capacity),
    topicId: new Int32Array(capacity),
    leaderEpoch: new Int32Array(capacity),
    /** Rows of one group, the newest first. A free row's next is the next free one. */
    next: new Int32Array(capacity),
    previous: new Int32Array(capacity),
    offset: new BigInt64Array(capacity),
    commitTimestamp: new Float64Array(capacity),
    recordOffset: new Float64Array(capacity),
  };
}

type Columns = ReturnType<typeof columnsOf>;

/** Part of one table of offsets. */
export class OffsetColumns {
  #columns: Columns = columnsOf(FIRST_CAPACITY);
  #capacity = FIRST_CAPACITY;
  #index = new Int32Array(2 * FIRST_CAPACITY);
  /** Rows up to here were used once; those that are free now hang together from `#free`. */
  #end = 0;
  #free = NONE;
  #size = 0;
  readonly #groups = new Names();
  readonly #topics = new Names();
  readonly #topicIds = new Names();
  /** The first row of a group, by its number. */
  readonly #heads: number[] = [];
  readonly #metadata = new Map<number, string>();
  readonly #expiries = new Map<number, number>();

  get size(): number {
    return this.#size;
  }

  get(group: string, topic: string, partition: number): CommittedOffset | undefined {
    const row = this.#find(group, topic, partition);
    return row === NONE ? undefined : this.#value(row);
  }

  hasGroup(group: string): boolean {
    return this.#groups.numberOf(group) !== NONE;
  }

  groups(): MapIterator<string> {
    return this.#groups.texts();
  }

  /** Whether anybody has an offset of it. */
  hasTopic(topic: string): boolean {
    return this.#topics.numberOf(topic) !== NONE;
  }

  /** The offsets of a group by topic. */
  topicsOf(group: string): Map<string, Map<number, CommittedOffset>> {
    const topics = new Map<string, Map<number, CommittedOffset>>();
    const number = this.#groups.numberOf(group);
    const { topic, partition, next } = this.#columns;
    for (let row = number === NONE ? NONE : this.#head(number); row !== NONE; row = next[row] as number) {
      const name = this.#topics.textOf(topic[row] as number);
      const partitions = topics.get(name);
      const value = this.#value(row);
      if (partitions === undefined) topics.set(name, new Map([[partition[row] as number, value]]));
      else partitions.set(partition[row] as number, value);
    }
    return topics;
  }

  put(group: string, topic: string, partition: number, value: CommittedOffset): void {
    const known = this.#find(group, topic, partition);
    if (known !== NONE) {
      this.#topicIds.release(this.#columns.topicId[known] as number);
      this.#fill(known, value);
      return;
    }
    const row = this.#newRow();
    const columns = this.#columns;
    const isFirst = !this.hasGroup(group);
    const number = this.#groups.take(group);
    const head = isFirst ? NONE : this.#head(number);
    columns.group[row] = number;
    columns.topic[row] = this.#topics.take(topic);
    columns.partition[row] = partition;
    columns.next[row] = head;
    columns.previous[row] = NONE;
    if (head !== NONE) columns.previous[head] = row;
    this.#heads[number] = row;
    this.#fill(row, value);
    this.#enter(row);
    this.#size++;
  }

  drop(group: string, topic: string, partition: number): void {
    const row = this.#find(group, topic, partition);
    if (row === NONE) return;
    this.#leave(row);
    const { next, previous, group: groups, topic: topics, topicId } = this.#columns;
    const after = next[row] as number;
    const before = previous[row] as number;
    const number = groups[row] as number;
    if (before === NONE) this.#heads[number] = after;
    else next[before] = after;
    if (after !== NONE) previous[after] = before;
    this.#groups.release(number);
    this.#topics.release(topics[row] as number);
    this.#topicIds.release(topicId[row] as number);
    this.#metadata.delete(row);
    this.#expiries.delete(row);
    next[row] = this.#free;
    this.#free = row;
    this.#size--;
  }

  // ---- rows

  #head(group: number): number {
    return this.#heads[group] as number;
  }

  #value(row: number): CommittedOffset {
    const columns = this.#columns;
    return {
      offset: columns.offset[row] as bigint,
      leaderEpoch: columns.leaderEpoch[row] as number,
      metadata: this.#metadata.get(row) ?? '',
      commitTimestamp: columns.commitTimestamp[row] as number,
      expireTimestamp: this.#expiries.get(row) ?? -1,
      topicId: this.#topicIds.textOf(columns.topicId[row] as number) as Uuid,
      recordOffset: columns.recordOffset[row] as number,
    };
  }

  #fill(row: number, value: CommittedOffset): void {
    const columns = this.#columns;
    columns.offset[row] = value.offset;
    columns.leaderEpoch[row] = value.leaderEpoch;
    columns.commitTimestamp[row] = value.commitTimestamp;
    columns.recordOffset[row] = value.recordOffset;
    columns.topicId[row] = this.#topicIds.take(value.topicId);
    if (value.metadata === '') this.#metadata.delete(row);
    else this.#metadata.set(row, value.metadata);
    if (value.expireTimestamp === -1) this.#expiries.delete(row);
    else this.#expiries.set(row, value.expireTimestamp);
  }

  #newRow(): number {
    const row = this.#free;
    if (row !== NONE) {
      this.#free = this.#columns.next[row] as number;
      return row;
    }
    if (this.#end === this.#capacity) this.#grow();
    return this.#end++;
  }

  #grow(): void {
    const capacity = Math.ceil(this.#capacity * 1.5);
    const columns = columnsOf(capacity);
    const old = this.#columns;
    columns.group.set(old.group);
    columns.topic.set(old.topic);
    columns.partition.set(old.partition);
    columns.topicId.set(old.topicId);
    columns.leaderEpoch.set(old.leaderEpoch);
    columns.next.set(old.next);
    columns.previous.set(old.previous);
    columns.offset.set(old.offset);
    columns.commitTimestamp.set(old.commitTimestamp);
    columns.recordOffset.set(old.recordOffset);
    this.#columns = columns;
    this.#capacity = capacity;
  }

  // ---- index

  #find(group: string, topic: string, partition: number): number {
    const groupNumber = this.#groups.numberOf(group);
    const topicNumber = this.#topics.numberOf(topic);
    if (groupNumber === NONE || topicNumber === NONE) return NONE;
    const index = this.#index;
    const mask = index.length - 1;
    const { group: groups, topic: topics, partition: partitions } = this.#columns;
    for (let at = hash(groupNumber, topicNumber, partition) & mask; ; at = (at + 1) & mask) {
      const row = (index[at] as number) - 1;
      if (row === NONE) return NONE;
      if (partitions[row] === partition && topics[row] === topicNumber && groups[row] === groupNumber) return row;
    }
  }

  #home(row: number): number {
    const { group, topic, partition } = this.#columns;
    return hash(group[row] as number, topic[row] as number, partition[row] as number) & (this.#index.length - 1);
  }

  #enter(row: number): void {
    if (2 * (this.#size + 1) > this.#index.length) {
      const old = this.#index;
      this.#index = new Int32Array(2 * old.length);
      for (const entry of old) if (entry !== 0) this.#insert(entry);
    }
    this.#insert(row + 1);
  }

  #insert(entry: number): void {
    const index = this.#index;
    const mask = index.length - 1;
    let at = this.#home(entry - 1);
    while (index[at] !== 0) at = (at + 1) & mask;
    index[at] = entry;
  }

  /** Entries behind the hole move up, so that none is cut off from its home. */
  #leave(row: number): void {
    const index = this.#index;
    const mask = index.length - 1;
    let hole = this.#home(row);
    while (index[hole] !== row + 1) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; index[at] !== 0; at = (at + 1) & mask) {
      const distance = (at - this.#home((index[at] as number) - 1)) & mask;
      if (distance < ((at - hole) & mask)) continue;
      index[hole] = index[at] as number;
      hole = at;
    }
    index[hole] = 0;
  }
}

function hash(group: number, topic: number, partition: number): number {
  let mixed = Math.imul(group, 0x9e3779b1) ^ Math.imul(topic, 0x85ebca6b) ^ Math.imul(partition, 0xc2b2ae35);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x2c1b3c6d);
  return mixed ^ (mixed >>> 13);
}
