/** A static member comes back without its member id (KIP-345): it gets a new one and the place of its old self. */
import { ERRORS } from '../../../protocol/errors.ts';
import { joined } from './answers.ts';
import type { Joining } from './join.ts';
import type { ClassicMember, LiveGroup } from './live.ts';
import { prepareRebalance, joinPhaseMayEnd, rebalanceOrGoOn } from './rebalance.ts';
import type { Turn } from './turn.ts';

/** From here on a leader that comes back is told not to assign (KIP-814); before, it is told that another leads. */
const FIRST_WITH_SKIP_ASSIGNMENT = 9;

/** Whatever the old self waits for is refused: it is fenced. */
export function joinAgainAs(
  turn: Turn,
  group: LiveGroup,
  joining: Joining,
  old: ClassicMember,
  newMemberId: string,
): void {
  const leaderBefore = group.leaderId;
  const before = { ...old, joinTicket: null };
  turn.refuse(group, old, ERRORS.FENCED_INSTANCE_ID, old.memberId);
  const member = group.replaceStatic(old, newMemberId);
  turn.heard(group, member);
  group.update(member, joining);
  if (group.state === 'Stable' && group.protocolName === group.selectProtocol()) {
    // Nobody's assignment changes: the new id is written, and the member goes on where it was.
    turn.write(group, 'replaced', { newMemberId, old: before });
    turn.join(turn.context.ticket, backAgain(joining, group, newMemberId, leaderBefore));
    return;
  }
  group.awaitJoin(member, turn.context.ticket);
  if (group.state === 'Stable') rebalanceOrGoOn(turn, group);
  // The leader may be assigning to the old id.
  else if (group.state === 'CompletingRebalance') prepareRebalance(turn, group);
  else joinPhaseMayEnd(turn, group);
}

function backAgain(
  { event }: Joining,
  group: LiveGroup,
  memberId: string,
  leaderBefore: string | null,
): ReturnType<typeof joined> {
  const answer = joined(group, memberId);
  if (event.version >= FIRST_WITH_SKIP_ASSIGNMENT) return { ...answer, skipAssignment: group.leaderId === memberId };
  return { ...answer, leader: leaderBefore ?? '', members: [] };
}

/** The new id could not be written: the old one comes back. */
export function takeBack(
  turn: Turn,
  group: LiveGroup,
  newMemberId: string,
  old: Partial<ClassicMember> & { memberId: string },
): void {
  const member = group.members.get(newMemberId);
  if (member === undefined) return;
  turn.refuse(group, member, ERRORS.FENCED_INSTANCE_ID, newMemberId);
  turn.forgetSession(group, newMemberId);
  const { protocols, rebalanceTimeoutMs, sessionTimeoutMs } = { ...member, ...old };
  group.update(member, { protocols, rebalanceTimeoutMs, sessionTimeoutMs });
  turn.heard(group, group.replaceStatic(member, old.memberId));
}
