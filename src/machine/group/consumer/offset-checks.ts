/**
 * Whether a member may commit and fetch offsets. A commit of an earlier epoch counts for the partitions that the member had in that epoch
 * and has had without a break since (4.3): a zombie's does not.
 */
import { ERRORS } from '../../../protocol/errors.ts';
import type { OffsetCommitCheck, PartitionCheck } from '../group.ts';
import type { ConsumerGroup } from './group.ts';
import type { Member } from './member.ts';

/** From this version on, OffsetCommit can tell a stale epoch. */
const FIRST_WITH_EPOCHS = 9;

export function checkCommit(group: ConsumerGroup, check: OffsetCommitCheck): number | PartitionCheck {
  const { memberId, groupInstanceId, generationIdOrMemberEpoch: epoch, isTransactional } = check;
  // Without membership: where there are no members, or by a producer that does not know of any.
  if (epoch < 0 && group.members.size === 0) return ERRORS.NONE;
  if (isTransactional && epoch === -1 && memberId === '' && groupInstanceId === null) return ERRORS.NONE;
  const member = group.members.get(memberId);
  if (member === undefined) return ERRORS.UNKNOWN_MEMBER_ID;
  if (!isTransactional && member.classic === null && check.version < FIRST_WITH_EPOCHS)
    return ERRORS.UNSUPPORTED_VERSION;
  if (epoch === member.memberEpoch) return ERRORS.NONE;
  if (epoch > member.memberEpoch) return staleCode(member);
  return (topicId, partition) => {
    const since = member.assigned.get(topicId)?.get(partition) ?? member.revoking.get(topicId)?.get(partition);
    return since === undefined || epoch < since ? staleCode(member) : ERRORS.NONE;
  };
}

function staleCode(member: Member): number {
  return member.classic === null ? ERRORS.STALE_MEMBER_EPOCH : ERRORS.ILLEGAL_GENERATION;
}

export function checkFetch(
  group: ConsumerGroup,
  memberId: string | null,
  memberEpoch: number,
  committed: number,
): number {
  if (memberId === null && memberEpoch < 0) return ERRORS.NONE;
  const member = group.members.getAt(memberId ?? '', committed);
  if (member === undefined) return ERRORS.UNKNOWN_MEMBER_ID;
  return memberEpoch === member.memberEpoch ? ERRORS.NONE : staleCode(member);
}
