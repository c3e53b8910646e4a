/** Replay of the records of committed offsets. */
import { ZERO_UUID } from '../../../base/uuid.ts';
import type { GroupState, ReplayGroup } from '../machine.ts';
import { SimpleGroup } from './simple-group.ts';
import type { CommittedOffset } from './table.ts';

/** A commit to a group that nobody has joined makes it. */
function ensureGroup(state: GroupState, groupId: string): void {
  if (!state.groups.has(groupId)) state.groups.set(groupId, new SimpleGroup(groupId));
}

function replay(
  state: GroupState,
  key: { readonly group: string; readonly topic: string; readonly partition: number },
  value: CommittedOffset | null,
  producerId: number | null,
): void {
  if (value === null) {
    state.offsets.deleteOffset(key.group, key.topic, key.partition);
    return;
  }
  ensureGroup(state, key.group);
  state.offsets.commitOffset(key.group, key.topic, key.partition, value, producerId);
}

export const replayOffsetCommit: ReplayGroup<'offsetCommit'> = (state, { key, value }, recordOffset, producer) => {
  replay(state, key, value === null ? null : { ...value, recordOffset }, producer?.producerId ?? null);
};

const LEGACY = { leaderEpoch: -1, expireTimestamp: -1, topicId: ZERO_UUID };

export const replayLegacyOffsetCommit: ReplayGroup<'legacyOffsetCommit'> = (
  state,
  { key, value },
  recordOffset,
  producer,
) => {
  replay(state, key, value === null ? null : { ...value, ...LEGACY, recordOffset }, producer?.producerId ?? null);
};
