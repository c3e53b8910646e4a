/**
 * ListGroups: the groups of one machine, filtered by state (KIP-518) and by type (KIP-848). States are compared without regard to case and to
 * space around them, types without regard to case; an unknown one of either matches nothing.
 */
import { ERRORS } from '../../protocol/errors.ts';
import type { QueryGroup } from './machine.ts';

export const listGroups: QueryGroup<'ListGroups'> = (state, { request }, committed) => {
  const states = new Set(request.statesFilter.map((text) => text.toLowerCase().trim()));
  const types = new Set(request.typesFilter.map((text) => text.toLowerCase()));
  const groups = [];
  for (const [groupId, group] of state.groups.entriesAt(committed)) {
    const groupState = group.stateAt(committed);
    if (states.size > 0 && !states.has(groupState.toLowerCase())) continue;
    if (types.size > 0 && !types.has(group.type)) continue;
    groups.push({ groupId, protocolType: group.protocolType, groupState, groupType: group.type });
  }
  return { throttleTimeMs: 0, errorCode: ERRORS.NONE, groups };
};
