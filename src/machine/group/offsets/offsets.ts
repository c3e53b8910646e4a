/**
 * The committed offsets of the groups of one machine, and those that transactions which are still open will commit (KIP-98, KIP-447).
 *
 *   offsetCommit ──────────────────────────────▶ committed
 *   offsetCommit of a producer ──▶ pending ──▶ committed, where no later record has committed the partition
 *                                    │ end of the transaction
 *                                    └───────▶ dropped
 */
import { type UndoJournal, UndoMap } from '../../../base/undo-map.ts';
import { type CommittedOffset, OffsetTable } from './table.ts';

/** Owned by one machine, used on its thread only. */
export class GroupOffsets {
  readonly committed: OffsetTable;
  /** By producer id as group, and by group and topic as topic. */
  readonly #pending: OffsetTable;
  /** The producers with a pending offset of a partition, by `openKey`. */
  readonly #open: UndoMap<string, readonly number[]>;
  /** How many entries of `#open` a group has. */
  readonly #openOfGroup: UndoMap<string, number>;

  constructor(journal: UndoJournal) {
    this.committed = new OffsetTable(journal);
    this.#pending = new OffsetTable(journal);
    this.#open = new UndoMap(journal);
    this.#openOfGroup = new UndoMap(journal);
  }

  /** Whether an open transaction has an offset of this partition, in the newest state. */
  hasPending(group: string, topic: string, partition: number): boolean {
    return this.#open.has(openKey(pendingTopic(group, topic), partition));
  }

  /** Whether an open transaction has an offset of this group, in the newest state. */
  hasPendingOf(group: string): boolean {
    return this.#openOfGroup.has(group);
  }

  /** Partitions of a group with a pending offset that is wanted, in the newest state; each once. */
  *pendingOf(
    group: string,
    isWanted: (topic: string, value: CommittedOffset) => boolean = () => true,
  ): Generator<{ topic: string; partition: number }> {
    if (!this.hasPendingOf(group)) return;
    const seen = new Set<string>();
    for (const producer of this.#pending.groups()) {
      for (const [key, partitions] of this.#pending.topicsOf(producer)) {
        const [ofGroup, topic] = pendingParts(key);
        if (ofGroup !== group) continue;
        for (const [partition, value] of partitions) {
          const open = openKey(key, partition);
          if (seen.has(open) || !isWanted(topic, value)) continue;
          seen.add(open);
          yield { topic, partition };
        }
      }
    }
  }

  // ---- replay

  commitOffset(
    group: string,
    topic: string,
    partition: number,
    value: CommittedOffset,
    producerId: number | null,
  ): void {
    if (producerId === null) {
      this.committed.set(group, topic, partition, value);
      return;
    }
    const key = pendingTopic(group, topic);
    this.#pending.set(String(producerId), key, partition, value);
    const open = this.#open.get(openKey(key, partition)) ?? [];
    if (!open.includes(producerId)) this.#setOpen(group, openKey(key, partition), [...open, producerId]);
  }

  /** The record that deletes an offset takes the pending ones with it. */
  deleteOffset(group: string, topic: string, partition: number): void {
    this.committed.delete(group, topic, partition);
    const key = pendingTopic(group, topic);
    const open = this.#open.get(openKey(key, partition));
    if (open === undefined) return;
    for (const producerId of open) this.#pending.delete(String(producerId), key, partition);
    this.#setOpen(group, openKey(key, partition), []);
  }

  /** The marker that ends a producer's transaction. */
  endTransaction(producerId: number, commits: boolean): void {
    const producer = String(producerId);
    const offsets = [...this.#pending.topicsOf(producer)].flatMap(([key, partitions]) =>
      [...partitions].map(([partition, value]) => ({ key, partition, value })),
    );
    for (const { key, partition, value } of offsets) {
      const [group, topic] = pendingParts(key);
      this.#pending.delete(producer, key, partition);
      const open = this.#open.get(openKey(key, partition)) ?? [];
      this.#setOpen(
        group,
        openKey(key, partition),
        open.filter((id) => id !== producerId),
      );
      if (!commits) continue;
      // Compaction keeps the record that stands last: the state must hold the same.
      const existing = this.committed.get(group, topic, partition);
      if (existing !== undefined && existing.recordOffset >= value.recordOffset) continue;
      this.committed.set(group, topic, partition, value);
    }
  }

  commit(endOffset: number): void {
    this.committed.commit(endOffset);
    this.#pending.commit(endOffset);
    this.#open.commit(endOffset);
    this.#openOfGroup.commit(endOffset);
  }

  #setOpen(group: string, key: string, producers: readonly number[]): void {
    const had = this.#open.has(key);
    if (producers.length > 0) this.#open.set(key, producers);
    else this.#open.delete(key);
    const change = Number(producers.length > 0) - Number(had);
    if (change === 0) return;
    const count = (this.#openOfGroup.get(group) ?? 0) + change;
    if (count > 0) this.#openOfGroup.set(group, count);
    else this.#openOfGroup.delete(group);
  }
}

/** Group ids may hold any character, so the length tells where the topic begins. */
function pendingTopic(group: string, topic: string): string {
  return `${group.length}:${group}${topic}`;
}

function pendingParts(key: string): [group: string, topic: string] {
  const colon = key.indexOf(':');
  const end = colon + 1 + Number(key.slice(0, colon));
  return [key.slice(colon + 1, end), key.slice(end)];
}

function openKey(pending: string, partition: number): string {
  return `${partition} ${pending}`;
}
