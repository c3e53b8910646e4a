/**
 * Counts over the members of one group, so that no request looks at all of them. Part of the hard state: it follows each change of a
 * member, and its taking back.
 */
import type { UndoJournal } from '../../../base/undo-map.ts';
import type { Uuid } from '../../../base/uuid.ts';
import type { ResolvedRegex } from './group.ts';
import { MEMBER_STATE, type Member, regexOf } from './member.ts';
import type { Owned } from './partitions.ts';
import { Tally } from './tally.ts';

export class MemberIndex {
  /** Members that subscribe to a topic by its name, and patterns that matched it. */
  readonly topics = new Tally<string>();
  readonly byName = new Tally<string>();
  /** Members by their pattern. */
  readonly regexes = new Tally<string>();
  readonly assignors = new Tally<string>();
  /** Instance id to member id. */
  readonly staticMembers = new Map<string, string>();
  /** Members that have all they shall have, by their epoch. */
  readonly stableAt = new Tally<number>();
  /** Members of the classic protocol, by the names of the assignors that they offer; and how many there are. */
  readonly classicProtocols = new Tally<string>();
  classicMembers = 0;
  /** Partitions by topic, and the epoch of the member that has each. */
  readonly #owners = new Map<Uuid, Map<number, number>>();
  readonly #journal: UndoJournal;
  readonly #onTopic: (topic: string, subscribed: boolean) => void;

  constructor(journal: UndoJournal, onTopic: (topic: string, subscribed: boolean) => void) {
    this.#journal = journal;
    this.#onTopic = onTopic;
  }

  isOwned(topicId: Uuid, partition: number): boolean {
    return this.#owners.get(topicId)?.has(partition) === true;
  }

  /** A member comes, changes or goes. */
  change(before: Member | null, after: Member | null): void {
    this.#count(before, after);
    this.#journal.note(() => this.#count(after, before));
    const sameOwned =
      before !== null &&
      after !== null &&
      before.assigned === after.assigned &&
      before.revoking === after.revoking &&
      before.memberEpoch === after.memberEpoch;
    if (sameOwned) return;
    const undo: [Uuid, number, number | undefined][] = [];
    if (before !== null)
      for (const owned of [before.assigned, before.revoking]) this.#release(owned, before.memberEpoch, undo);
    if (after !== null)
      for (const owned of [after.assigned, after.revoking]) this.#take(owned, after.memberEpoch, undo);
    if (undo.length === 0) return;
    this.#journal.note(() => {
      for (const [topicId, partition, epoch] of undo.toReversed()) this.#own(topicId, partition, epoch);
    });
  }

  /** A pattern was resolved, again or no more. */
  changeRegex(before: ResolvedRegex | null, after: ResolvedRegex | null): void {
    this.#countRegex(before, after);
    this.#journal.note(() => this.#countRegex(after, before));
  }

  // A partition that another member took since is not released: logs are compacted, and their records may meet in another order.
  #release(owned: Owned, epoch: number, undo: [Uuid, number, number | undefined][]): void {
    for (const [topicId, partitions] of owned) {
      for (const partition of partitions.keys()) {
        if (this.#owners.get(topicId)?.get(partition) !== epoch) continue;
        undo.push([topicId, partition, epoch]);
        this.#own(topicId, partition, undefined);
      }
    }
  }

  #take(owned: Owned, epoch: number, undo: [Uuid, number, number | undefined][]): void {
    for (const [topicId, partitions] of owned) {
      for (const partition of partitions.keys()) {
        undo.push([topicId, partition, this.#owners.get(topicId)?.get(partition)]);
        this.#own(topicId, partition, epoch);
      }
    }
  }

  #own(topicId: Uuid, partition: number, epoch: number | undefined): void {
    let partitions = this.#owners.get(topicId);
    if (partitions === undefined) this.#owners.set(topicId, (partitions = new Map()));
    if (epoch !== undefined) partitions.set(partition, epoch);
    else partitions.delete(partition);
    if (partitions.size === 0) this.#owners.delete(topicId);
  }

  #count(before: Member | null, after: Member | null): void {
    const left = before?.instanceId ?? null;
    const came = after?.instanceId ?? null;
    if (left !== null && this.staticMembers.get(left) === before?.memberId) this.staticMembers.delete(left);
    if (came !== null && after !== null) this.staticMembers.set(came, after.memberId);
    if (before !== null) this.#countOne(before, -1);
    if (after !== null) this.#countOne(after, 1);
    if (before?.topicNames === after?.topicNames) return;
    // First what comes: a topic that stays is not told to have gone.
    for (const topic of after?.topicNames ?? []) this.#countName(topic, 1);
    for (const topic of before?.topicNames ?? []) this.#countName(topic, -1);
  }

  #countOne(member: Member, by: number): void {
    const regex = regexOf(member);
    if (regex !== null) this.regexes.add(regex, by);
    if (member.serverAssignor !== null) this.assignors.add(member.serverAssignor, by);
    if (member.state === MEMBER_STATE.stable) this.stableAt.add(member.memberEpoch, by);
    if (member.classic === null) return;
    this.classicMembers += by;
    for (const { name } of member.classic.supportedProtocols) this.classicProtocols.add(name, by);
  }

  #countRegex(before: ResolvedRegex | null, after: ResolvedRegex | null): void {
    for (const topic of after?.topics ?? []) this.#countTopic(topic, 1);
    for (const topic of before?.topics ?? []) this.#countTopic(topic, -1);
  }

  #countName(topic: string, by: number): void {
    this.byName.add(topic, by);
    this.#countTopic(topic, by);
  }

  #countTopic(topic: string, by: number): void {
    const was = this.topics.has(topic);
    const is = this.topics.add(topic, by) > 0;
    if (was !== is) this.#onTopic(topic, is);
  }
}
