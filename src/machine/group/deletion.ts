/** DeleteGroups: a group that has no members goes, with its offsets (KIP-229). */
import { ERRORS } from '../../protocol/errors.ts';
import type { DecideGroup } from './machine.ts';
import { allOffsetTombstones } from './offsets/index.ts';
import type { GroupRecord } from './records.ts';

export const deleteGroups: DecideGroup<'DeleteGroups'> = (state, { request }) => {
  const records: GroupRecord[] = [];
  const results = request.groupsNames.map((groupId) => {
    const group = state.groups.get(groupId);
    const errorCode = group?.checkDelete() ?? ERRORS.GROUP_ID_NOT_FOUND;
    if (group !== undefined && errorCode === ERRORS.NONE) {
      records.push(...allOffsetTombstones(state, groupId), ...group.tombstones());
    }
    return { groupId, errorCode, errorMessage: null };
  });
  return { records, answer: { throttleTimeMs: 0, results } };
};
