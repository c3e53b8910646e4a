/**
 * One member's next step from what it owns to what it shall own (KIP-848). A partition is given to a member only when nobody else has it:
 * whoever has it, and has to give it up, keeps it until it says that it does not use it any more.
 *
 *   stable ──target differs──► unrevoked ──owned no more──► unreleased ──others gave up──► stable
 *     ▲                        (epoch stays)                (epoch of the target)            │
 *     └──────────────────────────────────────────────────────────────────────────────────────┘
 */
import type { Uuid } from '../../../base/uuid.ts';
import type { MemberAssignment } from '../assignor/spec.ts';
import { advanced, MEMBER_STATE, type Member } from './member.ts';
import { mayTouch, NOTHING_OWNED, type TopicPartitions } from './partitions.ts';
import { type Refused, refused } from './refused.ts';

export interface Goal {
  readonly epoch: number;
  readonly target: MemberAssignment;
  /** Topics that exist and that the member subscribes to now. */
  isSubscribed(topicId: Uuid): boolean;
  readonly subscribesToNothing: boolean;
  /** Whether the subscription has changed in this very request. */
  readonly subscriptionChanged: boolean;
  /** Whether some member has the partition. */
  isOwned(topicId: Uuid, partition: number): boolean;
  /** What the member says it owns; null: it did not say. */
  readonly owned: readonly TopicPartitions[] | null;
}

/** The member as it will be: the same object where nothing changes. */
export function reconciled(member: Member, goal: Goal): Member | Refused {
  switch (member.state) {
    case MEMBER_STATE.stable:
      if (member.memberEpoch !== goal.epoch) return nextStep(member, member.memberEpoch, goal);
      return goal.subscriptionChanged ? withoutUnsubscribed(member, goal) : member;
    case MEMBER_STATE.unrevoked:
      if (!mayTouch(goal.owned, member.revoking)) return nextStep(member, member.memberEpoch, goal);
      return goal.subscriptionChanged ? withoutUnsubscribed(member, goal) : member;
    case MEMBER_STATE.unreleased:
      return nextStep(member, member.memberEpoch, goal);
    default:
      if (goal.owned === null || goal.owned.length > 0) {
        return refused(
          'FENCED_MEMBER_EPOCH',
          'The consumer group member is in a unknown state. The member must abandon all its partitions and rejoin.',
        );
      }
      return nextStep(member, goal.epoch, goal);
  }
}

/** What the member keeps, has to give up, and may have of one topic. */
interface Step {
  readonly kept: Map<Uuid, ReadonlyMap<number, number>>;
  readonly revoking: Map<Uuid, ReadonlyMap<number, number>>;
  readonly given: Map<Uuid, number[]>;
  unreleased: boolean;
}

function nextStep(member: Member, epochWhileRevoking: number, goal: Goal): Member {
  const step: Step = { kept: new Map(), revoking: new Map(), given: new Map(), unreleased: false };
  for (const topicId of new Set([...goal.target.keys(), ...member.assigned.keys()]))
    splitTopic(member, goal, topicId, step);
  const { kept, revoking, given, unreleased } = step;
  if (revoking.size > 0 && mayTouch(goal.owned, revoking)) {
    return advanced(member, epochWhileRevoking, { state: MEMBER_STATE.unrevoked, assigned: kept, revoking });
  }
  for (const [topicId, partitions] of given) {
    const all = new Map(kept.get(topicId));
    for (const partition of partitions) all.set(partition, goal.epoch);
    kept.set(topicId, all);
  }
  return advanced(member, goal.epoch, {
    state: unreleased ? MEMBER_STATE.unreleased : MEMBER_STATE.stable,
    assigned: kept,
    revoking: NOTHING_OWNED,
  });
}

function splitTopic(member: Member, goal: Goal, topicId: Uuid, step: Step): void {
  const target = new Set(goal.isSubscribed(topicId) ? (goal.target.get(topicId) ?? []) : []);
  const current = member.assigned.get(topicId) ?? new Map<number, number>();
  const kept = new Map<number, number>();
  const revoking = new Map<number, number>();
  for (const [partition, epoch] of current) (target.has(partition) ? kept : revoking).set(partition, epoch);
  const given: number[] = [];
  for (const partition of target) {
    if (kept.has(partition)) continue;
    const mine = member.revoking.get(topicId)?.has(partition) === true;
    if (goal.isOwned(topicId, partition) && !mine) step.unreleased = true;
    else given.push(partition);
  }
  if (kept.size > 0) step.kept.set(topicId, kept);
  if (revoking.size > 0) step.revoking.set(topicId, revoking);
  if (given.length > 0) step.given.set(topicId, given);
}

/** The target is still that of the old subscription: what the member does not want any more is taken from it at once. */
function withoutUnsubscribed(member: Member, goal: Goal): Member {
  const assigned = new Map(member.assigned);
  const revoking = new Map(member.revoking);
  if (goal.subscribesToNothing && member.revoking.size === 0) {
    for (const [topicId, partitions] of assigned) revoking.set(topicId, partitions);
    assigned.clear();
  } else {
    for (const [topicId, partitions] of member.assigned) {
      if (goal.isSubscribed(topicId)) continue;
      assigned.delete(topicId);
      revoking.set(topicId, new Map([...(revoking.get(topicId) ?? []), ...partitions]));
    }
  }
  if (assigned.size === member.assigned.size) return member;
  if (revoking.size > 0 && mayTouch(goal.owned, revoking)) {
    return advanced(member, member.memberEpoch, { state: MEMBER_STATE.unrevoked, assigned, revoking });
  }
  return advanced(member, member.memberEpoch, { assigned });
}
