/** The group that a member of the consumer protocol speaks to: there, made, or made of a classic group (online upgrade). */
import type { GroupContext, GroupTimer, Reply } from '../decision.ts';
import type { GroupState } from '../machine.ts';
import type { GroupRecord } from '../records.ts';
import { ConsumerGroup } from './group.ts';
import { type Refused, refused } from './refused.ts';

interface Found {
  readonly group: ConsumerGroup;
  /** Answers of classic members that waited. */
  readonly replies: readonly Reply[];
}

export function groupForMembers(
  state: GroupState,
  groupId: string,
  isJoining: boolean,
  _context: GroupContext,
  { records }: { records: GroupRecord[]; timers: GroupTimer[] },
): Found | Refused {
  const group = state.groups.get(groupId);
  if (group instanceof ConsumerGroup) return { group, replies: [] };
  if (group === undefined) {
    if (!isJoining) return refused('GROUP_ID_NOT_FOUND', `Consumer group ${groupId} not found.`);
    return { group: ConsumerGroup.detached(groupId), replies: [] };
  }
  if (isJoining && group.type === 'classic' && group.isEmpty) {
    records.push(...group.tombstones());
    return { group: ConsumerGroup.detached(groupId), replies: [] };
  }
  return refused('GROUP_ID_NOT_FOUND', `Group ${groupId} is not a consumer group.`);
}
