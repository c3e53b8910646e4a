/** A group that only members of the classic protocol are left in becomes a classic group (online downgrade). */
import type { GroupContext, GroupDecision } from '../decision.ts';
import type { GroupState } from '../machine.ts';
import type { ConsumerGroup } from './group.ts';
import type { Member } from './member.ts';

export function downgraded(
  _state: GroupState,
  _group: ConsumerGroup,
  _gone: readonly Member[],
  _context: GroupContext,
): Omit<GroupDecision, 'answer'> | null {
  return null;
}
