/**
 * The `uniform` assignor where all members subscribe to the same topics: everybody has the same number of partitions, or one more, and keeps
 * as many of the old ones as that allows.
 *
 *   quota  = partitions / members, and one more for as many members as the division leaves over: for those who have it already, where
 *            enough members come after to take what is left over
 *   revoke = what a member has beyond its quota;  unassigned = what nobody has, then what was revoked;  fill = members in order
 */
import type { Uuid } from '../../../base/uuid.ts';
import { AssignmentDraft } from './draft.ts';
import { copiedCapacity, grownCapacity, hashOfInt, hashOfText, hashOfUuid, inHashOrder } from './hash-order.ts';
import { type AssignmentMember, type AssignmentSpec, type GroupAssignment, partitionCount } from './spec.ts';

interface TopicPartition {
  readonly topicId: Uuid;
  readonly partition: number;
}

/** A member with room. */
interface Unfilled {
  readonly memberId: string;
  readonly room: number;
}

export function assignHomogeneous(spec: AssignmentSpec): GroupAssignment {
  const draft = new AssignmentDraft(spec);
  const members = inHashOrder(spec.members.keys(), hashOfText, grownCapacity(spec.members.size));
  const subscribed = spec.members.get(members[0] ?? '')?.topicIds ?? new Set<Uuid>();
  // A group that subscribes to nothing that exists is assigned nothing.
  if (subscribed.size === 0) {
    for (const [memberId, { assigned }] of spec.members) {
      for (const topicId of assigned.keys()) draft.removeTopic(memberId, topicId);
    }
    return draft.finish();
  }

  let total = 0;
  for (const topicId of subscribed) total += partitionCount(spec, topicId);
  const unassigned = assignedToNobody(spec, subscribed);
  const unfilled: Unfilled[] = [];
  const quota = Math.floor(total / members.length);
  let extras = total % members.length;
  for (const [index, memberId] of members.entries()) {
    const member = spec.members.get(memberId);
    if (member === undefined) continue;
    let room = revokeBeyond(quota + (extras > 0 ? 1 : 0), memberId, member, subscribed, draft, unassigned);
    // Whoever would have to be given the extra partition leaves it to somebody after, as long as there are enough of them.
    const passesOn = extras > 0 && room > 0 && members.length - index > extras;
    if (passesOn) room--;
    if (room > 0) unfilled.push({ memberId, room });
    if (extras > 0 && !passesOn) extras--;
  }
  fill(unfilled, unassigned, draft);
  return draft.finish();
}

/** In Kafka's order: topics as a HashSet has them, their partitions ascending. */
function assignedToNobody(spec: AssignmentSpec, subscribed: ReadonlySet<Uuid>): TopicPartition[] {
  const owned = new Map<Uuid, Uint8Array>();
  for (const topicId of subscribed) owned.set(topicId, new Uint8Array(partitionCount(spec, topicId)));
  for (const { assigned } of spec.members.values()) {
    for (const [topicId, partitions] of assigned) {
      const marks = owned.get(topicId);
      if (marks !== undefined) for (const partition of partitions) marks[partition] = 1;
    }
  }
  const result: TopicPartition[] = [];
  for (const topicId of inHashOrder(subscribed, hashOfUuid, copiedCapacity(subscribed.size))) {
    for (const [partition, mark] of owned.get(topicId)?.entries() ?? []) {
      if (mark === 0) result.push({ topicId, partition });
    }
  }
  return result;
}

/** Takes from a member what it does not subscribe to and what is more than its quota. Returns how many it may still be given. */
function revokeBeyond(
  quota: number,
  memberId: string,
  { assigned }: AssignmentMember,
  subscribed: ReadonlySet<Uuid>,
  draft: AssignmentDraft,
  unassigned: TopicPartition[],
): number {
  let room = quota;
  for (const topicId of inHashOrder(assigned.keys(), hashOfUuid, grownCapacity(assigned.size))) {
    const partitions = assigned.get(topicId) ?? [];
    if (!subscribed.has(topicId)) {
      draft.removeTopic(memberId, topicId);
    } else if (partitions.length <= room) {
      room -= partitions.length;
    } else {
      for (const partition of inHashOrder(partitions, hashOfInt, copiedCapacity(partitions.length)).slice(room)) {
        draft.remove(memberId, topicId, partition);
        unassigned.push({ topicId, partition });
      }
      room = 0;
    }
  }
  return room;
}

function fill(unfilled: readonly Unfilled[], unassigned: readonly TopicPartition[], draft: AssignmentDraft): void {
  let next = 0;
  for (const { memberId, room } of unfilled) {
    for (const { topicId, partition } of unassigned.slice(next, next + room)) draft.add(memberId, topicId, partition);
    next += room;
  }
}
