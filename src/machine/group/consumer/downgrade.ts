/** A group that only members of the classic protocol are left in becomes a classic group (online downgrade, KIP-848). */
import { LiveGroup } from '../classic/live.ts';
import { prepareRebalance } from '../classic/rebalance.ts';
import { groupRecord } from '../classic/record.ts';
import { Turn } from '../classic/turn.ts';
import type { GroupAnswer, GroupContext, GroupDecision } from '../decision.ts';
import type { GroupState } from '../machine.ts';
import type { GroupRecord } from '../records.ts';
import { assignmentBytes } from './embedded.ts';
import type { ConsumerGroup } from './group.ts';
import type { Member } from './member.ts';
import { migrationPolicy } from './settings.ts';

/** A classic member that takes the place of the group's last member of the consumer protocol, a static one. */
export interface Replacement {
  readonly leaving: Member;
  readonly joining: Member;
}

/** Whether the group without these members is to be a classic one. */
export function becomesClassic(state: GroupState, group: ConsumerGroup, gone: readonly Member[], coming = 0): boolean {
  const { values } = state.settings.config;
  const goneClassic = gone.filter(({ classic }) => classic !== null).length;
  const left = group.members.size - gone.length;
  return (
    group.index.classicMembers - goneClassic === left &&
    left + coming > 0 &&
    migrationPolicy(values).downgrade &&
    left + coming <= values['group.max.size']
  );
}

/** The decision that makes it one, where it is to be; the members that are left join anew. */
export function downgraded<Answer extends GroupAnswer>(
  state: GroupState,
  group: ConsumerGroup,
  gone: readonly Member[],
  context: GroupContext,
  answer: Answer,
): GroupDecision<Answer> | null {
  if (!becomesClassic(state, group, gone)) return null;
  const turn = new Turn(state, context);
  const live = liveOf(group, gone, null, context);
  convert(turn, group, live, null, true);
  prepareRebalance(turn, live);
  return turn.decision(answer);
}

/** The same by a static member that comes back with the classic protocol; `records` stand before. */
export function downgradedByJoin<Answer extends GroupAnswer>(
  state: GroupState,
  group: ConsumerGroup,
  replacement: Replacement,
  context: GroupContext,
  before: { readonly records: readonly GroupRecord[]; readonly isStale: boolean; readonly answer: Answer },
): GroupDecision<Answer> {
  const turn = new Turn(state, context);
  turn.records(before.records);
  const live = liveOf(group, [replacement.leaving], replacement, context);
  convert(turn, group, live, replacement, before.isStale);
  if (before.isStale) prepareRebalance(turn, live);
  return turn.decision(before.answer);
}

/** `rebalances`: the assignments are those of before. The log must say so, as the rebalance itself leaves no trace in it. */
function convert(
  turn: Turn,
  group: ConsumerGroup,
  live: LiveGroup,
  replacement: Replacement | null,
  rebalances: boolean,
): void {
  const { leaving, joining } = replacement ?? {};
  turn.records(group.tombstonesReplacing(leaving?.memberId ?? null, joining?.memberId ?? null));
  turn.state.live.set(group.groupId, live);
  turn.records([groupRecord(live, rebalances ? null : live.leaderId)]);
  turn.failing(live, 'created');
  for (const member of live.members.values()) turn.heard(live, member);
}

function liveOf(
  group: ConsumerGroup,
  gone: readonly Member[],
  replacement: Replacement | null,
  { now, image }: GroupContext,
): LiveGroup {
  const live = new LiveGroup(group.groupId, now);
  const members = [...group.members.values()].filter((member) => !gone.includes(member));
  if (replacement !== null) members.push(replacement.joining);
  for (const member of members) {
    const { memberId, instanceId: groupInstanceId, clientId, clientHost, rebalanceTimeoutMs, classic } = member;
    if (classic === null) continue;
    const { sessionTimeoutMs, supportedProtocols: protocols } = classic;
    live.add({ memberId, groupInstanceId, clientId, clientHost, rebalanceTimeoutMs, sessionTimeoutMs, protocols });
  }
  live.begunFrom(group.header.groupEpoch, 'consumer');
  for (const member of live.members.values()) {
    const isNew = member.memberId === replacement?.joining.memberId;
    const target = group.targets.get(isNew ? replacement.leaving.memberId : member.memberId) ?? [];
    const subscription = member.protocols.find(({ name }) => name === live.protocolName)?.metadata ?? Buffer.alloc(0);
    member.assignment = assignmentBytes(target, subscription, image);
  }
  return live;
}
