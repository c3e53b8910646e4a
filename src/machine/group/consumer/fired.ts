/** Timers that have fired, and what begins when a machine has loaded. */
import type { DecideGroup, GroupState } from '../machine.ts';
import type { GroupContext, GroupTimer } from '../decision.ts';
import { ConsumerGroup } from './group.ts';
import { withoutMembers } from './leaving.ts';
import { MEMBER_STATE } from './member.ts';
import { resolveSlice } from './patterns.ts';
import { groupSetting } from './settings.ts';
import { memberTimer } from './timers.ts';

const AGAIN_MS = 1000;
const NOTHING = { records: [], answer: null } as const;

export const consumerTimer: DecideGroup<'consumerTimer'> = (state, event, context) => {
  const { groupId, timer, memberId } = event;
  const group = state.groups.get(groupId);
  if (!(group instanceof ConsumerGroup)) return NOTHING;
  if (timer === 'regex') return resolveSlice(state, group, context);
  group.soft.rejoining.delete(memberId);
  const member = group.members.get(memberId);
  if (member === undefined) return NOTHING;
  // It has given up what it had to since.
  if (timer === 'rebalance' && member.memberEpoch !== event.memberEpoch) return NOTHING;
  const decision = withoutMembers(state, group, [member], context, null);
  // Where the records cannot be written, the member is still there and is to go: the timer fires again, and finds nobody where they could.
  const again = memberTimer(groupId, timer, memberId, AGAIN_MS, event.memberEpoch);
  return { ...decision, timers: [...(decision.timers ?? []), again] };
};

/** Sessions begin anew when a machine has loaded: who is not heard of goes. */
export function beginConsumerGroups(state: GroupState, { image }: GroupContext): GroupTimer[] {
  const timers: GroupTimer[] = [];
  // Topics may have come while nobody looked: patterns are resolved again.
  state.consumer.topicsVersion = image.offset;
  for (const group of state.groups.values()) {
    if (!(group instanceof ConsumerGroup)) continue;
    const sessionMs = groupSetting(state, image, group.groupId, 'session.timeout.ms');
    for (const member of group.members.values()) {
      timers.push(memberTimer(group.groupId, 'session', member.memberId, sessionMs));
      if (member.state !== MEMBER_STATE.unrevoked) continue;
      const { memberId, rebalanceTimeoutMs, memberEpoch } = member;
      timers.push(memberTimer(group.groupId, 'rebalance', memberId, rebalanceTimeoutMs, memberEpoch));
    }
  }
  return timers;
}

export const topicsChanged: DecideGroup<'topicsChanged'> = (state, { topics }, { image }) => {
  state.consumer.topicsVersion = image.offset;
  forget(state, topics);
  return NOTHING;
};

/** Topics are not what they were: their groups look at them again at the next heartbeat. */
export function forget(state: GroupState, topics: readonly string[]): void {
  for (const topic of topics) {
    state.consumer.topicHashes.delete(topic);
    for (const groupId of state.consumer.groupsOf(topic)) {
      const group = state.groups.get(groupId);
      if (!(group instanceof ConsumerGroup)) continue;
      group.soft.refreshAt = 0;
      group.soft.refreshEpoch = 0;
    }
  }
}
